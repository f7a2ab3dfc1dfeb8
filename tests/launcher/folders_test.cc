#include "launcher/folders.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

namespace fs = std::filesystem;
using testing::UnorderedElementsAre;

class FoldersTest : public testing::Test {
 protected:
  void file(const fs::path& name) {
    disk_.make_folders((top_ / name).parent_path());
    disk_.write_text(top_ / name, "text");
  }

  const test::TemporaryFolder folder_;
  const fs::path top_ = folder_.path() / "top";
  SystemDisk disk_;
};

TEST_F(FoldersTest, are_those_in_a_folder_but_for_links) {
  EXPECT_TRUE(folders_in(top_).empty());
  file("a/1");
  file("b/c/2");
  file("3");
  fs::create_directory_symlink(top_ / "a", top_ / "link");
  EXPECT_THAT(folders_in(top_), UnorderedElementsAre(top_ / "a", top_ / "b"));
}

TEST_F(FoldersTest, are_as_new_as_the_newest_in_them) {
  file("a/b/1");
  const auto now = fs::last_write_time(top_ / "a/b/1");
  for (const char* each : {"a/b/1", "a/b", "a"})
    fs::last_write_time(top_ / each, now - std::chrono::hours(2));
  EXPECT_EQ(last_written(top_ / "a"), now - std::chrono::hours(2));
  fs::last_write_time(top_ / "a/b/1", now);
  EXPECT_EQ(last_written(top_ / "a"), now);
}

TEST_F(FoldersTest, go_with_those_above_that_are_empty_then) {
  file("a/b/c/1");
  file("a/2");
  remove_up_to(top_ / "a/b/c", top_);
  EXPECT_FALSE(fs::exists(top_ / "a/b"));
  EXPECT_TRUE(fs::exists(top_ / "a/2"));
  fs::remove(top_ / "a/2");
  file("a/b/1");
  remove_up_to(top_ / "a/b", top_);
  EXPECT_FALSE(fs::exists(top_));
  EXPECT_TRUE(fs::exists(folder_.path()));  // it goes no further
  remove_up_to(top_ / "a/b", top_);         // nothing to do is fine
}

}  // namespace
}  // namespace wisp::launcher
