#include "cli/control.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Control : public testing::Test {
 protected:
  test::Scratch scratch_;
  const std::filesystem::path path_ = ControlSocket::path_in(scratch_.folder());
};

TEST_F(Control, a_request_gets_its_answer) {
  ControlSocket socket(path_, [](const std::string& request) { return "<" + request + ">"; });
  for (const char* each : {"one", "two", ""})
    EXPECT_EQ(ask_driver(path_, each, 10s), std::string("<") + each + ">");
  const std::string large(40'000, 'x');
  EXPECT_EQ(ask_driver(path_, large, 10s), "<" + large + ">");
}

TEST_F(Control, who_asks_and_goes_does_no_harm) {
  ControlSocket socket(path_, [](const std::string&) { return std::string(200'000, 'x'); });
  EXPECT_EQ(ask_driver(path_, "a", 10s).size(), 200'000u);
  const auto [fault, text] = test::error_of([&] { ask_driver(path_, std::string(100'000, 'x'), 10s); });
  EXPECT_EQ(fault, Fault::kUnreachable) << "a request that is too long is not answered";
  EXPECT_EQ(ask_driver(path_, "b", 10s).size(), 200'000u);
}

TEST_F(Control, is_gone_with_its_driver) {
  {
    ControlSocket socket(path_, [](const std::string&) { return "x"; });
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  const auto [fault, text] = test::error_of([&] { ask_driver(path_, "a", 1s); });
  EXPECT_EQ(fault, Fault::kUnreachable);
  EXPECT_THAT(text, HasSubstr("does not listen at " + path_.string()));
}

TEST_F(Control, a_driver_that_does_not_answer_is_not_waited_for_for_ever) {
  std::promise<void> asked;
  ControlSocket socket(path_, [&](const std::string&) {
    asked.get_future().wait();
    return "late";
  });
  const auto [fault, text] = test::error_of([&] { ask_driver(path_, "a", 50ms); });
  EXPECT_EQ(fault, Fault::kUnreachable);
  EXPECT_THAT(text, HasSubstr("has not answered within 50ms"));
  asked.set_value();
}

}  // namespace
}  // namespace wisp::cli
