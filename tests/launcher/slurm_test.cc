#include "launcher/slurm.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "launcher/child.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Programs of Slurm that are scripts of the test, found before all others.
class FakeSlurm : public testing::Test {
 protected:
  FakeSlurm() : path_(std::getenv("PATH")) {
    ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
  }
  ~FakeSlurm() override { ::setenv("PATH", path_.c_str(), 1); }

  void program(const std::string& name, const std::string& script) {
    SystemDisk().write_text(folder_.path() / name, "#!/bin/sh\n" + script + "\n", 0700);
  }
  std::optional<Allocation> allocation() const {
    return find_allocation([this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    });
  }

  test::TemporaryFolder folder_;
  std::map<std::string, std::string> variables_;

 private:
  const std::string path_;
};

TEST(ParseCounts, repeats_what_stands_before_the_times) {
  using Counts = std::vector<std::uint32_t>;
  EXPECT_EQ(parse_counts("4"), Counts{4});
  EXPECT_EQ(parse_counts("4(x2),16,1(x1)"), (Counts{4, 4, 16, 1}));
  for (const char* each : {"", "x", "4(x", "4(x)", "4(x2", "4,", "4(x99999999)", "-1"}) {
    EXPECT_EQ(parse_counts(each), std::nullopt) << each;
  }
}

TEST_F(FakeSlurm, an_allocation_is_what_the_environment_says) {
  EXPECT_FALSE(allocation());
  variables_ = {{"SLURM_JOB_ID", "17"}};
  EXPECT_THROW(allocation(), Error);
  variables_["SLURM_JOB_NODELIST"] = "h[2-3]";
  program("scontrol", "test \"$*\" = 'show hostnames h[2-3]' && printf 'h2\\nh3\\n'");
  Allocation found = allocation().value();
  EXPECT_EQ(found.job_id, "17");
  ASSERT_EQ(found.hosts.size(), 2u);
  EXPECT_EQ(found.hosts[1].name, "h3");
  EXPECT_EQ(found.hosts[1].slots, 0u) << "its cores";
  variables_["SLURM_JOB_CPUS_PER_NODE"] = "4,2";
  found = allocation().value();
  EXPECT_EQ(found.hosts[0].slots, 4u);
  EXPECT_EQ(found.hosts[1].slots, 2u);
}

TEST_F(FakeSlurm, an_allocation_that_scontrol_does_not_know_is_an_error) {
  variables_ = {{"SLURM_JOB_ID", "17"}, {"SLURM_JOB_NODELIST", "h["}};
  program("scontrol", "echo 'Invalid hostlist' >&2; exit 1");
  try {
    allocation();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
    EXPECT_STREQ(
        error.what(),
        "scontrol does not know the nodes h[ of this allocation (exit status 1)\n    Invalid hostlist");
  }
}

TEST(SrunCommand, is_one_task_on_one_node_beside_others) {
  HostSpec host;
  host.name = "h2";
  const std::vector<std::string> argv = srun_command(host);
  EXPECT_EQ(argv.front(), "srun");
  EXPECT_EQ(argv.back(), "/bin/sh");
  for (const char* each : {"--nodes=1", "--ntasks=1", "--nodelist=h2", "--overlap", "--unbuffered"}) {
    EXPECT_THAT(argv, Contains(each));
  }
}

TEST(FillScript, quotes_the_command_for_the_scripts_shell) {
  EXPECT_EQ(fill_script("a {run} b\n{run}\n", {"wisp", "it's"}),
            "a 'wisp' 'it'\\''s' b\n'wisp' 'it'\\''s'\n");
  EXPECT_THAT(fill_script(default_script(), {"wisp", "run"}), HasSubstr("\nexec 'wisp' 'run'\n"));
  EXPECT_THROW(fill_script("#!/bin/sh\nwisp run\n", {"wisp"}), Error);
}

TEST(SbatchCommand, asks_only_for_what_is_given) {
  EXPECT_THAT(sbatch_command({}, {}, "a", "/f/s", "/f/o", "/f/100%e"),
              ElementsAre("sbatch", "--parsable", "--job-name=a", "--open-mode=append", "--output=/f/o",
                          "--error=/f/100%%e", "/f/s"));
  SlurmSpec slurm;
  slurm.partition = "p q";
  slurm.account = "me";
  slurm.time = std::chrono::milliseconds(5'400'500);
  slurm.nodes = 4;
  std::vector<std::string> argv = sbatch_command(slurm, {}, "a", "/f/s", "/f/o", "/f/e");
  for (const char* each : {"--partition=p q", "--account=me", "--time=1:30:01", "--nodes=4"}) {
    EXPECT_THAT(argv, Contains(each));
  }
  std::vector<HostSpec> hosts(2);
  hosts[0].name = "h1";
  hosts[1].name = "h2";
  argv = sbatch_command({}, hosts, "a", "/f/s", "/f/o", "/f/e");
  EXPECT_THAT(argv, Contains("--nodes=2"));
  EXPECT_THAT(argv, Contains("--nodelist=h1,h2"));
}

TEST_F(FakeSlurm, a_submitted_job_has_an_id) {
  program("sbatch", "echo '17;cluster'");
  EXPECT_EQ(submit({"sbatch", "x"}), "17");
  program("sbatch", "echo 'sbatch: error: invalid partition specified: p' >&2; exit 1");
  try {
    submit({"sbatch", "x"});
    ADD_FAILURE();
  } catch (const SubmitError& error) {
    EXPECT_STREQ(
        error.what(),
        "sbatch did not take the job (exit status 1)\n    sbatch: error: invalid partition specified: p");
  }
}

TEST(ParseBatchState, takes_what_scontrol_says_on_one_line) {
  const BatchState job = parse_batch_state(
                             "JobId=5 JobName=a JobState=FAILED Reason=NonZeroExitCode Dependency=(null)"
                             " ExitCode=3:0 RunTime=00:00:02\n")
                             .value();
  EXPECT_EQ(job.state, "FAILED");
  EXPECT_EQ(job.reason, "NonZeroExitCode");
  EXPECT_EQ(job.status, 3);
  EXPECT_EQ(job.signal, 0);
  EXPECT_TRUE(job.ended());
  EXPECT_EQ(parse_batch_state(""), std::nullopt);
}

TEST(BatchState, a_job_goes_on_until_its_nodes_are_free) {
  BatchState job;
  for (const char* each : {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED"}) {
    job.state = each;
    EXPECT_FALSE(job.ended()) << each;
  }
  for (const char* each : {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"}) {
    job.state = each;
    EXPECT_TRUE(job.ended()) << each;
    EXPECT_FALSE(job.pending()) << each;
  }
}

TEST_F(FakeSlurm, a_job_is_asked_for_and_cancelled) {
  program("scontrol",
          "test \"$*\" = '--oneliner show job 17' && exec echo 'JobId=17 JobState=RUNNING Reason=None'\n"
          "test \"$4\" = 18 && echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
  EXPECT_EQ(ask_batch_state("17", 30s)->state, "RUNNING");
  EXPECT_EQ(ask_batch_state("18", 30s), std::nullopt);
  EXPECT_THROW(ask_batch_state("19", 30s), Error) << "no answer is no end";
  const std::string said = (folder_.path() / "said").string();
  program("scancel", "echo \"$*\" >> " + said);
  cancel("17", true);
  cancel("17", false);
  EXPECT_EQ(SystemDisk().read_text(said), "--batch --signal=TERM 17\n17\n");
  program("scancel", "echo no >&2; exit 1");
  EXPECT_THROW(cancel("17", false), Error);
}

}  // namespace
}  // namespace wisp::launcher
