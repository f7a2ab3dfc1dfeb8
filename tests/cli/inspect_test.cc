#include "cli/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

// A job that has ended with two workers, threads of one process on node2.
class Inspect : public testing::Test {
 protected:
  Inspect() {
    launcher::JobFolder folder(scratch_.folder(), "mine", [](const std::string& why) { FAIL() << why; });
    launcher::JobState state;
    state.job = "mine";
    state.id = folder.id();
    state.status = "failed";
    state.addresses["node2"] = "192.0.2.12";
    for (const char* name : {"worker-0", "worker-1"}) {
      state.actors.push_back(test::actor(name, "failed"));
      state.actors.back().host = "node2";
      state.actors.back().node = "guests-1";
      state.actors.back().cause = "killed by signal 9 (Killed)";
      state.actors.back().attempt = 2;
    }
    folder.write_state(state);
    folder.write("result.json", R"({"status": "failed", "reason": "worker-0 has ended"})");
    folder.write("job.yaml",
                 "name: mine  # default\nactors:\n  worker:\n    replicas: 2  # from --set\n"
                 "    env:\n      OMP_NUM_THREADS: \"1\"\n    placement:\n      hosts: [ node2, node3 ]\n");
    for (const char* line :
         {R"({"time": "t1", "event": "started", "process": "guests-1", "host": "node2"})",
          R"({"time": "t2", "event": "started", "process": "other", "host": "node2"})", "damaged",
          R"({"time": "t3", "event": "host lost", "host": "node2", "cause": "c"})",
          R"({"time": "t4", "event": "host lost", "host": "node3", "cause": "c"})"})
      folder.append("events.jsonl", line);
    for (const std::uint32_t attempt : {10u, 2u}) {
      LogLine line;
      line.actor = "worker-1";
      line.attempt = attempt;
      line.level = "info";
      folder.log(line);
    }
  }

  std::string inspected(const std::string& actor, bool json = false) {
    GlobalOptions options = scratch_.options();
    options.json = json;
    return test::printed([&] { inspect_command(options, {actor}); });
  }

  const test::Scratch scratch_;
};

TEST_F(Inspect, all_that_the_folder_knows) {
  const std::string text = inspected("worker-1");
  EXPECT_THAT(text, ContainsRegex("job  *failed: worker-0 has ended\n"));
  EXPECT_THAT(text, ContainsRegex("state  *failed: killed by signal 9 .Killed.\n"));
  EXPECT_THAT(text, ContainsRegex("host  *node2 .192.0.2.12.\n"));
  EXPECT_THAT(text, ContainsRegex("process  *guests-1 .pid 4711, attempt 2.\n"));
  EXPECT_THAT(text, ContainsRegex("event  *t1  *started\n.*event  *t3  *host lost  *c\n"));
  EXPECT_THAT(text, ContainsRegex("setting  *env.OMP_NUM_THREADS  *1\n"));
  EXPECT_THAT(text, ContainsRegex("log  .*/worker-1/2.log .*\n.*log  .*/worker-1/10.log "));
  EXPECT_THAT(text, testing::Not(HasSubstr("t2")));
  EXPECT_THAT(text, testing::Not(HasSubstr("t4")));
}

TEST_F(Inspect, as_json) {
  const auto json = nlohmann::json::parse(inspected("worker-1", true));
  EXPECT_EQ(json["cause"], "killed by signal 9 (Killed)");
  EXPECT_EQ(json["address"], "192.0.2.12");
  EXPECT_EQ(json["events"].size(), 2u);
  EXPECT_EQ(json["config"]["replicas"], 2);
  EXPECT_EQ(json["config"]["env"]["OMP_NUM_THREADS"], "1") << "a text, though it looks like a number";
  EXPECT_EQ(json["config"]["placement"]["hosts"], nlohmann::json({"node2", "node3"}));
  EXPECT_EQ(json["logs"][1]["attempt"], 10);
}

TEST_F(Inspect, an_actor_that_the_job_does_not_have) {
  const auto [fault, text] = test::error_of([&] { inspected("worker-7"); });
  EXPECT_EQ(fault, Fault::kUsage);
  EXPECT_THAT(text, HasSubstr("has no actor 'worker-7'; did you mean 'worker-0'? (worker-0 | worker-1)"));
}

TEST_F(Inspect, what_is_missing_is_left_out) {
  const launcher::JobEntry job = launcher::find_job(scratch_.folder(), "mine");
  for (const char* file : {"job.yaml", "events.jsonl", "result.json", "logs"})
    std::filesystem::remove_all(job.folder / file);
  const ActorReport report = inspect_actor(job, "worker-0");
  EXPECT_EQ(report.actor.pid, 4711);
  EXPECT_TRUE(report.config.is_null());
  EXPECT_TRUE(report.events.empty() && report.logs.empty() && report.reason.empty());
  EXPECT_THAT(inspected("worker-0"), HasSubstr("worker-0"));
}

}  // namespace
}  // namespace wisp::cli
