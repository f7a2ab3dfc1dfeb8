#include "launcher/interfaces.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::launcher {
namespace {

TEST(Interfaces, loopback_is_among_them) {
  const std::vector<InterfaceAddress> found = own_addresses();
  const auto loopback =
      std::find_if(found.begin(), found.end(), [](const auto& each) { return each.address == "127.0.0.1"; });
  ASSERT_NE(loopback, found.end());
  EXPECT_EQ(loopback->prefix, 8u);
  EXPECT_NE(loopback->interface, "");
  for (const InterfaceAddress& each : found) {
    EXPECT_THAT(each.address, testing::Not(testing::StartsWith("fe80"))) << each.interface;
    EXPECT_GT(each.prefix, 0u) << each.address;
  }
}

TEST(Interfaces, are_listed_for_people) {
  EXPECT_EQ(list_of({{"eth0", "192.0.2.12", 24}, {"eth1", "fd00::12", 64}}),
            "192.0.2.12/24 (eth0), fd00::12/64 (eth1)");
  EXPECT_EQ(list_of({}), "");
}

}  // namespace
}  // namespace wisp::launcher
