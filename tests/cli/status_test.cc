#include "cli/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// A job on two hosts whose worker-1 has failed.
class Status : public testing::Test {
 protected:
  Status() {
    state_.job = "mine";
    state_.id = folder_->id();
    state_.status = "running";
    state_.started = *parse_utc("2026-03-01T02:13:00Z");
    state_.clock_offsets = {{"n1", std::chrono::microseconds(0)}, {"n2", std::chrono::microseconds(0)}};
    state_.addresses = {{"n2", "192.0.2.12"}};
    for (const auto& [name, host, state] :
         {std::tuple("master", "n1", "running"), std::tuple("worker-0", "n2", "running"),
          std::tuple("worker-1", "n2", "failed")}) {
      state_.actors.push_back(test::actor(name, state));
      state_.actors.back().host = host;
    }
    folder_->write_state(state_);
    folder_->write("job.yaml", "method:\n  kind: isega\n");
  }
  void measure() {
    folder_->append("metrics.jsonl", R"({"round": 10, "loss": 1})");
    folder_->append("metrics.jsonl",
                    R"({"round": 20, "loss": 0.5, "gap": 0.125, "seconds": 2, "uplink_bytes": 1024, )"
                    R"("downlink_bytes": 4096, "dense_uplink_bytes": 4096, "dense_downlink_bytes": 4096})");
  }
  JobStatus status() const { return status_of(launcher::find_job(scratch_.folder(), "")); }
  std::string screen() const { return status_screen(status(), *parse_utc("2026-03-01T02:15:05Z")); }

  const test::Scratch scratch_;
  std::unique_ptr<launcher::JobFolder> folder_ = std::make_unique<launcher::JobFolder>(
      scratch_.folder(), "mine", [](const std::string& why) { FAIL() << why; });
  launcher::JobState state_;
};

TEST_F(Status, one_screen) {
  measure();
  folder_->append(
      "events.jsonl",
      R"({"time": "t1", "event": "exited", "process": "worker-1", "host": "n2", "cause": "exit status 3"})");
  folder_->append("events.jsonl",
                  R"({"time": "t2", "event": "started", "process": "worker-2", "host": "n2"})");
  folder_->log(
      {*parse_utc("2026-03-01T02:14:00Z"), "worker-1", 1, "n2", 7, "error", "no more memory\x1b[2J"});
  folder_->log({*parse_utc("2026-03-01T02:14:01Z"), "worker-0", 1, "n2", 7, "info", "well"});
  const std::string text = screen();
  for (const char* each :
       {"2m05s ago", "method      isega", "actors      1 failed, 2 running", "round       20  10 rounds/s",
        "loss        0.5", "gap         0.125", "uplink      1.00 KiB of 4.00 KiB dense (25 %)",
        "downlink    4.00 KiB\n", "last event  t1 exited worker-1@n2: exit status 3",
        "last error  2026-03-01T02:14:00.000Z worker-1#1@n2 r7 error | no more memory\\x1b[2J",
        "n1    -           1 running", "n2    192.0.2.12  1 failed, 1 running"}) {
    EXPECT_THAT(text, HasSubstr(each));
  }
}

TEST_F(Status, of_an_asynchronous_run_says_how_stale_updates_are) {
  folder_->append(
      "metrics.jsonl",
      R"({"round": 20, "updates": 83, "loss": 0.5, "seconds": 2, "dropped": 3, "kept_mass": 0.25, )"
      R"("memory_norm": 1.5, "staleness": {"mean": 3.5, "p50": 3, "p99": 9, "max": 12}})");
  const std::string text = screen();
  for (const char* each :
       {"round      20  83 updates  10 rounds/s", "staleness  mean 3.5  p50 3  p99 9  max 12",
        "dropped    3 late updates", "kept mass  0.25  memory norm 1.5"}) {
    EXPECT_THAT(text, HasSubstr(each));
  }
  const auto json = nlohmann::json::parse(status_json(status()));
  EXPECT_EQ(json["run"]["staleness"]["p99"], 9);
  EXPECT_EQ(json["run"]["updates"], 83);
}

TEST_F(Status, before_anything_was_measured) {
  EXPECT_THAT(screen(), HasSubstr("nothing was measured yet"));
  EXPECT_THAT(screen(), Not(HasSubstr("last e")));
  folder_->append("metrics.jsonl", R"({"round": 1, "loss": null})");
  EXPECT_THAT(screen(), HasSubstr("loss      not finite"));
}

TEST_F(Status, plain_actors_have_no_rounds) {
  folder_->write("job.yaml", "actors: {}\n");
  EXPECT_THAT(screen(), Not(HasSubstr("round")));
}

TEST_F(Status, as_json) {
  measure();
  const auto json = nlohmann::json::parse(status_json(status()));
  EXPECT_EQ(json["job_id"], "mine-" + state_.id);
  EXPECT_TRUE(json["running"]);
  EXPECT_EQ(json["run"]["round"], 20);
  EXPECT_EQ(json["run"]["dense_uplink_bytes"], 4096);
  EXPECT_EQ(json["actors"]["running"], 2);
  EXPECT_EQ(json["hosts"][1]["address"], "192.0.2.12");
  EXPECT_EQ(json["hosts"][1]["actors"]["failed"], 1);
}

TEST_F(Status, of_a_job_that_has_ended) {
  state_.status = "failed";
  folder_->write_state(state_);
  folder_->write("result.json", R"({"status": "failed", "reason": "worker-1 has ended"})");
  folder_.reset();
  EXPECT_THAT(test::printed([&] { EXPECT_EQ(status_command(scratch_.options(), {.watch = true}), 0); }),
              HasSubstr("failed: worker-1 has ended"));
}

TEST_F(Status, damaged_files_leave_out_what_they_would_have_said) {
  for (const char* file : {"metrics.jsonl", "events.jsonl", "result.json", "job.yaml"})
    folder_->write(file, "{[\n");
  EXPECT_THAT(screen(), HasSubstr("2 running"));
}

}  // namespace
}  // namespace wisp::cli
