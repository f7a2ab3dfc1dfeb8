#include "base/disk.h"

#include <iterator>

#include <gtest/gtest.h>
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
  template <class Call>
  static std::string message_of(Call call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  SystemDisk disk_;
  const fs::path folder_ = fs::path(testing::TempDir()) / ("wisp_disk_test_" + random_hex(12));
};

TEST_F(DiskTest, reads_what_was_written) {
  const std::string text("a\0b\nc", 5);
  disk_.write_text(folder_ / "file", text);
  EXPECT_EQ(disk_.read_text(folder_ / "file"), text);
  EXPECT_EQ(disk_.read(folder_ / "file").size(), 5u);
  disk_.write_text(folder_ / "file", "");
  EXPECT_EQ(disk_.read_text(folder_ / "file"), "");
}

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
  ::umask(umask);
  EXPECT_EQ(mode(folder_ / "private"), 0600u);
  EXPECT_EQ(mode(folder_ / "shared"), 0644u);
}

TEST_F(DiskTest, writing_replaces_the_file_and_leaves_nothing_beside_it) {
  disk_.write_text(folder_ / "file", "a longer text");
  disk_.write_text(folder_ / "file", "short");
  EXPECT_EQ(disk_.read_text(folder_ / "file"), "short");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(DiskTest, a_failed_write_names_the_file_and_leaves_nothing) {
  fs::create_directory(folder_ / "taken");
  EXPECT_EQ(message_of([&] { disk_.write_text(folder_ / "taken", "x"); }),
            "can't write " + (folder_ / "taken").string() + ": Is a directory");
  EXPECT_EQ(entries(), 1u);
  EXPECT_EQ(message_of([&] { disk_.write_text(folder_ / "no" / "file", "x"); }),
            "can't write " + (folder_ / "no/file").string() + ": No such file or directory");
}

TEST_F(DiskTest, a_full_disk_is_an_error) {
  EXPECT_EQ(message_of([&] { disk_.append_text("/dev/full", "x"); }),
            "can't write /dev/full: No space left on device");
}

TEST_F(DiskTest, appends_behind_what_is_there) {
  disk_.append_text(folder_ / "log", "one\n");
  disk_.append_text(folder_ / "log", "two\n");
  EXPECT_EQ(disk_.read_text(folder_ / "log"), "one\ntwo\n");
  EXPECT_EQ(mode(folder_ / "log"), 0600u);
}

TEST_F(DiskTest, what_can_not_be_read_is_named) {
  EXPECT_EQ(message_of([&] { disk_.read(folder_ / "none"); }),
            "can't read " + (folder_ / "none").string() + ": No such file or directory");
  EXPECT_EQ(message_of([&] { disk_.read(folder_); }), "can't read " + folder_.string() + ": Is a directory");
  EXPECT_EQ(message_of([&] { disk_.append_text(folder_, "x"); }),
            "can't append to " + folder_.string() + ": Is a directory");
}

TEST_F(DiskTest, knows_what_exists) {
  disk_.write_text(folder_ / "file", "x");
  EXPECT_TRUE(disk_.exists(folder_));
  EXPECT_TRUE(disk_.exists(folder_ / "file"));
  EXPECT_FALSE(disk_.exists(folder_ / "none"));
  EXPECT_FALSE(disk_.exists(folder_ / "file" / "below"));
}

TEST_F(DiskTest, makes_folders_that_nobody_else_enters) {
  const mode_t umask = ::umask(0);
  disk_.make_folders(folder_ / "a" / "b" / "c");
  ::umask(umask);
  EXPECT_EQ(mode(folder_ / "a"), 0700u);
  EXPECT_EQ(mode(folder_ / "a/b/c"), 0700u);
  disk_.make_folders(folder_ / "a" / "b");
  disk_.make_folders((folder_ / "a" / "d" / "").string());
  EXPECT_TRUE(disk_.exists(folder_ / "a/d"));
  disk_.make_folders("/");
  disk_.make_folders(".");
}

TEST_F(DiskTest, does_not_make_a_folder_of_a_file) {
  disk_.write_text(folder_ / "file", "x");
  EXPECT_EQ(message_of([&] { disk_.make_folders(folder_ / "file"); }),
            "can't make folder " + (folder_ / "file").string() + ": File exists");
  EXPECT_EQ(message_of([&] { disk_.make_folders(folder_ / "file" / "x"); }),
            "can't make folder " + (folder_ / "file/x").string() + ": Not a directory");
}

TEST_F(DiskTest, removes_once) {
  disk_.write_text(folder_ / "file", "x");
  EXPECT_TRUE(disk_.remove(folder_ / "file"));
  EXPECT_FALSE(disk_.remove(folder_ / "file"));
  disk_.make_folders(folder_ / "full" / "x");
  EXPECT_EQ(message_of([&] { disk_.remove(folder_ / "full"); }),
            "can't remove " + (folder_ / "full").string() + ": Directory not empty");
}

}  // namespace
}  // namespace wisp
