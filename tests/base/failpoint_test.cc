#include "base/failpoint.h"

#include <csignal>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace wisp {
namespace {

// The wait status of a child, in which WISP_FAILPOINT is `setting`, after `act`: its exit status is what that
// returns. A process reads the setting once.
template <class Act>
int status_of_child(const char* setting, const Act& act) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    failpoint_detail::state = failpoint_detail::State::kUnread;
    setting == nullptr ? ::unsetenv("WISP_FAILPOINT") : ::setenv("WISP_FAILPOINT", setting, 1);
    ::_exit(act());
  }
  int status = -1;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

// How many of ten passes by "a" go well before the first that throws.
int passes_of_ten() {
  for (int i = 0; i < 10; ++i) {
    try {
      failpoint("a");
    } catch (const Error&) {
      return i;
    }
  }
  return 10;
}

int passes(const char* setting) {
  const int status = status_of_child(setting, passes_of_ten);
  EXPECT_TRUE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

// The text of the first error of failpoint "a", as the child finds it.
bool throws_text(const char* setting, const char* of, const std::string& expected) {
  const int status = status_of_child(setting, [&] {
    try {
      failpoint("a", of);
    } catch (const Error& error) {
      return error.what() == expected ? 0 : 1;
    }
    return 2;
  });
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_refused(const char* setting) {
  const int status = status_of_child(setting, [] {
    try {
      failpoint("other");
    } catch (const Error& error) {
      return error.fault() == Fault::kUsage ? 0 : 1;
    }
    return 2;
  });
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Failpoint, does_nothing_where_nothing_is_set) {
  EXPECT_EQ(passes(nullptr), 10);
  EXPECT_EQ(passes(""), 10);
}

TEST(Failpoint, of_another_name_does_nothing) { EXPECT_EQ(passes("b:error,ab:error,A:kill"), 10); }

TEST(Failpoint, throws_the_first_time_or_the_nth) {
  EXPECT_EQ(passes("a:error"), 0);
  EXPECT_EQ(passes("a:error@1"), 0);
  EXPECT_EQ(passes("a:error@7"), 6);
  EXPECT_EQ(passes("a:error@11"), 10);
}

TEST(Failpoint, throws_once) {
  const int status = status_of_child("a:error@3", [] {
    int thrown = 0;
    for (int i = 0; i < 10; ++i) {
      try {
        failpoint("a");
      } catch (const Error&) {
        ++thrown;
      }
    }
    return thrown;
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST(Failpoint, counts_each_of_several_by_itself) {
  EXPECT_EQ(passes("b:kill@2,a:error@5"), 4);
  EXPECT_EQ(passes("a:error@9,a:error@4"), 3);
}

TEST(Failpoint, says_what_is_worked_at) {
  EXPECT_TRUE(throws_text("a:error", "", "failpoint a"));
  EXPECT_TRUE(throws_text("a:error", "/x/1.ckpt", "/x/1.ckpt: failpoint a"));
}

TEST(Failpoint, kills_as_by_kill_9_at_the_nth_time) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const int status = status_of_child("a:kill@4", [&] {
    for (int i = 0; i < 10; ++i) {
      failpoint("a");
      (void)!::write(pipe_ends[1], "x", 1);
    }
    return 0;
  });
  ::close(pipe_ends[1]);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  char passed[16];
  EXPECT_EQ(::read(pipe_ends[0], passed, sizeof passed), 3);
  ::close(pipe_ends[0]);
}

TEST(Failpoint, refuses_what_it_does_not_know) {
  EXPECT_TRUE(is_refused("a"));
  EXPECT_TRUE(is_refused("a:"));
  EXPECT_TRUE(is_refused("a:explode"));
  EXPECT_TRUE(is_refused("a:kill@0"));
  EXPECT_TRUE(is_refused("a:kill@x"));
  EXPECT_TRUE(is_refused("b:error,a:kil"));
}

}  // namespace
}  // namespace wisp
