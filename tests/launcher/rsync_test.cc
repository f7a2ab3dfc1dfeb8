#include "launcher/rsync.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::launcher {
namespace {

using testing::Contains;
using testing::HasSubstr;

LauncherSpec spec_of(const std::string& name) {
  LauncherSpec spec;
  spec.kind = "ssh";
  spec.hosts.resize(1);
  spec.hosts[0].name = name;
  return spec;
}

std::string remote_shell_of(const std::vector<std::string>& argv) {
  return *(std::find(argv.begin(), argv.end(), "--rsh") + 1);
}

TEST(Rsync, goes_the_way_of_the_agent) {
  LauncherSpec spec = spec_of("node1");
  spec.ssh.config_file = "/a b/it's";
  spec.hosts[0].ssh.port = 2222;
  const auto argv = rsync_command(spec, spec.hosts[0], {"/x/conf/", "/x/a.txt"}, "/w d/files");
  const std::string shell = remote_shell_of(argv);
  EXPECT_TRUE(shell.starts_with("'ssh' '-F' '/a b/it''s' ")) << shell;
  EXPECT_THAT(shell, HasSubstr("'-p' '2222'"));
  EXPECT_TRUE(shell.ends_with(" '--'")) << "what follows is no option";
  const std::vector<std::string> tail(argv.end() - 4, argv.end());
  EXPECT_THAT(tail, testing::ElementsAre("--", "/x/conf", "/x/a.txt", "node1:/w d/files/"));
  EXPECT_THAT(argv, Contains("--timeout=60"));
}

TEST(Rsync, an_address_of_the_sixth_version_stands_in_brackets) {
  LauncherSpec spec = spec_of("node1");
  spec.hosts[0].ssh.hostname = "::1";
  EXPECT_EQ(rsync_command(spec, spec.hosts[0], {"/a"}, "/w").back(), "[::1]:/w/");
}

TEST(Rsync, says_what_rsync_says) {
  int checked = 0;
  run_rsync("node1", {"/bin/sh", "-c", "echo fine"}, [&] { ++checked; });
  EXPECT_GT(checked, 0);
  try {
    run_rsync("node1", {"/bin/sh", "-c", "echo 'write failed: No space left on device' >&2; exit 11"}, [] {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kHost);
    EXPECT_STREQ(error.what(),
                 "node1: rsync failed (exit status 11)\n    write failed: No space left on device\n"
                 "    deploy.kind: tar does without it");
  }
}

TEST(Rsync, ends_when_it_is_told_to) {
  const auto stop = [] { throw Error("asked to stop"); };
  EXPECT_THROW(run_rsync("node1", {"/bin/sleep", "1000"}, stop), Error);
}

TEST(Rsync, programs_are_found_in_PATH) {
  EXPECT_EQ(find_program("sh").filename(), "sh");
  EXPECT_EQ(find_program("no-such-program"), "");
}

}  // namespace
}  // namespace wisp::launcher
