#include "launcher/memory.h"

#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using testing::HasSubstr;

class MemoryTest : public testing::Test {
 protected:
  void file(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_.path() / name;
    SystemDisk().make_folders(path.parent_path());
    SystemDisk().write_text(path, text);
  }
  test::TemporaryFolder folder_;
};

TEST_F(MemoryTest, a_group_of_the_first_version) {
  file("proc/self/cgroup", "11:pids:/other\n5:memory:/job\n0::/\n");
  file("proc/self/mountinfo",
       "30 20 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
       "31 20 0:27 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory\n");
  file("sys/fs/cgroup/memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  file("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
  file("sys/fs/cgroup/memory/memory.limit_in_bytes", "100663296\n");
  const MemoryWatch watch(folder_.path());
  EXPECT_EQ(watch.kills(), 3u);
  EXPECT_EQ(watch.limit(), "the limit of its control group is 96MiB");
}

TEST_F(MemoryTest, a_group_of_the_second_version) {
  file("proc/self/cgroup", "0::/user.slice/job\n");
  file("proc/self/mountinfo", "30 20 0:26 /user.slice /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  file("sys/fs/cgroup/job/memory.events", "low 0\noom 4\noom_kill 2\noom_group_kill 0\n");
  file("sys/fs/cgroup/job/memory.max", "67108864\n");
  file("sys/fs/cgroup/memory.max", "max\n");
  const MemoryWatch watch(folder_.path());
  EXPECT_EQ(watch.kills(), 2u);
  EXPECT_EQ(watch.limit(), "the limit of its control group is 64MiB");
}

TEST_F(MemoryTest, without_a_group_it_is_the_host) {
  file("proc/vmstat", "nr_free_pages 17\noom_kill 5\n");
  const MemoryWatch watch(folder_.path());
  EXPECT_EQ(watch.kills(), 5u);
  EXPECT_THAT(watch.limit(), HasSubstr("the host has "));
  EXPECT_EQ(MemoryWatch(folder_.path() / "nothing").kills(), std::nullopt);
}

TEST_F(MemoryTest, tells_the_kernels_kill_from_others) {
  file("proc/vmstat", "oom_kill 5\n");
  const MemoryWatch watch(folder_.path());
  const Ended killed{0, SIGKILL};
  const LastDays known{watch.kills(), "", 0, false};
  EXPECT_EQ(exhausted(watch, known, killed), "") << "it was somebody";
  file("proc/vmstat", "oom_kill 6\n");
  EXPECT_EQ(exhausted(watch, known, killed), watch.limit());
  EXPECT_EQ(exhausted(watch, {known.kills_before, "", 0, true}, killed), "") << "it was us";
  EXPECT_EQ(exhausted(watch, known, {0, SIGTERM}), "");
}

TEST_F(MemoryTest, believes_the_last_words_of_what_has_failed) {
  const MemoryWatch watch(folder_.path());
  LastDays known;
  known.last_error = "  what():  std::bad_alloc";
  EXPECT_EQ(exhausted(watch, known, {0, SIGABRT}), watch.limit());
  EXPECT_EQ(exhausted(watch, known, {1, 0}), watch.limit());
  EXPECT_EQ(exhausted(watch, known, {0, 0}), "");
  known.memory_max = 64u << 20;
  EXPECT_EQ(exhausted(watch, known, {1, 0}), "its own limit is 64MiB");
}

TEST(Memory, last_words) {
  EXPECT_TRUE(says_out_of_memory("  what():  std::bad_alloc"));
  EXPECT_TRUE(says_out_of_memory("FATAL ERROR: OUT OF MEMORY (src/ypipe.hpp:21)"));
  EXPECT_FALSE(says_out_of_memory("Segmentation fault"));
}

}  // namespace
}  // namespace wisp::launcher
