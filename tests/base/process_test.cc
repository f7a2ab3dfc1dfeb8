#include "base/process.h"

#include <csignal>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace wisp {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(WatchProcess, is_read_at_its_end) {
  auto [stays, goes] = make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    char byte = 0;
    goes.reset();
    (void)::read(stays.get(), &byte, 1);  // until the test closes its end
    ::_exit(0);
  }
  const Descriptor process = watch_process(pid);
  pollfd fd{process.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&fd, 1, 0), 0);
  goes.reset();
  EXPECT_EQ(::poll(&fd, 1, 10'000), 1);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  EXPECT_FALSE(watch_process(pid));
}

TEST(Descriptor, closes_what_it_owns) {
  auto [read_end, write_end] = make_pipe();
  const int fd = read_end.get();
  EXPECT_TRUE(is_open(fd));
  {
    const Descriptor taken = std::move(read_end);
    EXPECT_EQ(taken.get(), fd);
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(Descriptor, moves_and_is_empty_afterwards) {
  auto [a, b] = make_pipe();
  const int first = a.get(), second = b.get();
  a = std::move(b);
  EXPECT_FALSE(is_open(first));
  EXPECT_EQ(a.get(), second);
  EXPECT_FALSE(b);  // NOLINT(bugprone-use-after-move): the header promises it
  Descriptor& self = a;
  a = std::move(self);
  EXPECT_TRUE(is_open(second));
}

TEST(Descriptor, gives_away) {
  auto [a, b] = make_pipe();
  const int fd = a.release();
  EXPECT_FALSE(a);
  a.reset();
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

TEST(Pipe, is_closed_on_exec) {
  const auto [a, b] = make_pipe();
  EXPECT_EQ(::fcntl(a.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(b.get(), F_GETFD), FD_CLOEXEC);
  set_close_on_exec(a.get(), false);
  EXPECT_EQ(::fcntl(a.get(), F_GETFD), 0);
  set_close_on_exec(a.get());
  EXPECT_EQ(::fcntl(a.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_THROW(set_close_on_exec(-1), Error);
}

std::size_t count_to_end(int fd) {
  std::size_t total = 0;
  char piece[1000];
  for (ssize_t size = 1; size > 0; total += static_cast<std::size_t>(size))
    size = ::read(fd, piece, sizeof piece);
  return total;
}

TEST(WriteAll, writes_more_than_a_pipe_holds_also_without_blocking) {
  const std::string text(1'000'000, 'x');
  for (const int flags : {0, O_NONBLOCK}) {
    auto [read_end, write_end] = make_pipe();
    ASSERT_EQ(::fcntl(write_end.get(), F_SETFL, flags), 0);
    std::size_t total = 0;
    std::jthread reader([&total, fd = read_end.get()] { total = count_to_end(fd); });
    EXPECT_TRUE(write_all(write_end.get(), text));
    write_end.reset();
    reader.join();
    EXPECT_EQ(total, text.size());
  }
}

TEST(WriteAll, says_when_nobody_reads_any_more) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  auto [read_end, write_end] = make_pipe();
  read_end.reset();
  EXPECT_FALSE(write_all(write_end.get(), "x"));
  std::signal(SIGPIPE, before);
}

TEST(WriteAll, throws_for_any_other_failure) {
  EXPECT_THROW(static_cast<void>(write_all(-1, "x")), Error);
  EXPECT_TRUE(write_all(-1, ""));
}

TEST(SelfExecutable, is_this_program) {
  const std::filesystem::path self = self_executable();
  EXPECT_TRUE(std::filesystem::equivalent(self, "/proc/self/exe"));
  EXPECT_EQ(self.filename(), "base_tests");
}

}  // namespace
}  // namespace wisp
