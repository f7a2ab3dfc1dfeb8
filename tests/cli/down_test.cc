#include "cli/down.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

// A driver in a process of its own, which ends, or does not, when it is told to.
class OtherDriver {
 public:
  OtherDriver(const test::Scratch& scratch, bool obeys, const std::string& worker) {
    auto [ready, tell] = make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) {
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, SIGTERM);
      ::sigprocmask(SIG_BLOCK, &set, nullptr);
      const test::Job job(scratch, "mine", "running", worker);
      static_cast<void>(write_all(tell.get(), "!"));
      int signal = 0;
      do {
        ::sigwait(&set, &signal);
      } while (!obeys);
      ::_exit(0);
    }
    tell.reset();
    char byte = 0;
    EXPECT_EQ(::read(ready.get(), &byte, 1), 1);
  }
  ~OtherDriver() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

TEST(Down, nothing_to_end_is_fine) {
  const test::Scratch scratch;
  EXPECT_EQ(down_command(scratch.options(), {}), 0);
  { test::Job job(scratch, "mine", "converged"); }
  EXPECT_EQ(down_command(scratch.options(), {}), 0);
  GlobalOptions options = scratch.options();
  options.job = "mine";
  EXPECT_EQ(down_command(options, {}), 0);
}

TEST(Down, a_driver_ends_when_asked) {
  const test::Scratch scratch;
  const OtherDriver driver(scratch, true, "exited");
  EXPECT_EQ(down_command(scratch.options(), {}), 0);
  EXPECT_EQ(down_command(scratch.options(), {}), 0);
}

TEST(Down, an_actor_whose_end_was_not_seen_is_named) {
  const test::Scratch scratch;
  const OtherDriver driver(scratch, true, "running");
  testing::internal::CaptureStderr();
  EXPECT_EQ(down_command(scratch.options(), {}), 5);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("did not see the end of worker-0@local"));
}

TEST(Down, a_driver_that_does_not_end_in_time_can_be_forced) {
  const test::Scratch scratch;
  const OtherDriver driver(scratch, false, "exited");
  const DownOptions soon{.timeout = std::chrono::milliseconds(1)};
  const auto [fault, text] = test::error_of([&] { down_command(scratch.options(), soon); });
  EXPECT_EQ(fault, Fault::kDeadline);
  EXPECT_THAT(text, HasSubstr("wisp down --force -j mine-"));
  EXPECT_EQ(down_command(scratch.options(), {.force = true, .timeout = std::chrono::milliseconds(1)}), 5);
  EXPECT_EQ(down_command(scratch.options(), {}), 0);
}

TEST(Down, several_running_jobs_are_refused_and_listed) {
  const test::Scratch scratch;
  test::Job first(scratch, "one", "running");
  test::Job second(scratch, "two", "running");
  const auto [fault, text] = test::error_of([&] { down_command(scratch.options(), {}); });
  EXPECT_EQ(fault, Fault::kUnreachable);
  EXPECT_THAT(text, HasSubstr(first.title()));
  EXPECT_THAT(text, HasSubstr(second.title()));
}

TEST(Down, a_driver_on_another_host_is_ended_there) {
  const test::Scratch scratch;
  test::Job job(scratch, "mine", "running");
  scratch.write("jobs/" + job.title() + "/driver.lock", "elsewhere 7\n");
  const auto [fault, text] = test::error_of([&] { down_command(scratch.options(), {}); });
  EXPECT_EQ(fault, Fault::kUnreachable);
  EXPECT_THAT(text, testing::StartsWith(job.title() +
                                        " is driven from elsewhere (process 7); run there: wisp down -j " +
                                        job.title() + "; or from here: ssh elsewhere '"));
}

}  // namespace
}  // namespace wisp::cli
