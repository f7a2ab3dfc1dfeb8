#include "launcher/log_format.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::launcher {
namespace {

LogLine line() {
  return LogLine{
      *parse_utc("2026-03-01T02:13:07.123Z"), "worker-3", 2, "node2", 1840, "warn", "a \"b\"\x1b[31m\n"};
}

void expect_same(const std::optional<LogLine>& read, const LogLine& written) {
  ASSERT_TRUE(read);
  EXPECT_EQ(read->time, written.time);
  EXPECT_EQ(read->actor, written.actor);
  EXPECT_EQ(read->attempt, written.attempt);
  EXPECT_EQ(read->host, written.host);
  EXPECT_EQ(read->round, written.round);
  EXPECT_EQ(read->level, written.level);
  EXPECT_EQ(read->text, "a \"b\"\\x1b[31m\\n");
}

TEST(LogFormat, json_is_one_line_and_comes_back) {
  EXPECT_EQ(
      to_json(line()),
      R"({"time":"2026-03-01T02:13:07.123Z","actor":"worker-3","attempt":2,"host":"node2","round":1840,)"
      R"("level":"warn","text":"a \"b\"\\x1b[31m\\n"})");
  expect_same(parse_stored(to_json(line())), line());
  LogLine without = line();
  without.round.reset();
  expect_same(parse_stored(to_json(without)), without);
}

TEST(LogFormat, both_forms_are_read) { expect_same(parse_stored(format(line())), line()); }

TEST(LogFormat, other_text_is_no_line) {
  for (const char* text : {"", "{", "{}", "[]", "{\"time\":1}",
                           R"({"time":"never","actor":"a","attempt":1,"host":"h",)"
                           R"("round":null,"level":"info","text":""})",
                           "plain"}) {
    EXPECT_FALSE(parse_stored(text)) << text;
  }
}

TEST(LogFormat, survives_any_bytes) {
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  const std::string whole = to_json(line());
  for (int i = 0; i < 2000; ++i) {
    std::string text = whole;
    for (int j = 0; j < 3; ++j) {
      text[rng.below(static_cast<std::uint32_t>(text.size()))] = static_cast<char>(rng.below(256));
    }
    parse_stored(text);
  }
}

}  // namespace
}  // namespace wisp::launcher
