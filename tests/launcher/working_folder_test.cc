#include "launcher/working_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/error.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class WorkingFolderTest : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    const fs::path path = folder_.path() / name;
    disk_.make_folders(path.parent_path());
    disk_.write_text(path, text);
    return path.string();
  }
  std::string at(const std::string& name) { return (folder_.path() / name).string(); }

  // What a host makes of files that it has.
  message::Place placing(const std::vector<FileToPlace>& files, const std::string& folder = "work/job-n1") {
    message::Place wanted;
    wanted.folder = at(folder);
    for (const FileToPlace& each : files)
      wanted.files.push_back({each.name, each.source.string(), each.sha256, each.executable});
    return wanted;
  }
  std::string refusal(const std::vector<std::string>& paths) {
    try {
      gather_files(paths);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kConfig);
      return error.what();
    }
    return "";
  }
  bool is_empty(const std::string& folder) { return !fs::exists(at(folder)) || fs::is_empty(at(folder)); }

  test::TemporaryFolder folder_;
  SystemDisk disk_;
};

TEST_F(WorkingFolderTest, holds_files_and_folders_by_their_names) {
  file("in/conf/a", "one");
  file("in/conf/deep/b", "two");
  fs::permissions(file("in/run.sh", "three"), fs::perms::owner_all);
  const std::vector<FileToPlace> files = gather_files({at("in/run.sh"), at("in/conf/")});
  std::vector<std::string> names;
  for (const FileToPlace& each : files) names.push_back(each.name);
  EXPECT_THAT(names, ElementsAre("conf/a", "conf/deep/b", "run.sh"));
  const message::File made = make_working_folder(folder_.path(), placing(files));
  EXPECT_TRUE(made.present) << made.error;
  EXPECT_EQ(made.path, at("work/job-n1"));
  EXPECT_EQ(disk_.read_text(at("work/job-n1/conf/deep/b")), "two");
  EXPECT_EQ(fs::status(at("work/job-n1/run.sh")).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(at("work/job-n1/conf/a")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_THAT(make_working_folder(folder_.path(), placing(files)).error, HasSubstr("not empty"));
}

TEST_F(WorkingFolderTest, without_files_is_empty) {
  EXPECT_TRUE(make_working_folder(folder_.path(), placing({})).present);
  EXPECT_TRUE(fs::is_directory(at("work/job-n1")));
}

TEST_F(WorkingFolderTest, is_whole_or_not_there) {
  file("in/a", "one");
  std::vector<FileToPlace> files = gather_files({at("in/a")});
  files.push_back(files.front());
  files.back().name = "b";
  files.back().sha256 = std::string(64, '0');
  EXPECT_THAT(make_working_folder(folder_.path(), placing(files)).error,
              HasSubstr("b: it has changed while it was on its way"));
  EXPECT_TRUE(is_empty("work"));
  files.back().source = at("in/none");
  EXPECT_THAT(make_working_folder(folder_.path(), placing(files)).error, HasSubstr("No such file"));
  EXPECT_TRUE(is_empty("work"));
}

TEST_F(WorkingFolderTest, nothing_leads_out_of_it) {
  file("in/a", "one");
  std::vector<FileToPlace> files = gather_files({at("in/a")});
  for (const char* folder : {"elsewhere", "work", "work/../../x", "data/x"})
    EXPECT_THAT(make_working_folder(folder_.path(), placing(files, folder)).error,
                HasSubstr("not below work/"));
  for (const char* name : {"../a", "/etc/a", "x//a", "./a", ""}) {
    files.front().name = name;
    EXPECT_THAT(make_working_folder(folder_.path(), placing(files)).error, HasSubstr("leads out of"));
  }
}

TEST_F(WorkingFolderTest, refuses_what_is_no_file) {
  EXPECT_THAT(refusal({at("none")}), HasSubstr("none: no such file or folder"));
  EXPECT_THAT(refusal({"/dev/null"}), HasSubstr("neither a file nor a folder"));
  EXPECT_THAT(refusal({"/"}), HasSubstr("it has no name"));
  file("in/x/a", "one");
  file("in/y/a", "two");
  EXPECT_THAT(refusal({at("in/x/a"), at("in/y/a")}), HasSubstr("/a would be called a, too"));
  fs::create_directory_symlink(at("in"), at("in/x/circle"));
  EXPECT_THAT(refusal({at("in/x")}), HasSubstr("circle: it is a link to a folder"));
}

}  // namespace
}  // namespace wisp::launcher
