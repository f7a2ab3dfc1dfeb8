#include "runtime/tap.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::runtime {
namespace {

using testing::HasSubstr;

TEST(Tap, goes_to_loopback_and_to_paths) {
  EXPECT_EQ(check_tap("127.0.0.1:9465"), "tcp://127.0.0.1:9465");
  EXPECT_EQ(check_tap("tcp://localhost:9465"), "tcp://localhost:9465");
  EXPECT_EQ(check_tap("tcp://[::1]:9465"), "tcp://[::1]:9465");
  EXPECT_EQ(check_tap("ipc:///tmp/tap"), "ipc:///tmp/tap");
}

std::string refusal(const std::string& endpoint) {
  try {
    (void)check_tap(endpoint);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
    return error.what();
  }
  return "";
}

TEST(Tap, goes_nowhere_else) {
  EXPECT_THAT(refusal("10.0.0.1:9465"), HasSubstr("not encrypted"));
  EXPECT_THAT(refusal("0.0.0.0:9465"), HasSubstr("not encrypted"));
  EXPECT_THAT(refusal("example.org:9465"), HasSubstr("not encrypted"));
  EXPECT_THAT(refusal("127.0.0.1"), HasSubstr("no port"));
  EXPECT_THAT(refusal("127.0.0.1:99999"), HasSubstr("cannot copy updates to"));
  EXPECT_THAT(refusal("udp://127.0.0.1:1"), HasSubstr("cannot copy updates to"));
}

}  // namespace
}  // namespace wisp::runtime
