#include "base/clock.h"

#include <gtest/gtest.h>

namespace wisp {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

system_clock::time_point at(std::int64_t milliseconds_since_1970) {
  return system_clock::time_point(milliseconds(milliseconds_since_1970));
}

TEST(Utc, is_written_to_the_millisecond) {
  EXPECT_EQ(format_utc(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_utc(at(1'772'331'187'123)), "2026-03-01T02:13:07.123Z");
  EXPECT_EQ(format_utc(at(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_utc(at(0) + std::chrono::nanoseconds(1'999'999)), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(format_utc(at(0) - std::chrono::nanoseconds(1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_utc(at(951'782'400'000)), "2000-02-29T00:00:00.000Z");
}

TEST(Utc, reads_what_it_writes) {
  for (std::int64_t time = -4'000'000'000'000; time < 4'000'000'000'000; time += 12'345'678'901) {
    EXPECT_EQ(parse_utc(format_utc(at(time))), at(time));
  }
}

TEST(Utc, reads_any_fraction_up_to_nanoseconds) {
  EXPECT_EQ(parse_utc("1970-01-01T00:00:01Z"), at(1000));
  EXPECT_EQ(parse_utc("1970-01-01T00:00:01.5Z"), at(1500));
  EXPECT_EQ(parse_utc("1970-01-01T00:00:00.000000007Z"), at(0) + std::chrono::nanoseconds(7));
}

TEST(Utc, refuses_other_texts_and_impossible_dates) {
  for (const char* text :
       {"", "Z", "2026-03-01", "2026-03-01T02:13:07.123", "2026-03-01T02:13:07.123Zx", "2026-03-01 02:13:07Z",
        "2026-13-01T02:13:07Z", "2026-02-29T02:13:07Z", "2026-02-00T02:13:07Z", "2026-03-01T24:13:07Z",
        "2026-03-01T02:60:07Z", "2026-03-01T02:13:61Z", "2026-03-01T02:13:07.Z",
        "2026-03-01T02:13:07.1234567890Z", "2026-3-01T02:13:07Z", "+026-03-01T02:13:07Z",
        "2026-03-01T02:13:07.12aZ", "9999-01-01T00:00:00Z", "2026-03-01T02:13:07.123"}) {
    EXPECT_EQ(parse_utc(text), std::nullopt) << text;
  }
}

TEST(SystemClock, steady_never_goes_back) {
  const SystemClock clock;
  std::chrono::nanoseconds last = clock.steady();
  for (int i = 0; i < 1000; ++i) {
    const std::chrono::nanoseconds now = clock.steady();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClock, wall_is_the_time_of_the_system) {
  const auto before = system_clock::now();
  const auto time = SystemClock().wall();
  EXPECT_GE(time, before);
  EXPECT_LE(time, system_clock::now());
}

}  // namespace
}  // namespace wisp
