#include "launcher/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Reach, who_listens_is_reached) {
  const PortListener one("127.0.0.1", 20000, 32767);
  const PortListener other("127.0.0.1", 20000, 32767);
  EXPECT_NE(one.port(), other.port());
  EXPECT_EQ(why_not_reached("127.0.0.1", one.port(), 30s), "");
  EXPECT_EQ(why_not_reached("127.0.0.1", one.port(), 30s), "");
}

TEST(Reach, who_does_not_listen_is_not) {
  std::uint16_t port = 0;
  {
    const PortListener gone("127.0.0.1", 20000, 32767);
    port = gone.port();
  }
  EXPECT_THAT(why_not_reached("127.0.0.1", port, 30s), HasSubstr("refused"));
}

TEST(Reach, a_range_that_is_taken_is_named) {
  const PortListener one("127.0.0.1", 20000, 32767);
  try {
    const PortListener other("127.0.0.1", one.port(), one.port());
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "every port of " + std::to_string(one.port()) + "-" + std::to_string(one.port()) +
                                " on 127.0.0.1 is taken");
  }
}

TEST(Reach, an_address_that_is_not_ours_is_named) {
  EXPECT_THROW(PortListener("203.0.113.7", 20000, 20001), Error);  // no machine's: RFC 5737
  EXPECT_THROW(PortListener("node1", 20000, 20001), Error);
}

TEST(Reach, other_words_are_refused) {
  const std::vector<std::vector<std::string>> all = {{},
                                                     {"listen"},
                                                     {"listen", "127.0.0.1", "20000"},
                                                     {"connect", "127.0.0.1", "x"},
                                                     {"connect", "node1", "20000"},
                                                     {"connect", "127.0.0.1", "70000"},
                                                     {"call", "127.0.0.1", "20000"}};
  for (const auto& words : all) EXPECT_EQ(reach_main(words), 2);
}

}  // namespace
}  // namespace wisp::launcher
