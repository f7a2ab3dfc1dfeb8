#include "launcher/jobs.h"

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/error.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using testing::HasSubstr;

class Jobs : public testing::Test {
 protected:
  // A job that runs until the object goes.
  std::unique_ptr<JobFolder> run(const std::string& name, const std::string& file = "") {
    auto job = std::make_unique<JobFolder>(dir_.path(), name, nullptr);
    JobState state;
    state.job = name;
    state.id = job->id();
    state.file = file;
    state.status = "running";
    state.started = *parse_utc("2026-03-01T00:00:00Z") + std::chrono::minutes(++count_);
    job->write_state(state);
    return job;
  }

  std::string error_of(const std::string& which, Ambiguous ambiguous = Ambiguous::kTakeLatest) {
    try {
      find_job(dir_.path(), which, ambiguous);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kUnreachable);
      return error.what();
    }
  }

  std::string found(const std::string& which) { return find_job(dir_.path(), which).state.id; }

  test::TemporaryFolder dir_;
  int count_ = 0;
};

TEST_F(Jobs, the_lock_tells_who_lives) {
  auto job = run("a");
  const std::filesystem::path folder = job->path();
  const auto driver = driver_of(folder);
  ASSERT_TRUE(driver);
  EXPECT_EQ(driver->pid, ::getpid());
  EXPECT_TRUE(driver->here);
  EXPECT_TRUE(driver_of(folder));  // asking does not release it
  job.reset();
  EXPECT_FALSE(driver_of(folder));
  EXPECT_FALSE(driver_of(dir_.path()));
}

TEST_F(Jobs, what_nobody_drives_does_not_run) {
  auto job = run("a");
  JobState state = *read_state(job->path());
  for (const char* each : {"starting", "running", "exited", "failed"}) {
    ActorState actor;
    actor.name = each;
    actor.state = each;
    state.actors.push_back(actor);
  }
  job->write_state(state);
  const auto states = [&] {
    std::string text;
    for (const ActorState& each : find_job(dir_.path(), "a").state.actors) text += each.state + " ";
    return text;
  };
  EXPECT_EQ(states(), "starting running exited failed ");
  job.reset();
  EXPECT_EQ(states(), "lost lost exited failed ");
}

TEST_F(Jobs, the_lock_goes_over_to_a_child_and_ends_with_it) {
  auto job = run("a");
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    job->adopt();
    char c = 0;
    if (::write(ready[1], "x", 1) != 1 || ::read(done[0], &c, 1) < 0) ::_exit(1);
    ::_exit(0);
  }
  char c = 0;
  ASSERT_EQ(::read(ready[0], &c, 1), 1);
  const std::filesystem::path folder = job->path();
  job.reset();  // the parent leaves
  const auto driver = driver_of(folder);
  EXPECT_TRUE(driver && driver->pid == child);
  ASSERT_EQ(::write(done[1], "x", 1), 1);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(driver_of(folder));
  for (const int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
}

TEST_F(Jobs, are_listed_in_the_order_of_their_start) {
  EXPECT_TRUE(list_jobs(dir_.path()).empty());
  EXPECT_TRUE(list_jobs(dir_.path() / "missing").empty());
  const auto a = run("b");
  auto b = run("a");
  b.reset();
  const std::vector<JobEntry> jobs = list_jobs(dir_.path());
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_EQ(jobs[0].state.job, "b");
  EXPECT_TRUE(jobs[0].driver);
  EXPECT_EQ(jobs[1].state.job, "a");
  EXPECT_FALSE(jobs[1].driver);
}

TEST_F(Jobs, a_damaged_state_hides_nothing) {
  const auto job = run("my-job");
  SystemDisk().write_text(job->path() / "state.json", "{");
  const std::vector<JobEntry> jobs = list_jobs(dir_.path());
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].state.job, "my-job");
  EXPECT_EQ(jobs[0].state.id, job->id());
  EXPECT_THROW(read_state(job->path()), Error);
}

TEST_F(Jobs, by_default_the_only_running_one_else_the_latest) {
  EXPECT_THAT(error_of(""), HasSubstr("there is no job in"));
  auto a = run("a");
  auto b = run("b");
  const std::string id_a = a->id();
  const std::string id_b = b->id();
  b.reset();
  EXPECT_EQ(found(""), id_a);
  a.reset();
  EXPECT_EQ(found(""), id_b);
}

TEST_F(Jobs, several_running_ones_are_listed_to_who_must_know) {
  const auto a = run("a");
  const auto b = run("b");
  EXPECT_EQ(found(""), b->id());
  const std::string text = error_of("", Ambiguous::kRefuse);
  EXPECT_THAT(text, HasSubstr("a-" + a->id()));
  EXPECT_THAT(text, HasSubstr("b-" + b->id()));
}

TEST_F(Jobs, are_found_by_name_id_and_file) {
  SystemDisk().write_text(dir_.path() / "job.yaml", "");
  const auto a = run("a", (dir_.path() / "job.yaml").string());
  const auto b = run("b");
  EXPECT_EQ(found("a"), a->id());
  EXPECT_EQ(found(b->id()), b->id());
  EXPECT_EQ(found(b->id().substr(0, 5)), b->id());
  EXPECT_EQ(found("a-" + a->id()), a->id());
  EXPECT_EQ(found((dir_.path() / "." / "job.yaml").string()), a->id());
  EXPECT_THAT(error_of("c"), HasSubstr("no job fits 'c'"));
}

TEST_F(Jobs, of_one_name_the_running_one_is_meant_then_the_latest) {
  auto first = run("a");
  auto second = run("a");
  auto third = run("a");
  const std::string id_second = second->id();
  const std::string id_third = third->id();
  EXPECT_THAT(error_of("a"), HasSubstr("several jobs are running"));
  first.reset();
  third.reset();
  EXPECT_EQ(found("a"), id_second);
  second.reset();
  EXPECT_EQ(found("a"), id_third);
}

TEST_F(Jobs, one_that_has_ended_can_be_removed_and_latest_leads_to_the_one_before) {
  std::filesystem::path first, second;
  { first = run("first")->path(); }
  { second = run("second")->path(); }
  const std::filesystem::path latest = dir_.path() / "jobs" / "latest";
  remove_job(second);
  EXPECT_FALSE(std::filesystem::exists(second));
  EXPECT_TRUE(std::filesystem::equivalent(latest, first));
  remove_job(first);
  EXPECT_FALSE(std::filesystem::is_symlink(latest));
  EXPECT_TRUE(list_jobs(dir_.path()).empty());
}

TEST_F(Jobs, neither_a_running_one_nor_what_is_no_job_can_be_removed) {
  const auto job = run("mine");
  EXPECT_THROW(remove_job(job->path()), Error);
  const std::filesystem::path other = dir_.path() / "jobs" / "notes-12ab34cd";
  std::filesystem::create_directory(other);
  EXPECT_THROW(remove_job(other), Error);
  EXPECT_TRUE(std::filesystem::exists(job->path() / "state.json"));
  EXPECT_TRUE(std::filesystem::exists(other));
}

}  // namespace
}  // namespace wisp::launcher
