#include "base/disk.h"

#include <csignal>
#include <iterator>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"

namespace wisp {
namespace {

namespace fs = std::filesystem;

class DiskTest : public testing::Test {
 protected:
  void SetUp() override { disk_.make_folders(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  static unsigned mode(const fs::path& path) {
    struct stat facts {};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 07777;
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  SystemDisk disk_;
  const fs::path folder_ = fs::path(testing::TempDir()) / ("wisp_disk_test_" + random_hex(12));
};

TEST_F(DiskTest, reads_large_files_and_those_that_do_not_know_their_size) {
  const std::string text(5'000'000, 'x');
  disk_.write_text(folder_ / "file", text);
  EXPECT_EQ(disk_.read_text(folder_ / "file"), text);
  EXPECT_NE(disk_.read_text("/proc/self/status").find("Name:"), std::string::npos);
}

TEST_F(DiskTest, a_written_file_is_private_unless_asked_otherwise) {
  const mode_t umask = ::umask(0077);
  disk_.write_text(folder_ / "private", "x");
  disk_.write_text(folder_ / "shared", "x", 0644);
  disk_.append_text(folder_ / "appended", "x");
  ::umask(umask);
  EXPECT_EQ(mode(folder_ / "private"), 0600u);
  EXPECT_EQ(mode(folder_ / "appended"), 0600u);
  EXPECT_EQ(mode(folder_ / "shared"), 0644u);
}

TEST_F(DiskTest, writing_leaves_nothing_beside_the_file) {
  disk_.write_text(folder_ / "file", "a longer text");
  disk_.write_text(folder_ / "file", "short");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(DiskTest, a_failed_write_leaves_nothing) {
  fs::create_directory(folder_ / "taken");
  EXPECT_THROW(disk_.write_text(folder_ / "taken", "x"), Error);
  EXPECT_EQ(entries(), 1u);
}

TEST_F(DiskTest, a_full_disk_is_an_error) {
  try {
    disk_.append_text("/dev/full", "x");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "can't write /dev/full: No space left on device");
  }
}

// The system takes what fits, and the rest is an error.
TEST_F(DiskTest, a_write_that_stops_short_leaves_the_old_file_and_nothing_else) {
  disk_.write_text(folder_ / "file", "old");
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = before;
  limit.rlim_cur = 10'000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::string message;
  try {
    disk_.write_text(folder_ / "file", std::string(20'000, 'x'));
  } catch (const Error& error) {
    message = error.what();
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, "can't write " + (folder_ / "file").string() + ": File too large");
  EXPECT_EQ(disk_.read_text(folder_ / "file"), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(DiskTest, makes_folders_that_nobody_else_enters) {
  const mode_t umask = ::umask(0);
  disk_.make_folders(folder_ / "a" / "b" / "c");
  ::umask(umask);
  EXPECT_EQ(mode(folder_ / "a"), 0700u);
  EXPECT_EQ(mode(folder_ / "a/b/c"), 0700u);
}

}  // namespace
}  // namespace wisp
