#include "launcher/job_folder.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/error.h"
#include "launcher/jobs.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using testing::HasSubstr;

LogLine line_of(const std::string& actor, std::uint32_t attempt, const std::string& text) {
  return LogLine{*parse_utc("2026-03-01T02:13:07.123Z"), actor, attempt, "node2", 7, "info", text};
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777u;
}

TEST(JobFolder, is_private_has_a_lock_and_is_the_latest) {
  const test::TemporaryFolder state;
  const mode_t before = ::umask(0);
  {
    JobFolder job(state.path(), "phishing", nullptr);
    EXPECT_EQ(job.path().filename().string(), "phishing-" + job.id());
    EXPECT_EQ(std::filesystem::canonical(state.path() / "jobs" / "latest"),
              std::filesystem::canonical(job.path()));
    job.write("job.yaml", "version: 1\n");
    job.append("events.jsonl", "{}");
    job.log(line_of("worker-1", 2, "hello"));
    EXPECT_EQ(mode_of(job.path()), 0700u);
    EXPECT_EQ(mode_of(job.path() / "logs"), 0700u);
    EXPECT_EQ(mode_of(job.path() / "logs" / "worker-1"), 0700u);
    for (const char* each : {"driver.lock", "job.yaml", "events.jsonl", "logs/worker-1/2.log"}) {
      EXPECT_EQ(mode_of(job.path() / each), 0600u) << each;
    }
    const JobFolder next(state.path(), "phishing", nullptr);
    EXPECT_NE(next.id(), job.id());
    EXPECT_EQ(std::filesystem::read_symlink(state.path() / "jobs" / "latest"), next.path().filename());
  }
  ::umask(before);
}

TEST(JobFolder, keeps_one_log_for_each_actor_and_attempt) {
  const test::TemporaryFolder state;
  JobFolder job(state.path(), "j", nullptr);
  EXPECT_FALSE(std::filesystem::exists(job.log_path("worker-1", 1)));
  job.log(line_of("worker-1", 1, "one"));
  job.log(line_of("worker-1", 1, "two\x1b[31m"));
  job.log(line_of("worker-1", 2, "three"));
  EXPECT_EQ(SystemDisk().read_text(job.log_path("worker-1", 1)),
            "2026-03-01T02:13:07.123Z worker-1#1@node2 r7 info | one\n"
            "2026-03-01T02:13:07.123Z worker-1#1@node2 r7 info | two\\x1b[31m\n");
  EXPECT_EQ(SystemDisk().read_text(job.log_path("worker-1", 2)),
            "2026-03-01T02:13:07.123Z worker-1#2@node2 r7 info | three\n");
}

TEST(JobFolder, puts_full_logs_aside) {
  const test::TemporaryFolder state;
  LogSpec logs;
  logs.rotate_size = 100;
  JobFolder job(state.path(), "j", nullptr, logs);
  for (const char* text : {"one", "two", "three"}) job.log(line_of("worker-1", 1, text));
  EXPECT_EQ(SystemDisk().read_text(job.log_path("worker-1", 1)),
            "2026-03-01T02:13:07.123Z worker-1#1@node2 r7 info | three\n");
  EXPECT_TRUE(std::filesystem::exists(job.path() / "logs/worker-1/1.2.log"));
}

TEST(JobFolder, many_logs_do_not_use_up_the_descriptors) {
  const test::TemporaryFolder state;
  JobFolder job(state.path(), "j", [](const std::string& error) { ADD_FAILURE() << error; });
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 300; ++i) job.log(line_of("worker-" + std::to_string(i), 1, "x"));
  }
  const std::string line = format(line_of("worker-299", 1, "x")) + "\n";
  EXPECT_EQ(SystemDisk().read_text(job.log_path("worker-299", 1)), line + line);
}

TEST(JobFolder, a_name_never_becomes_a_path) {
  const test::TemporaryFolder state;
  EXPECT_THROW(JobFolder(state.path(), "../x", nullptr), Error);
  EXPECT_THROW(JobFolder(state.path(), "", nullptr), Error);
  JobFolder job(state.path(), "j", nullptr);
  for (const char* name : {"../x", "a/b", "", "\xc3\xa9", "."}) {
    EXPECT_THROW(job.log_path(name, 1), Error) << name;
    job.log(line_of(name, 1, "x"));
  }
  EXPECT_TRUE(std::filesystem::exists(job.path() / "logs" / "unnamed" / "1.log"));
}

TEST(JobFolder, one_that_was_submitted_becomes_the_jobs_once) {
  const test::TemporaryFolder state;
  const std::filesystem::path submitted = make_submitted_folder(state.path(), "j");
  EXPECT_FALSE(is_job_folder(submitted));
  {
    JobFolder job(submitted, nullptr);
    EXPECT_EQ(job.path(), submitted);
    EXPECT_EQ("j-" + job.id(), submitted.filename());
    EXPECT_TRUE(driver_of(submitted));
  }
  EXPECT_TRUE(is_job_folder(submitted));
  EXPECT_THROW(JobFolder(submitted, nullptr), Error);
  EXPECT_THROW(make_submitted_folder(state.path(), "../x"), Error);
}

TEST(JobFolder, a_place_that_can_not_be_written_is_named) {
  const test::TemporaryFolder state;
  SystemDisk().write_text(state.path() / "jobs", "a file");
  try {
    const JobFolder job(state.path(), "j", nullptr);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr((state.path() / "jobs").string()));
  }
}

// A small file system on a folder, where this user may mount one.
class SmallDisk {
 public:
  SmallDisk(const std::filesystem::path& folder, const char* options, unsigned long flags = 0)
      : folder_(folder), mounted_(::mount("tmpfs", folder.c_str(), "tmpfs", flags, options) == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  const std::filesystem::path folder_;
  const bool mounted_;
};

TEST(JobFolder, a_read_only_disk_is_named) {
  const test::TemporaryFolder state;
  const SmallDisk disk(state.path(), "", MS_RDONLY);
  if (!disk.mounted()) GTEST_SKIP() << "this user may not mount";
  try {
    const JobFolder job(state.path(), "j", nullptr);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr((state.path() / "jobs").string()));
    EXPECT_THAT(error.what(), HasSubstr("Read-only file system"));
  }
}

TEST(JobFolder, a_full_disk_is_reported_once) {
  const test::TemporaryFolder state;
  const SmallDisk disk(state.path(), "size=64k");
  if (!disk.mounted()) GTEST_SKIP() << "this user may not mount";
  std::vector<std::string> errors;
  JobFolder job(state.path(), "j", [&](const std::string& error) { errors.push_back(error); });
  for (int i = 0; i < 200; ++i) job.log(line_of("worker-1", 1, std::string(1000, 'x')));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0], "cannot write " + job.log_path("worker-1", 1).string() + ": No space left on device");
  EXPECT_THROW(job.write("result.json", std::string(5000, 'x')), Error);
}

TEST(JobFolder, a_planted_link_is_not_followed) {
  const test::TemporaryFolder state;
  std::vector<std::string> errors;
  JobFolder job(state.path(), "j", [&](const std::string& error) { errors.push_back(error); });
  ASSERT_EQ(::symlink((state.path() / "elsewhere").c_str(), (job.path() / "events.jsonl").c_str()), 0);
  job.append("events.jsonl", "{}");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0], HasSubstr("cannot write " + (job.path() / "events.jsonl").string()));
  EXPECT_FALSE(std::filesystem::exists(state.path() / "elsewhere"));
}

TEST(JobFolder, the_state_dir_follows_the_environment) {
  ASSERT_EQ(::setenv("HOME", "/home/someone", 1), 0);
  ASSERT_EQ(::unsetenv("XDG_STATE_HOME"), 0);
  EXPECT_EQ(default_state_dir(), "/home/someone/.local/state/wisp");
  ASSERT_EQ(::setenv("XDG_STATE_HOME", "/state", 1), 0);
  EXPECT_EQ(default_state_dir(), "/state/wisp");
  ASSERT_EQ(::unsetenv("XDG_STATE_HOME"), 0);
}

}  // namespace
}  // namespace wisp::launcher
