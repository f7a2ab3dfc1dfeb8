#include "cli/host_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of_list(const std::string& list) {
  const auto [fault, text] = test::error_of([&] { sets_of_hosts(list); });
  EXPECT_EQ(fault, Fault::kUsage);
  return text;
}

// "n1:4", the hosts of a job that is told so.
std::vector<std::string> hosts_of(const std::vector<std::string>& sets) {
  const test::Scratch scratch;
  GlobalOptions options;
  options.sets = sets;
  std::vector<std::string> hosts;
  for (const auto& each :
       load_experiment(options, {test::synthetic_job(scratch)}, test::inventory()).launcher.hosts)
    hosts.push_back(each.name + ":" + std::to_string(each.slots));
  return hosts;
}

TEST(HostList, names_patterns_and_slots) {
  EXPECT_THAT(hosts_of(sets_of_hosts("h1:4,h2")), ElementsAre("h1:4", "h2:0"));
  EXPECT_THAT(hosts_of(sets_of_hosts("node[08-10,12]:2,h1:1,h1:2")),
              ElementsAre("h1:3", "node08:2", "node09:2", "node10:2", "node12:2"));
}

TEST(HostList, replaces_the_hosts_of_the_file) {
  std::vector<std::string> sets = {"hosts={old: {slots: 9}}"};
  for (const std::string& each : sets_of_hosts("h1.lab:4")) sets.push_back(each);
  EXPECT_THAT(hosts_of(sets), ElementsAre("h1.lab:4"));
}

TEST(HostList, says_what_is_wrong) {
  for (const char* list :
       {"", "h1:", "h1:0", "h1:x", "h1:99999", "h1,,h2", "n[3-1]:4", "-h", "a b", "h1:4:5"}) {
    EXPECT_THAT(error_of_list(list), HasSubstr("is no host; write h1:4,h2:4 or node[01-16]:4")) << list;
  }
}

TEST(HostList, file) {
  const test::Scratch scratch;
  const std::string path =
      scratch.write("hosts", "# ours\nh1 slots=4\n\nh2:2  # small\nn[1-2]\nh1\tslots=1\r\n");
  EXPECT_THAT(hosts_of(sets_of_hostfile(path)), ElementsAre("h1:5", "h2:2", "n1:0", "n2:0"));
  const std::string wrong = scratch.write("wrong", "h1\nh2 cores=4\n");
  EXPECT_THAT(test::error_of([&] { sets_of_hostfile(wrong); }).second,
              testing::StartsWith(wrong + ":2: error: 'h2 cores=4' is no host; write "));
  EXPECT_THAT(test::error_of([&] { sets_of_hostfile(scratch.write("none", "#\n")); }).second,
              HasSubstr("there is no host in"));
  EXPECT_THAT(test::error_of([&] { sets_of_hostfile("/no/such/file"); }).second,
              HasSubstr("--hostfile: can't read /no/such/file"));
}

}  // namespace
}  // namespace wisp::cli
