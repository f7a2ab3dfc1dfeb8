#include "base/text.h"

#include <cstdio>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

TEST(EditDistance, counts_insertions_deletions_replacements_and_swaps) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("spread", "spred"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("replcias", "replicas"), 1u);
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);  // no part is edited twice
}

TEST(EditDistance, is_a_symmetric_distance) {
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  const auto word = [&] {
    std::string text(rng.below(7), 'a');
    for (char& c : text) c = static_cast<char>('a' + rng.below(3));
    return text;
  };
  for (int i = 0; i < 5'000; ++i) {
    const std::string a = word(), b = word();
    const std::size_t distance = edit_distance(a, b);
    EXPECT_EQ(distance, edit_distance(b, a));
    EXPECT_EQ(distance == 0, a == b);
    EXPECT_GE(distance, std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
    EXPECT_LE(distance, std::max(a.size(), b.size()));
  }
}

TEST(Nearest, is_what_was_probably_meant) {
  const std::vector<std::string> words = {"spread", "pack", "label", "replicas", "step_size"};
  EXPECT_EQ(nearest("spred", words), "spread");
  EXPECT_EQ(nearest("replica", words), "replicas");
  EXPECT_EQ(nearest("Step_Size", words), "step_size");
  EXPECT_EQ(nearest("stepsize", words), "step_size");
  EXPECT_EQ(nearest("back", words), "pack");
}

TEST(Nearest, is_nothing_for_a_word_of_another_kind) {
  EXPECT_EQ(nearest("momentum", {"spread", "pack", "label"}), std::nullopt);
  EXPECT_EQ(nearest("x", {"y", "z"}), std::nullopt);
  EXPECT_EQ(nearest("", {"spread"}), std::nullopt);
  EXPECT_EQ(nearest("word", {}), std::nullopt);
}

TEST(Duration, needs_a_whole_number_and_a_unit) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("10s"), milliseconds(10'000));
  EXPECT_EQ(parse_duration("5m"), milliseconds(300'000));
  EXPECT_EQ(parse_duration("2h"), milliseconds(7'200'000));
  EXPECT_EQ(parse_duration("0s"), milliseconds(0));
  for (const char* text : {"", "10", "s", "10 s", "-1s", "+1s", "1.5s", "10S", "10sec", "1h30m", "0x10s",
                           " 10s", "99999999999999999999s", "9999999999999999h", "18446744073709551615ms"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, is_written_in_the_largest_exact_unit) {
  EXPECT_EQ(format_duration(milliseconds(0)), "0s");
  EXPECT_EQ(format_duration(milliseconds(1500)), "1500ms");
  EXPECT_EQ(format_duration(milliseconds(90'000)), "90s");
  EXPECT_EQ(format_duration(milliseconds(300'000)), "5m");
  EXPECT_EQ(format_duration(milliseconds(7'200'000)), "2h");
}

TEST(Size, needs_a_whole_number_and_a_unit) {
  EXPECT_EQ(parse_size("512B"), 512u);
  EXPECT_EQ(parse_size("64MiB"), 64u << 20);
  EXPECT_EQ(parse_size("1GB"), 1'000'000'000u);
  EXPECT_EQ(parse_size("3kB"), 3000u);
  EXPECT_EQ(parse_size("16777215TiB"), 16777215ull << 40);
  for (const char* text : {"", "64", "MiB", "64 MiB", "64mib", "64M", "1.5GB", "-1B", "16777216TiB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Size, is_written_in_the_largest_exact_unit) {
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(1), "1B");
  EXPECT_EQ(format_size(64u << 20), "64MiB");
  EXPECT_EQ(format_size(3000), "3kB");
  EXPECT_EQ(format_size(1'000'001), "1000001B");
}

TEST(Quantities, are_read_as_they_were_written) {
  Rng rng(test::seed(), 0, 1, Purpose::kData);
  for (int i = 0; i < 2'000; ++i) {
    const std::uint64_t number = rng.next64() >> rng.below(64);
    EXPECT_EQ(parse_size(format_size(number)), number);
    const milliseconds duration(static_cast<std::int64_t>(number >> 1));
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
  }
}

TEST(EscapeText, leaves_nothing_that_a_terminal_obeys) {
  EXPECT_EQ(escape_text("plain text \\n |", 100), "plain text \\n |");
  EXPECT_EQ(escape_text("a\nb\tc\rd", 100), "a\\nb\\tc\\x0dd");
  EXPECT_EQ(escape_text("\x1b[31mred", 100), "\\x1b[31mred");
  EXPECT_EQ(escape_text(std::string_view("\0\x7f", 2), 100), "\\x00\\x7f");
}

TEST(EscapeText, keeps_utf8_and_escapes_what_is_none) {
  EXPECT_EQ(escape_text("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 100),
            "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(escape_text("\xc2\x9b", 100), "\\xc2\\x9b");           // C1: an escape sequence's beginning
  EXPECT_EQ(escape_text("\xc0\xaf", 100), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(escape_text("\xe0\x80\xaf", 100), "\\xe0\\x80\\xaf");  // overlong
  EXPECT_EQ(escape_text("\xed\xa0\x80", 100), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(escape_text("\xf4\x90\x80\x80", 100), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(escape_text("\xe2\x82", 100), "\\xe2\\x82");                    // cut short
}

TEST(EscapeText, cuts_at_a_whole_character) {
  EXPECT_EQ(escape_text("abcdef", 6), "abcdef");
  EXPECT_EQ(escape_text("abcdefg", 6), "abc...");
  EXPECT_EQ(escape_text("ab\ncdefg", 6), "ab...");
  EXPECT_EQ(escape_text("ab\xe2\x82\xac\xe2\x82\xac", 7), "ab...");
  EXPECT_EQ(escape_text("abc", 2), "..");
  EXPECT_EQ(escape_text("abc", 0), "");
}

TEST(EscapeText, is_within_its_size_and_changes_nothing_twice) {
  Rng rng(test::seed(), 0, 2, Purpose::kData);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(rng.below(30), ' ');
    for (char& c : text) c = static_cast<char>(rng.below(256));
    const std::size_t max = rng.below(60);
    const std::string escaped = escape_text(text, max);
    EXPECT_LE(escaped.size(), max);
    EXPECT_EQ(escape_text(escaped, max), escaped);
  }
}

TEST(Names, are_letters_digits_underscore_and_hyphen) {
  for (const char* text : {"a", "worker-3", "A_b-9", "-"}) EXPECT_TRUE(is_name(text)) << text;
  for (const char* text : {"", "a b", "a.b", "a/b", "\xc3\xa9", "a\n"}) EXPECT_FALSE(is_name(text)) << text;
  EXPECT_TRUE(is_name(std::string(64, 'x')));
  EXPECT_FALSE(is_name(std::string(65, 'x')));
}

TEST(Names, of_hosts_can_not_be_options_or_paths) {
  for (const char* text : {"node1", "node-1.example.org", "192.0.2.1", "_a"})
    EXPECT_TRUE(is_host_name(text)) << text;
  for (const char* text : {"", "-oProxyCommand=x", ".ssh", "a b", "a/b", "a;b", "a@b", "a\n"}) {
    EXPECT_FALSE(is_host_name(text)) << text;
  }
}

// What a shell makes of printf %s <quoted>.
std::string through_a_shell(const std::string& quoted) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(("printf %s " + quoted).c_str(), "r"), ::pclose);
  std::string result;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) result += static_cast<char>(c);
  return result;
}

TEST(ShellQuote, keeps_one_word_whatever_is_in_it) {
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  for (const std::string text : {"a b", "'", "$(id)", "`id`;&|<>", "\\'\"\n\t*?", "-n", "''x''", "!$1~#"}) {
    EXPECT_EQ(through_a_shell(shell_quote(text)), text);
  }
}

TEST(Split, keeps_empty_parts_and_join_is_its_reverse) {
  EXPECT_THAT(split("a,b,,c", ','), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
  EXPECT_EQ(join(split("a,b,,c", ','), ","), "a,b,,c");
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
}

}  // namespace
}  // namespace wisp
