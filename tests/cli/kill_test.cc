#include "cli/kill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/control.h"
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
    folder_.write_state(state_);
  }
  void answer_with(const std::function<std::string(const std::string&)>& handler) {
    control_ = std::make_unique<ControlSocket>(path_, handler);
    state_.control = path_.string();
    folder_.write_state(state_);
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

TEST_F(KillCommand, asks_the_driver_and_waits_for_the_end) {
  std::string asked;
  answer_with([&](const std::string& request) {
    asked = request;
    state_.actors[0].state = "failed";
    state_.actors[0].cause = "killed by signal 15 (Terminated)";
    folder_.write_state(state_);
    return R"({"grace_ms": 1000})";
  });
  GlobalOptions options = scratch_.options();
  options.json = true;
  const auto json =
      nlohmann::json::parse(test::printed([&] { EXPECT_EQ(kill_command(options, {{"worker-0"}}), 0); }));
  EXPECT_EQ(asked, R"({"kill":["worker-0"]})");
  EXPECT_EQ(json[0]["actor"], "worker-0");
  EXPECT_EQ(json[0]["cause"], "killed by signal 15 (Terminated)");
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
