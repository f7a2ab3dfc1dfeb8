// What every disk promises (base/disk.h), on each of them.
#include "base/disk.h"

#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/simulated_disk.h"
#include "tests/support/temporary_folder.h"

namespace wisp {
namespace {

namespace fs = std::filesystem;

struct DiskKind {
  const char* name;
  std::unique_ptr<Disk> (*make)();
};

const DiskKind kSystem{"system", [] { return std::unique_ptr<Disk>(new SystemDisk); }};
const DiskKind kSimulated{"simulated", [] { return std::unique_ptr<Disk>(new SimulatedDisk); }};

class DiskContract : public testing::TestWithParam<DiskKind> {
 protected:
  void SetUp() override { disk_->make_folders(folder_); }

  static std::string message_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  const test::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path() / "disk";
  const std::unique_ptr<Disk> disk_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(Each, DiskContract, testing::Values(kSystem, kSimulated),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_P(DiskContract, reads_what_was_written) {
  const std::string text("a\0b\nc", 5);
  disk_->write_text(folder_ / "file", text);
  EXPECT_EQ(disk_->read_text(folder_ / "file"), text);
  EXPECT_EQ(disk_->read(folder_ / "file").size(), 5u);
  disk_->write_text(folder_ / "file", "");
  EXPECT_EQ(disk_->read_text(folder_ / "file"), "");
}

TEST_P(DiskContract, writing_replaces_the_file) {
  disk_->write_text(folder_ / "file", "a longer text");
  disk_->write_text(folder_ / "file", "short");
  EXPECT_EQ(disk_->read_text(folder_ / "file"), "short");
}

TEST_P(DiskContract, what_was_read_stays_as_it_was) {
  disk_->write_text(folder_ / "file", "before");
  const Bytes before = disk_->read(folder_ / "file");
  disk_->append_text(folder_ / "file", "after");
  disk_->remove(folder_ / "file");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(before.data()), before.size()), "before");
}

TEST_P(DiskContract, writes_pieces_as_one_file) {
  const std::span<const std::byte> one = std::as_bytes(std::span("one", 3));
  const std::span<const std::byte> two = std::as_bytes(std::span("two", 3));
  const std::vector<std::span<const std::byte>> pieces{one, {}, two, one};
  disk_->write_pieces(folder_ / "file", pieces);
  EXPECT_EQ(disk_->read_text(folder_ / "file"), "onetwoone");
  disk_->write_pieces(folder_ / "file", {});
  EXPECT_EQ(disk_->read_text(folder_ / "file"), "");
}

TEST_P(DiskContract, appends_behind_what_is_there) {
  disk_->append_text(folder_ / "log", "one\n");
  disk_->append_text(folder_ / "log", "two\n");
  EXPECT_EQ(disk_->read_text(folder_ / "log"), "one\ntwo\n");
  disk_->write_text(folder_ / "log", "new\n");
  disk_->append_text(folder_ / "log", "");
  disk_->append_text(folder_ / "log", "three\n");
  EXPECT_EQ(disk_->read_text(folder_ / "log"), "new\nthree\n");
}

TEST_P(DiskContract, one_file_has_many_names) {
  disk_->make_folders(folder_ / "a");
  disk_->write_text(folder_ / "a" / ".." / "file", "x");
  EXPECT_EQ(disk_->read_text(folder_ / "." / "file"), "x");
}

TEST_P(DiskContract, a_failed_write_names_the_file) {
  disk_->make_folders(folder_ / "taken");
  disk_->write_text(folder_ / "file", "x");
  EXPECT_EQ(message_of([&] { disk_->write_text(folder_ / "taken", "x"); }),
            "can't write " + (folder_ / "taken").string() + ": Is a directory");
  EXPECT_EQ(message_of([&] { disk_->write_text(folder_ / "no" / "file", "x"); }),
            "can't write " + (folder_ / "no/file").string() + ": No such file or directory");
  EXPECT_EQ(message_of([&] { disk_->write_text(folder_ / "file" / "x", "x"); }),
            "can't write " + (folder_ / "file/x").string() + ": Not a directory");
  EXPECT_EQ(message_of([&] { disk_->append_text(folder_, "x"); }),
            "can't append to " + folder_.string() + ": Is a directory");
  EXPECT_EQ(message_of([&] { disk_->append_text(folder_ / "no" / "file", "x"); }),
            "can't append to " + (folder_ / "no/file").string() + ": No such file or directory");
}

TEST_P(DiskContract, what_can_not_be_read_is_named) {
  EXPECT_EQ(message_of([&] { disk_->read(folder_ / "none"); }),
            "can't read " + (folder_ / "none").string() + ": No such file or directory");
  EXPECT_EQ(message_of([&] { disk_->read(folder_); }), "can't read " + folder_.string() + ": Is a directory");
}

TEST_P(DiskContract, knows_what_exists) {
  disk_->write_text(folder_ / "file", "x");
  EXPECT_TRUE(disk_->exists("/"));
  EXPECT_TRUE(disk_->exists("."));
  EXPECT_TRUE(disk_->exists(folder_));
  EXPECT_TRUE(disk_->exists(folder_ / "file"));
  EXPECT_FALSE(disk_->exists(folder_ / "none"));
  EXPECT_FALSE(disk_->exists(folder_ / "file" / "below"));
}

TEST_P(DiskContract, lists_what_is_in_a_folder_by_name) {
  EXPECT_TRUE(disk_->list(folder_).empty());
  for (const char* name : {"b", "10", "9", ".hidden", "a-b", "a b"}) disk_->write_text(folder_ / name, "x");
  disk_->make_folders(folder_ / "a" / "below");
  disk_->write_text(folder_ / "gone", "x");
  disk_->remove(folder_ / "gone");
  const std::vector<fs::path> names{".hidden", "10", "9", "a", "a b", "a-b", "b"};
  EXPECT_EQ(disk_->list(folder_), names);
  EXPECT_EQ(disk_->list(folder_ / "a" / ".."), names);
  EXPECT_EQ(disk_->list(folder_ / "a" / ""), std::vector<fs::path>{"below"});
  EXPECT_TRUE(disk_->list(folder_ / "none").empty());
  EXPECT_TRUE(disk_->list(folder_ / "none" / "below").empty());
}

TEST_P(DiskContract, a_file_has_no_list) {
  disk_->write_text(folder_ / "file", "x");
  for (const fs::path& path : {folder_ / "file", folder_ / "file" / "below"}) {
    EXPECT_EQ(message_of([&] { disk_->list(path); }), "can't list " + path.string() + ": Not a directory");
  }
}

TEST_P(DiskContract, makes_folders_once_or_twice) {
  disk_->make_folders(folder_ / "a" / "b" / "c");
  disk_->make_folders(folder_ / "a" / "b");
  EXPECT_TRUE(disk_->exists(folder_ / "a" / "b" / "c"));
  disk_->make_folders((folder_ / "a" / "d" / "").string());
  EXPECT_TRUE(disk_->exists(folder_ / "a" / "d"));
  disk_->make_folders("/");
  disk_->make_folders(".");
}

TEST_P(DiskContract, does_not_make_a_folder_of_a_file) {
  disk_->write_text(folder_ / "file", "x");
  EXPECT_EQ(message_of([&] { disk_->make_folders(folder_ / "file"); }),
            "can't make folder " + (folder_ / "file").string() + ": File exists");
  EXPECT_EQ(message_of([&] { disk_->make_folders(folder_ / "file" / "x"); }),
            "can't make folder " + (folder_ / "file" / "x").string() + ": Not a directory");
}

TEST_P(DiskContract, removes_once) {
  disk_->write_text(folder_ / "file", "x");
  EXPECT_TRUE(disk_->remove(folder_ / "file"));
  EXPECT_FALSE(disk_->remove(folder_ / "file"));
  EXPECT_FALSE(disk_->exists(folder_ / "file"));
  disk_->make_folders(folder_ / "full" / "x");
  EXPECT_EQ(message_of([&] { disk_->remove(folder_ / "full"); }),
            "can't remove " + (folder_ / "full").string() + ": Directory not empty");
  EXPECT_TRUE(disk_->remove(folder_ / "full" / "x"));
  EXPECT_TRUE(disk_->remove(folder_ / "full"));
}

}  // namespace
}  // namespace wisp
