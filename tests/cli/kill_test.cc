#include "cli/kill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/control.h"
#include "cli/outcome.h"
#include "launcher/state_file.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

// A job with one running worker, and a socket that answers for its driver.
class KillCommand : public testing::Test {
 protected:
  KillCommand() {
    state_.job = "mine";
    state_.id = folder_.id();
    state_.status = "running";
    state_.actors.push_back(test::actor("worker-0", "running"));
    state_.actors[0].node = "worker-0";
    folder_.write_state(state_);
  }
  void answer_with(const std::function<std::string(const std::string&)>& handler) {
    control_ = std::make_unique<ControlSocket>(path_, handler);
    state_.control = path_.string();
    folder_.write_state(state_);
  }
  static std::string answer_of(const launcher::JobState& state) {
    return nlohmann::json{{"grace_ms", 1000}, {"asked", launcher::state_to_json(state)}}.dump();
  }
  void tell(const std::string& event, const std::string& cause) {
    folder_.append("events.jsonl", event_json(state_.started, event, "worker-0", "local", cause));
  }
  std::pair<int, nlohmann::json> killed() const {
    GlobalOptions options = scratch_.options();
    options.json = true;
    int status = -1;
    const std::string text = test::printed([&] { status = kill_command(options, {{"worker-0"}}); });
    return {status, nlohmann::json::parse(text)};
  }
  std::pair<Fault, std::string> error(const std::vector<std::string>& actors) {
    return test::error_of([&] { kill_command(scratch_.options(), {actors}); });
  }

  test::Scratch scratch_;
  launcher::JobFolder folder_{scratch_.folder(), "mine", [](const std::string& why) { FAIL() << why; }};
  launcher::JobState state_;
  const std::filesystem::path path_ = ControlSocket::path_in(scratch_.folder());
  std::unique_ptr<ControlSocket> control_;
};

TEST_F(KillCommand, asks_the_driver_and_sees_an_end_whose_successor_runs_already) {
  std::string asked;
  answer_with([&](const std::string& request) {
    asked = request;
    tell("exited", "of the attempt before");
    tell("asked to end", "wisp kill");
    const std::string answer = answer_of(state_);
    tell("exited", "killed by signal 15 (Terminated)");
    tell("restarted", "attempt 2");
    tell("exited", "of its successor");
    return answer;
  });
  const auto [status, json] = killed();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(asked, R"({"kill":["worker-0"]})");
  EXPECT_EQ(json[0]["actor"], "worker-0");
  EXPECT_EQ(json[0]["cause"], "killed by signal 15 (Terminated)");
}

TEST_F(KillCommand, who_had_ended_already_is_not_waited_for) {
  answer_with([&](const std::string&) {
    launcher::JobState ended = state_;
    ended.actors[0].state = "failed";
    ended.actors[0].cause = "exit status 1";
    return answer_of(ended);
  });
  const auto [status, json] = killed();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(json[0]["cause"], "exit status 1");
}

TEST_F(KillCommand, an_unknown_actor) {
  const auto [fault, text] = error({"worker-1"});
  EXPECT_EQ(fault, Fault::kUsage);
  EXPECT_THAT(text, HasSubstr("has no actor 'worker-1'; did you mean 'worker-0'?"));
}

TEST_F(KillCommand, what_the_driver_refuses_is_said) {
  answer_with([](const std::string&) { return R"({"error": "worker-0 is a thread"})"; });
  const auto [fault, text] = error({"worker-0"});
  EXPECT_EQ(fault, Fault::kUsage);
  EXPECT_EQ(text, "worker-0 is a thread");
}

TEST_F(KillCommand, a_job_that_takes_no_requests) {
  EXPECT_THAT(error({"worker-0"}).second, HasSubstr("takes no requests yet"));
  { test::Job ended(scratch_, "ended", "converged"); }
  GlobalOptions options = scratch_.options();
  options.job = "ended";
  const auto [fault, text] = test::error_of([&] { kill_command(options, {{"worker-0"}}); });
  EXPECT_EQ(fault, Fault::kUnreachable);
  EXPECT_THAT(text, HasSubstr("is not running: converged"));
}

}  // namespace
}  // namespace wisp::cli
