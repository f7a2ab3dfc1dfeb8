#include "launcher/deployment.h"

#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/error.h"
#include "launcher/rsync.h"
#include "tests/launcher/fleet_events.h"
#include "tests/support/loopback_sshd.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class DeploymentTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    spec_.deploy.kind = GetParam();
    spec_.deploy.workdir = (folder_.path() / "workdir").string();
    if (GetParam() == "local") {
      spec_.deploy.kind = "auto";
    } else {
      if (const auto why = test::LoopbackSshd::why_not()) GTEST_SKIP() << *why;
      if (GetParam() == "rsync" && find_program("rsync").empty()) GTEST_SKIP() << "there is no rsync";
      sshd_ = std::make_unique<test::LoopbackSshd>(1);
      spec_.kind = "ssh";
      spec_.ssh.config_file = sshd_->config().string();
      spec_.hosts.resize(1);
      spec_.hosts[0].name = "n1";
    }
    SystemDisk().make_folders(folder_.path() / "conf");
    SystemDisk().write_text(folder_.path() / "conf/a", "one");
    spec_.deploy.files = {(folder_.path() / "conf").string()};
  }

  // Whether the working folder is there when the job has ended.
  bool outlives(const std::string& cleanup, bool succeeds) {
    spec_.deploy.cleanup = cleanup;
    test::FleetEvents events;
    Fleet fleet(spec_, test::test_options(), events.handler());
    fleet.start_hosts();
    const std::string host = fleet.hosts().at(0).name;
    Deployment deployment(spec_, fleet, "job-" + std::to_string(++jobs_), gather_files(spec_.deploy.files));
    const std::string path = deployment.bring_to(host, [] {});
    EXPECT_EQ(SystemDisk().read_text(fs::path(path) / "conf/a"), "one");
    Process process = test::shell("reader", "cat conf/a; exit 7");
    process.folder = path;
    fleet.start(host, std::move(process));
    EXPECT_EQ(events.exited("reader").status, 7);
    if (succeeds) deployment.succeeded();
    fleet.stop(0ms);
    return fs::exists(path);
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<test::LoopbackSshd> sshd_;
  LauncherSpec spec_;
  int jobs_ = 0;
};

TEST_P(DeploymentTest, brings_files_and_removes_them_as_cleanup_says) {
  EXPECT_FALSE(outlives("on-success", true));
  EXPECT_TRUE(outlives("on-success", false));
  EXPECT_FALSE(outlives("always", false));
  EXPECT_TRUE(outlives("never", true));
}

INSTANTIATE_TEST_SUITE_P(Every, DeploymentTest, testing::Values("local", "tar", "rsync", "shared-fs"),
                         [](const auto& each) {
                           return each.param == "shared-fs" ? "shared_fs" : each.param;
                         });

TEST_P(DeploymentTest, a_working_folder_that_is_empty_at_the_end_does_not_stay) {
  spec_.deploy.files.clear();
  spec_.deploy.cleanup = "never";
  test::FleetEvents events;
  Fleet fleet(spec_, test::test_options(), events.handler());
  fleet.start_hosts();
  const std::string path = Deployment(spec_, fleet, "job", {}).bring_to(fleet.hosts().at(0).name, [] {});
  EXPECT_EQ(fs::is_directory(path), GetParam() != "local");
  fleet.stop(0ms);
  EXPECT_FALSE(fs::exists(path));
}

TEST(Deployment, a_local_job_without_files_stays_where_it_is) {
  const LauncherSpec spec;
  test::FleetEvents events;
  Fleet fleet(spec, test::test_options(), events.handler());
  fleet.start_hosts();
  EXPECT_EQ(Deployment(spec, fleet, "job", {}).bring_to("local", [] {}), "");
}

}  // namespace
}  // namespace wisp::launcher
