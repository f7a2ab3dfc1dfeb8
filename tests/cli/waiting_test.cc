#include "cli/waiting.h"

#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using namespace std::chrono_literals;

TEST(WhileSaying, gives_what_the_work_gives_or_throws) {
  const auto say = [](const std::string&) {};
  EXPECT_EQ(while_saying(say, "x", [] { return 7; }), 7);
  const auto [fault, text] =
      test::error_of([&] { while_saying(say, "x", []() -> int { throw Error("no", Fault::kConfig); }); });
  EXPECT_EQ(fault, Fault::kConfig);
  EXPECT_EQ(text, "no");
}

TEST(WhileSaying, says_what_takes_long_until_it_is_done) {
  std::promise<std::string> said;
  bool first = true;
  const auto say = [&](const std::string& text) {
    if (std::exchange(first, false)) said.set_value(text);
  };
  EXPECT_EQ(while_saying(
                say, "reading the data", [&] { return said.get_future().get(); }, 10ms),
            "reading the data (0 s)");
}

}  // namespace
}  // namespace wisp::cli
