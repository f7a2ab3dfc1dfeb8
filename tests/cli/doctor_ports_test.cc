// What is said of ports; between real hosts: tests/system/doctor_test.py and tests/testbed/network_test.py.
#include "cli/doctor_ports.h"

#include <gtest/gtest.h>

namespace wisp::cli {
namespace {

TEST(PortCheck, who_is_reached_by_all_is_ok) {
  const Check check = port_check("n1", "192.0.2.2", {}, "20000-20063");
  EXPECT_EQ(check.host, "n1");
  EXPECT_EQ(check.name, "ports");
  EXPECT_EQ(check.result, Check::Result::kOk);
  EXPECT_EQ(check.detail, "192.0.2.2 (20000-20063) is reached by all");
  EXPECT_EQ(check.remedy, "");
}

TEST(PortCheck, names_those_from_where_it_is_not_reached) {
  const Check check = port_check("n1", "192.0.2.2",
                                 {{"n2", "no answer"}, {"this machine", "No route to host"}}, "20000-20063");
  EXPECT_EQ(check.result, Check::Result::kFail);
  EXPECT_EQ(check.detail, "192.0.2.2 is not reached from n2: no answer, this machine: No route to host");
  EXPECT_EQ(check.remedy, "open ports 20000-20063 (network.ports) there, or set network.tunnel: true");
}

TEST(PortCheck, quotes_a_host_that_can_not_listen) {
  const Check check =
      port_check("n1", "192.0.2.2", {{"", "every port of 20000-20063 on 192.0.2.2 is taken"}}, "20000-20063");
  EXPECT_EQ(check.result, Check::Result::kFail);
  EXPECT_EQ(check.detail, "every port of 20000-20063 on 192.0.2.2 is taken");
  EXPECT_NE(check.remedy, "");
}

}  // namespace
}  // namespace wisp::cli
