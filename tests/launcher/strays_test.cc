#include "launcher/strays.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

// A folder as /proc is.
class Strays : public testing::Test {
 protected:
  void add(int pid, int parent, const std::string& name, const std::string& command,
           const std::string& environment = "", char state = 'S') {
    const std::filesystem::path folder = proc_.path() / std::to_string(pid);
    std::filesystem::create_directory(folder);
    std::ofstream(folder / "stat") << pid << " (" << name << ") " << state << " " << parent << " 1 1";
    write(folder / "cmdline", command);
    write(folder / "environ", environment);
  }

  const wisp::test::TemporaryFolder proc_;

 private:
  // Blanks stand for the zeros between the words.
  static void write(const std::filesystem::path& file, std::string text) {
    for (char& c : text) c = c == ' ' ? '\0' : c;
    std::ofstream(file) << text << '\0';
  }
};

TEST_F(Strays, an_agent_under_its_driver_or_sshd_is_none) {
  add(1, 0, "init", "init");
  add(10, 1, "wisp", "/opt/bin/wisp run job.yaml");
  add(11, 10, "wisp", "/opt/bin/wisp agent");
  add(20, 1, "sshd", "sshd: me@notty");
  add(21, 20, "wisp", "/home/me/bundles/x/bin/wisp agent");
  add(30, 20, "tcsh", "tcsh -c exec");
  add(31, 30, "wisp", "/home/me/bundles/x/bin/wisp agent");
  EXPECT_TRUE(stray_agents(proc_.path()).empty());
}

TEST_F(Strays, an_agent_that_came_to_init_is_one_and_its_nodes_name_the_job) {
  add(1, 0, "wisp", "/opt/bin/wisp run job.yaml");  // of a container
  add(2, 1, "systemd", "systemd --user");
  add(11, 1, "wi) S 10 sp", "/opt/bin/wisp agent");
  add(12, 11, "wisp", "/opt/bin/wisp node", "HOME=/ WISP_JOB_ID=long-12ab34cd A=B");
  add(21, 2, "wisp", "/opt/bin/wisp agent");
  const std::vector<StrayAgent> strays = stray_agents(proc_.path());
  ASSERT_EQ(strays.size(), 2u);
  EXPECT_EQ(strays[0].pid, 11);
  EXPECT_EQ(strays[0].job, "long-12ab34cd");
  EXPECT_EQ(strays[1].pid, 21);
  EXPECT_EQ(strays[1].job, "");
}

TEST_F(Strays, an_agent_that_runs_nothing_was_told_its_job_and_may_be_stopped) {
  add(1, 0, "init", "init");
  add(11, 1, "wisp", "/opt/bin/wisp agent", "WISP_JOB_ID=long-12ab34cd", 'T');
  add(21, 1, "wisp", "/opt/bin/wisp agent", "WISP_JOB_ID=other-12ab34cd");
  add(22, 21, "sh", "sh -c command", "A=B");
  const std::vector<StrayAgent> strays = stray_agents(proc_.path());
  ASSERT_EQ(strays.size(), 2u);
  EXPECT_EQ(strays[0].job, "long-12ab34cd");
  EXPECT_TRUE(strays[0].stopped);
  EXPECT_EQ(strays[1].job, "other-12ab34cd");
  EXPECT_FALSE(strays[1].stopped);
}

TEST_F(Strays, neither_the_dead_nor_other_programs) {
  add(1, 0, "init", "init");
  add(11, 1, "wisp", "/opt/bin/wisp agent", "", 'Z');
  add(12, 1, "ssh-agent", "ssh-agent agent");
  add(13, 1, "wisp", "/opt/bin/wisp run agent");
  EXPECT_TRUE(stray_agents(proc_.path()).empty());
  EXPECT_TRUE(stray_agents(proc_.path() / "none").empty());
}

}  // namespace
}  // namespace wisp::launcher
