#include "config/numbers.h"

#include <gtest/gtest.h>

namespace wisp::config {
namespace {

TEST(Numbers, are_those_of_json) {
  EXPECT_EQ(parse_number("0"), 0.0);
  EXPECT_EQ(parse_number("-0.5"), -0.5);
  EXPECT_EQ(parse_number("1e-3"), 1e-3);
  EXPECT_EQ(parse_number("1E+3"), 1000.0);
  EXPECT_EQ(parse_number("0.1"), 0.1);
  for (const char* bad :
       {"",    "-",    "010",  "00",    "-01",    ".5",     "5.", "1e", "1e+", "+1", "0x10", "1_000", "nan",
        "inf", "-inf", ".inf", "1e400", "-1e400", "1e-400", "1 ", " 1", "1,5", "1f", "0b1",  "0o7"}) {
    EXPECT_EQ(parse_number(bad), std::nullopt) << bad;
  }
}

TEST(Numbers, integers_are_digits_below_two_to_the_64) {
  EXPECT_EQ(parse_integer("0"), 0u);
  EXPECT_EQ(parse_integer("18446744073709551615"), 18446744073709551615u);
  for (const char* bad : {"", "-1", "+1", "18446744073709551616", "010", "1.0", "1e3", "0x1", "1 "}) {
    EXPECT_EQ(parse_integer(bad), std::nullopt) << bad;
  }
}

TEST(Numbers, hints_guess_what_was_meant) {
  EXPECT_EQ(number_hint("010"), "did you mean 10?");
  EXPECT_EQ(number_hint(".5"), "did you mean 0.5?");
  EXPECT_EQ(number_hint("5."), "did you mean 5?");
  EXPECT_EQ(number_hint("1_000"), "did you mean 1000?");
  EXPECT_EQ(number_hint("+3"), "did you mean 3?");
  EXPECT_EQ(number_hint("1e400"), "no float64 can hold it");
  EXPECT_EQ(number_hint("nan"), "");
  EXPECT_EQ(number_hint("many"), "");
  EXPECT_EQ(integer_hint("1e3"), "did you mean 1000?");
  EXPECT_EQ(integer_hint("5000.0"), "did you mean 5000?");
  EXPECT_EQ(integer_hint("007"), "did you mean 7?");
  EXPECT_EQ(integer_hint("2.5"), "");
  EXPECT_EQ(integer_hint("-3"), "");
}

}  // namespace
}  // namespace wisp::config
