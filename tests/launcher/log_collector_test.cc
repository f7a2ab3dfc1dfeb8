#include "launcher/log_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/error.h"
#include "launcher/job_folder.h"
#include "launcher/log_copies.h"
#include "tests/launcher/fleet_events.h"
#include "tests/launcher/log_lines.h"
#include "tests/support/loopback_sshd.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using test::line_of;
using testing::ElementsAre;
using testing::HasSubstr;

// A job whose driver is gone: it left one line of worker-1, whose host n1 has more.
class LogCollector : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = test::LoopbackSshd::why_not()) GTEST_SKIP() << *why;
    sshd_ = std::make_unique<test::LoopbackSshd>(2);
    JobFolder job(state_dir_.path(), "j", nullptr);
    state_.job = "j";
    state_.id = job.id();
    state_.status = "running";
    for (const auto& [name, host] : {std::pair("worker-1", "n1"), std::pair("worker-2", "n2")}) {
      state_.actors.push_back({name, "c", host, 1, "running", 1, {}, "", name});
    }
    state_.addresses = {{"n1", "127.0.0.11"}, {"n2", "127.0.0.12"}};
    job.write_state(state_);
    job.log(line_of("worker-1", "one"));
    copy("n1").append(line_of("worker-1", "one"));
    copy("n1").append(line_of("worker-1", "two"));
    log_ = job.log_path("worker-1", 1);
  }

  LogCopies copy(const std::string& host) const {
    return LogCopies(workdir_.path(), {state_.id, host, "text", 1 << 20, 5});
  }
  JobEntry entry() const { return find_job(state_dir_.path(), ""); }
  LauncherSpec spec(const std::vector<std::string>& hosts) const {
    LauncherSpec spec;
    spec.kind = "ssh";
    spec.ssh.config_file = sshd_->config().string();
    spec.deploy.workdir = workdir_.path().string();
    for (const std::string& each : hosts) spec.hosts.emplace_back().name = each;
    return spec;
  }
  std::vector<Collected> collect(const std::vector<std::string>& hosts) const {
    return collect_logs(entry(), spec(hosts), test::test_options(), hosts, 0ms);
  }
  std::string log() const { return SystemDisk().read_text(log_); }

  test::TemporaryFolder state_dir_;
  test::TemporaryFolder workdir_;
  std::unique_ptr<test::LoopbackSshd> sshd_;
  JobState state_;
  std::filesystem::path log_;
};

TEST_F(LogCollector, adds_what_the_folder_lacks_once) {
  EXPECT_THAT(hosts_to_collect(entry()), ElementsAre("n1", "n2"));
  const std::vector<Collected> came = collect({"n1", "n2"});
  ASSERT_EQ(came.size(), 2u);
  EXPECT_EQ(came[0].failure + came[1].failure, "");
  EXPECT_EQ(came[0].lines, 1u);
  EXPECT_EQ(came[1].lines, 0u);
  EXPECT_EQ(log(), format(line_of("worker-1", "one")) + "\n" +
                       "2026-03-01T02:13:07.123Z worker-1#1@n1 info | two\n");
  EXPECT_FALSE(std::filesystem::exists(workdir_.path() / "logs"));
  EXPECT_THAT(hosts_to_collect(entry()), ElementsAre());
  EXPECT_EQ(collect({"n1"})[0].lines, 0u);
}

TEST_F(LogCollector, a_host_that_can_not_be_reached_is_named_and_asked_again) {
  const std::vector<Collected> came = collect({"closed", "n1"});
  EXPECT_THAT(came[0].failure, HasSubstr("closed: connection refused"));
  EXPECT_EQ(came[1].lines, 1u);
  EXPECT_TRUE(came[1].failure.empty());
}

TEST_F(LogCollector, a_copy_that_is_still_written_stays) {
  const LogCopies writer = copy("n1");
  const std::vector<Collected> came = collect({"n1"});
  EXPECT_EQ(came[0].writer, ::getpid());
  EXPECT_EQ(came[0].lines, 1u);
  EXPECT_TRUE(std::filesystem::exists(workdir_.path() / "logs"));
  EXPECT_THAT(hosts_to_collect(entry()), ElementsAre("n1", "n2"));
}

TEST_F(LogCollector, nothing_is_missing_while_the_driver_lives_or_where_all_ends_were_seen) {
  JobFolder job(state_dir_.path(), "other", nullptr);
  state_.job = "other";
  state_.id = job.id();
  job.write_state(state_);
  EXPECT_THAT(hosts_to_collect(find_job(state_dir_.path(), "other")), ElementsAre());
  JobEntry ended{job.path(), state_, {}};
  EXPECT_THAT(hosts_to_collect(ended), ElementsAre("n1", "n2"));
  for (ActorState& each : ended.state.actors) each.state = "exited";
  EXPECT_THAT(hosts_to_collect(ended), ElementsAre());
  ended.state.actors[1].state = "lost";
  EXPECT_THAT(hosts_to_collect(ended), ElementsAre("n2"));
  ended.state.addresses.clear();
  EXPECT_THAT(hosts_to_collect(ended), ElementsAre());
}

}  // namespace
}  // namespace wisp::launcher
