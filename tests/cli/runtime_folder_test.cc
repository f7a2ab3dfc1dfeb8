#include "cli/runtime_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

std::filesystem::perms mode_of(const std::filesystem::path& folder) {
  return std::filesystem::status(folder).permissions() & std::filesystem::perms::mask;
}

class RuntimeFolderTest : public testing::Test {
 protected:
  std::string refusal(const std::filesystem::path& base, const std::string& job = "job-1") {
    const auto [fault, why] = test::error_of([&] { RuntimeFolder(base, job).make(); });
    EXPECT_EQ(fault, Fault::kFailed);
    return why;
  }

  const test::Scratch scratch_;
  const std::filesystem::path base_ = scratch_.folder() / "sockets";
};

TEST_F(RuntimeFolderTest, is_private_and_goes_with_all_that_is_in_it) {
  std::filesystem::path path;
  {
    RuntimeFolder folder(base_, "job-1");
    path = folder.path();
    EXPECT_FALSE(std::filesystem::exists(path));
    folder.make();
    EXPECT_EQ(path, base_ / "job-1");
    EXPECT_EQ(mode_of(path), std::filesystem::perms::owner_all);
    EXPECT_EQ(mode_of(base_), std::filesystem::perms::owner_all);
    std::ofstream(path / "0") << "a socket";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::is_empty(base_));
}

TEST_F(RuntimeFolderTest, leaves_other_jobs_alone) {
  RuntimeFolder other(base_, "job-2");
  other.make();
  RuntimeFolder(base_, "job-1").make();
  EXPECT_TRUE(std::filesystem::exists(other.path()));
  EXPECT_FALSE(std::filesystem::exists(base_ / "job-1"));
}

TEST_F(RuntimeFolderTest, is_in_the_temporary_folder_where_nothing_else_is_said) {
  const std::string job = "test-" + std::to_string(::getpid());
  RuntimeFolder folder("", job);
  EXPECT_EQ(folder.path(),
            std::filesystem::temp_directory_path() / ("wisp-" + std::to_string(::getuid()) + "-" + job));
  folder.make();
  EXPECT_EQ(mode_of(folder.path()), std::filesystem::perms::owner_all);
}

TEST_F(RuntimeFolderTest, has_an_absolute_path) {
  EXPECT_EQ(RuntimeFolder("here", "job-1").path(), std::filesystem::current_path() / "here/job-1");
}

TEST_F(RuntimeFolderTest, does_not_remove_what_it_refused) {
  const auto foreign = base_ / "job-1";
  std::filesystem::create_directories(foreign);
  ASSERT_EQ(::chmod(base_.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(foreign.c_str(), 0755), 0);
  EXPECT_THAT(refusal(base_), HasSubstr(foreign.string() + " must be yours alone"));
  EXPECT_TRUE(std::filesystem::exists(foreign));
}

TEST_F(RuntimeFolderTest, refuses_a_folder_that_others_may_enter) {
  ASSERT_EQ(::mkdir(base_.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(base_.c_str(), 0750), 0);
  EXPECT_EQ(refusal(base_),
            "the folder for sockets " + base_.string() +
                " must be yours alone (mode 0700); remove it or set WISP_RUNTIME_DIR to another");
}

TEST_F(RuntimeFolderTest, refuses_a_link_and_a_file) {
  const auto target = scratch_.folder() / "target";
  ASSERT_EQ(::mkdir(target.c_str(), 0700), 0);
  std::filesystem::create_symlink(target, base_);
  EXPECT_THAT(refusal(base_), HasSubstr("must be yours alone"));
  EXPECT_THAT(refusal(scratch_.write("file", "")), HasSubstr("must be yours alone"));
}

TEST_F(RuntimeFolderTest, refuses_a_folder_of_another_user) {
  if (::getuid() != 0) GTEST_SKIP() << "only root can make one";
  ASSERT_EQ(::mkdir(base_.c_str(), 0700), 0);
  ASSERT_EQ(::chown(base_.c_str(), 1, 1), 0);
  EXPECT_THAT(refusal(base_), HasSubstr("must be yours alone"));
}

TEST_F(RuntimeFolderTest, refuses_what_it_cannot_make) {
  EXPECT_THAT(refusal(base_ / "deep"),
              HasSubstr("No such file or directory; set WISP_RUNTIME_DIR to a folder of yours"));
}

TEST_F(RuntimeFolderTest, refuses_a_path_that_no_socket_can_have) {
  EXPECT_THAT(refusal(base_, std::string(100, 'j')), HasSubstr("too long"));
  EXPECT_FALSE(std::filesystem::exists(base_));
}

}  // namespace
}  // namespace wisp::cli
