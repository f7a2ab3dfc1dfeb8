#include "base/simulated_disk.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp {
namespace {

// What every disk does is in tests/contract/disk_test.cc; here are the faults.
class SimulatedDiskTest : public testing::Test {
 protected:
  template <class Call>
  static std::string message_of(Call call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  SimulatedDisk disk_;
};

TEST_F(SimulatedDiskTest, a_power_cut_keeps_what_was_written) {
  disk_.make_folders("/a/b");
  disk_.write_text("/a/b/file", "old");
  disk_.write_text("/a/b/file", "new");
  disk_.power_cut();
  EXPECT_EQ(disk_.read_text("/a/b/file"), "new");
  disk_.power_cut();
  EXPECT_EQ(disk_.read_text("/a/b/file"), "new");
}

TEST_F(SimulatedDiskTest, a_power_cut_takes_what_was_appended) {
  disk_.write_text("/log", "one ");
  disk_.append_text("/log", "two");
  disk_.append_text("/new", "x");
  disk_.power_cut();
  EXPECT_EQ(disk_.read_text("/log"), "one ");
  EXPECT_FALSE(disk_.exists("/new"));
  EXPECT_TRUE(disk_.exists("/"));
}

TEST_F(SimulatedDiskTest, a_power_cut_undoes_folders_and_removals) {
  disk_.write_text("/file", "x");
  disk_.remove("/file");
  disk_.make_folders("/a/b");
  disk_.power_cut();
  EXPECT_EQ(disk_.read_text("/file"), "x");
  EXPECT_FALSE(disk_.exists("/a"));
}

TEST_F(SimulatedDiskTest, a_write_syncs_what_is_in_its_folder) {
  disk_.write_text("/gone", "x");
  disk_.remove("/gone");
  disk_.append_text("/appended", "x");
  disk_.make_folders("/folder");
  disk_.make_folders("/elsewhere/inner");
  disk_.write_text("/file", "x");
  disk_.power_cut();
  EXPECT_FALSE(disk_.exists("/gone"));
  EXPECT_EQ(disk_.read_text("/appended"), "");
  EXPECT_TRUE(disk_.exists("/folder"));
  EXPECT_TRUE(disk_.exists("/elsewhere"));
  EXPECT_FALSE(disk_.exists("/elsewhere/inner"));
}

TEST_F(SimulatedDiskTest, a_full_disk_refuses_a_write_and_takes_part_of_an_append) {
  disk_.set_capacity(10);
  disk_.write_text("file", "1234");
  EXPECT_EQ(message_of([&] { disk_.write_text("file", "1234567"); }),
            "can't write file: No space left on device");
  EXPECT_EQ(disk_.read_text("file"), "1234");
  EXPECT_EQ(message_of([&] { disk_.append_text("log", "abcdefgh"); }),
            "can't write log: No space left on device");
  EXPECT_EQ(disk_.read_text("log"), "abcdef");
  disk_.remove("log");
  disk_.append_text("log", "abcdef");
  disk_.set_capacity(0);
  EXPECT_THROW(disk_.append_text("log", "x"), Error);
  disk_.append_text("log", "");
}

TEST_F(SimulatedDiskTest, the_write_that_was_named_fails) {
  disk_.write_text("file", "old");
  EXPECT_EQ(disk_.writes(), 1u);
  disk_.fail_write(2);
  disk_.fail_write(4, 3);
  EXPECT_EQ(message_of([&] { disk_.write_text("file", "new"); }), "can't write file: Input/output error");
  EXPECT_EQ(disk_.read_text("file"), "old");
  disk_.append_text("file", "er");
  EXPECT_EQ(message_of([&] { disk_.append_text("file", "abcdef"); }), "can't write file: Input/output error");
  EXPECT_EQ(disk_.read_text("file"), "olderabc");
  disk_.write_text("file", "new");
  EXPECT_EQ(disk_.read_text("file"), "new");
  EXPECT_EQ(disk_.writes(), 5u);
}

TEST_F(SimulatedDiskTest, stored_bytes_are_damaged_for_good) {
  disk_.write_text("/file", "abc");
  disk_.flip_bit("/file", 8 + 5);
  disk_.flip_bit("/file", 1000);
  EXPECT_EQ(disk_.read_text("/file"), "aBc");
  disk_.truncate("/file", 2);
  disk_.truncate("/file", 10);
  EXPECT_EQ(disk_.read_text("/file"), "aB");
  disk_.power_cut();
  EXPECT_EQ(disk_.read_text("/file"), "aB");
}

TEST_F(SimulatedDiskTest, same_calls_same_disk) {
  const auto run = [] {
    SimulatedDisk disk;
    disk.set_capacity(100);
    disk.fail_write(3);
    std::string seen;
    for (int i = 0; i < 40; ++i) {
      seen += message_of([&] { disk.append_text("log", std::string(static_cast<std::size_t>(i % 7), 'x')); });
    }
    return seen + disk.read_text("log");
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace wisp
