#include "runtime/socket_lock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

class SocketLockTest : public testing::Test {
 protected:
  std::string refusal() const {
    try {
      const SocketLock lock(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kHost);
      return error.what();
    }
    return "it was not refused";
  }

  const test::TempFolder folder_;
  const std::string path_ = (folder_.path() / "socket").string();
};

TEST_F(SocketLockTest, is_held_once) {
  {
    const SocketLock lock(path_);
    EXPECT_EQ(refusal(), "cannot bind ipc://" + path_ + ": somebody listens there already");
  }
  EXPECT_EQ(refusal(), "it was not refused");
}

TEST_F(SocketLockTest, leaves_nothing_behind) {
  {
    const SocketLock lock(path_);
    std::ofstream(path_) << "as a socket would be";
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(SocketLockTest, ends_with_a_process_that_is_killed) {
  auto [read, write] = make_pipe();
  const pid_t holder = ::fork();
  if (holder == 0) {
    const SocketLock lock(path_);
    ::write(write.get(), "x", 1);
    ::pause();
  }
  char ready = 0;
  ASSERT_EQ(::read(read.get(), &ready, 1), 1);
  EXPECT_EQ(refusal(), "cannot bind ipc://" + path_ + ": somebody listens there already");
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  EXPECT_EQ(refusal(), "it was not refused");
}

TEST_F(SocketLockTest, names_a_folder_that_is_not_there) {
  try {
    const SocketLock lock(path_ + "/missing");
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "cannot bind ipc://" + path_ + "/missing: No such file or directory");
  }
}

}  // namespace
}  // namespace wisp::runtime
