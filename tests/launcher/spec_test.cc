#include "launcher/spec.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::launcher {
namespace {

LauncherSpec two_hosts() {
  LauncherSpec spec;
  spec.kind = "ssh";
  spec.hosts.resize(2);
  spec.hosts[0].name = "node1";
  spec.hosts[1].name = "node2";
  return spec;
}

void expect_refused(const LauncherSpec& spec) {
  try {
    spec.check();
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
  }
}

TEST(LauncherSpec, takes_ordinary_hosts) {
  LauncherSpec spec = two_hosts();
  spec.hosts[0].ssh = {"node1.lab", 2222, "ml", "me@bastion:2200,inner"};
  spec.hosts[1].address = "fe80::1";
  spec.ssh.options["ServerAliveInterval"] = "5";
  EXPECT_NO_THROW(spec.check());
  EXPECT_NO_THROW(LauncherSpec().check());
}

TEST(LauncherSpec, takes_other_ways_to_hosts) {
  LauncherSpec spec = two_hosts();
  spec.kind = "slurm";
  EXPECT_NO_THROW(spec.check());
  spec.kind = "command";
  spec.command = {"kubectl", "exec", "-i", "pod/{host}", "--", "sh"};
  EXPECT_NO_THROW(spec.check());
}

class HostileName : public testing::TestWithParam<std::string> {};

TEST_P(HostileName, is_refused_wherever_a_name_goes_to_ssh) {
  for (int place = 0; place < 5; ++place) {
    LauncherSpec spec = two_hosts();
    HostSpec& host = spec.hosts[0];
    (place == 0   ? host.name
     : place == 1 ? host.ssh.user
     : place == 2 ? host.ssh.hostname
     : place == 3 ? host.ssh.proxy_jump
                  : host.address) = GetParam();
    expect_refused(spec);
  }
}

INSTANTIATE_TEST_SUITE_P(Names, HostileName,
                         testing::Values("-oProxyCommand=touch x", "$(touch x)", "`x`", "; rm", "'", "a b",
                                         "a\nb", std::string("a\0b", 3), "-l", ".", "a/b", "\xc3\xa9"));

TEST(LauncherSpec, refuses_the_impossible) {
  LauncherSpec spec = two_hosts();
  spec.hosts[1].name = "node1";
  expect_refused(spec);
  spec = two_hosts();
  spec.kind = "rsh";
  expect_refused(spec);
  spec = two_hosts();
  spec.kind = "command";
  expect_refused(spec);
  spec.command = {"kubectl", "exec"};
  expect_refused(spec);
  spec = two_hosts();
  spec.hosts.clear();
  expect_refused(spec);
  spec = two_hosts();
  spec.deploy.workdir = "relative";
  expect_refused(spec);
  spec.deploy.workdir = "/tmp/a\nb";
  expect_refused(spec);
  spec = two_hosts();
  spec.ssh.options["Proxy Command"] = "x";
  expect_refused(spec);
  spec = two_hosts();
  spec.ssh.max_parallel = 0;
  expect_refused(spec);
  spec = two_hosts();
  spec.ssh.program.clear();
  expect_refused(spec);
}

}  // namespace
}  // namespace wisp::launcher
