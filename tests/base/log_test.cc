#include "base/log.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/process.h"
#include "base/rng.h"
#include "base/text.h"
#include "tests/support/seed.h"

namespace wisp {
namespace {

class Recorder : public Log {
 public:
  using Log::Log;
  void write(Level level, std::string_view text) override {
    lines.push_back(std::string(to_string(level)) + " " + std::string(text));
  }
  std::vector<std::string> lines;
};

TEST(Level, has_a_word_each) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    EXPECT_EQ(parse_level(to_string(level)), level);
  }
  EXPECT_EQ(parse_level("warning"), std::nullopt);
  EXPECT_EQ(parse_level(""), std::nullopt);
}

TEST(Log, leaves_out_what_is_under_its_minimum) {
  Recorder log(Level::kWarn);
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  EXPECT_EQ(log.lines, (std::vector<std::string>{"warn c", "error d"}));
  EXPECT_FALSE(log.takes(Level::kInfo));
}

LogLine example() {
  return {*parse_utc("2026-03-01T02:13:07.123Z"), "worker-3", 2, "node2", 1840, "warn", "text"};
}

TEST(LogLine, is_written_as_stored) {
  LogLine line = example();
  EXPECT_EQ(format(line), "2026-03-01T02:13:07.123Z worker-3#2@node2 r1840 warn | text");
  line.round = 0;
  EXPECT_EQ(format(line), "2026-03-01T02:13:07.123Z worker-3#2@node2 r0 warn | text");
  line.round.reset();
  line.level = "err";
  line.text = "a\nb\x1b[31m";
  EXPECT_EQ(format(line), "2026-03-01T02:13:07.123Z worker-3#2@node2 err | a\\nb\\x1b[31m");
}

TEST(LogLine, reads_what_it_writes) {
  std::vector<LogLine> lines(4, example());
  lines[1].round.reset();
  lines[2].text = " | a | b ";
  lines[3].text = "";
  lines[3].level = "out";
  for (const LogLine& line : lines) {
    const auto read = parse_log_line(format(line));
    ASSERT_TRUE(read) << format(line);
    EXPECT_EQ(read->time, line.time);
    EXPECT_EQ(read->actor, line.actor);
    EXPECT_EQ(read->attempt, line.attempt);
    EXPECT_EQ(read->host, line.host);
    EXPECT_EQ(read->round, line.round);
    EXPECT_EQ(read->level, line.level);
    EXPECT_EQ(read->text, line.text);
  }
}

TEST(LogLine, is_capped) {
  LogLine line = example();
  line.text = std::string(100'000, 'x');
  const auto read = parse_log_line(format(line));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text.size(), LogLine::kTextMax);
  EXPECT_TRUE(read->text.ends_with("x..."));
}

TEST(LogLine, refuses_other_texts) {
  for (const char* text :
       {"", "text", "2026-03-01T02:13:07.123Z", "2026-03-01T02:13:07.123Z worker-3#2@node2 warn text",
        "2026-03-01T02:13:07.123Z worker-3@node2 warn | text",
        "2026-03-01T02:13:07.123Z worker-3#x@node2 warn | text",
        "2026-03-01T02:13:07.123Z worker-3#-1@node2 warn | text",
        "2026-03-01T02:13:07.123Z #1@node2 warn | text", "2026-03-01T02:13:07.123Z worker-3#1@ warn | text",
        "2026-03-01T02:13:07.123Z worker-3#1@node2 rx warn | text",
        "2026-03-01T02:13:07.123Z worker-3#1@node2 r1 loud | text",
        "2026-03-01T02:13:07.123Z worker-3#1@node2 r1  warn | text",
        "2026-03-01T25:13:07.123Z worker-3#1@node2 warn | text"}) {
    EXPECT_FALSE(parse_log_line(text)) << text;
  }
}

TEST(NodeLine, reads_what_it_writes) {
  const auto time = *parse_utc("2026-03-01T02:13:07.123456Z");
  const NodeLine line{"worker-3", Level::kWarn, 1840, "one\ttwo\nthree", time};
  const std::string text = format_node_line(line);
  EXPECT_EQ(text, "\x1eworker-3\twarn\t1840\t1772331187123456\tone\\ttwo\\nthree\n");
  const auto read = parse_node_line(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->actor, "worker-3");
  EXPECT_EQ(read->level, Level::kWarn);
  EXPECT_EQ(read->round, 1840u);
  EXPECT_EQ(read->time, time);
  EXPECT_EQ(read->text, "one\\ttwo\\nthree");
  EXPECT_EQ(parse_node_line("\x1emaster\tinfo\t-\t0\t")->round, std::nullopt);
}

TEST(NodeLine, fits_what_a_pipe_takes_in_one_piece) {
  const NodeLine line{std::string(64, 'a'), Level::kDebug, 0xffffffffffffffff, std::string(10'000, 'x')};
  EXPECT_EQ(format_node_line(line).size(), 4096u);
}

TEST(NodeLine, leaves_raw_output_alone) {
  for (const char* text :
       {"", "hello", "worker\tinfo\t-\t0\ttext", "\x1eworker\tinfo\t-", "\x1eworker\tinfo\t-\t0",
        "\x1eworker\tloud\t-\t0\ttext", "\x1e\tinfo\t-\t0\ttext", "\x1ewor ker\tinfo\t-\t0\ttext",
        "\x1eworker\tinfo\tx\t0\ttext", "\x1eworker\tinfo\t\t0\ttext",
        "\x1eworker\tinfo\t99999999999999999999\t0\ttext", "\x1eworker\tinfo\t-\tx\ttext",
        "\x1eworker\tinfo\t-\t-1\ttext", "\x1eworker\tinfo\t-\t9999999999999999\ttext"}) {
    EXPECT_FALSE(parse_node_line(text)) << text;
  }
}

TEST(NodeLine, survives_any_bytes) {
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  const std::string alphabet = "\x1e\t\n-wa09 \x80\xff|#@rinfo";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    const std::uint32_t size = rng.below(40);
    for (std::uint32_t j = 0; j < size; ++j)
      text += alphabet[rng.below(static_cast<std::uint32_t>(alphabet.size()))];
    const auto line = parse_node_line(text);
    EXPECT_TRUE(!line || is_name(line->actor));
    parse_log_line(text);
  }
}

std::string read_to_end(int fd) {
  std::string all;
  char piece[4096];
  while (const ssize_t size = ::read(fd, piece, sizeof piece)) {
    if (size < 0) break;
    all.append(piece, static_cast<std::size_t>(size));
  }
  return all;
}

TEST(LineSink, writes_a_line_with_the_round_once_there_is_one) {
  auto [read_end, write_end] = make_pipe();
  LineSink sink(write_end.get(), "worker-0");
  const auto begin = std::chrono::time_point_cast<std::chrono::microseconds>(SystemClock().wall());
  sink.info("before");
  sink.set_round(7);
  sink.warn("during");
  sink.debug("not wanted");
  write_end.reset();
  const std::vector<std::string> said = split(read_to_end(read_end.get()), '\n');
  ASSERT_EQ(said.size(), 3u);
  const auto first = parse_node_line(said[0]);
  const auto second = parse_node_line(said[1]);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(std::tie(first->text, first->round, first->level),
            std::tuple("before", std::optional<std::uint64_t>(), Level::kInfo));
  EXPECT_EQ(std::tie(second->text, second->round, second->level),
            std::tuple("during", std::optional<std::uint64_t>(7), Level::kWarn));
  EXPECT_LE(begin, first->time);
  EXPECT_LE(first->time, second->time);
}

TEST(LineSink, lines_of_many_threads_stay_whole) {
  auto [read_end, write_end] = make_pipe();
  constexpr int threads = 4, lines = 200;
  std::string all;
  {
    const std::jthread reader([&, fd = read_end.get()] { all = read_to_end(fd); });
    {
      std::vector<std::jthread> writers;
      for (int i = 0; i < threads; ++i) {
        writers.emplace_back([i, fd = write_end.get()] {
          LineSink sink(fd, "actor-" + std::to_string(i));
          for (int j = 0; j < lines; ++j)
            sink.info(std::string(static_cast<std::size_t>(5000), static_cast<char>('a' + i)));
        });
      }
    }
    write_end.reset();
  }
  std::vector<std::string> parts = split(all, '\n');
  EXPECT_EQ(parts.back(), "");
  parts.pop_back();
  EXPECT_EQ(parts.size(), std::size_t{threads * lines});
  for (const std::string& part : parts) {
    const auto line = parse_node_line(part);
    ASSERT_TRUE(line);
    EXPECT_EQ(part.size(), 4095u);
    EXPECT_EQ(line->text.find_first_not_of(line->text.front()), line->text.size() - 3);
  }
}

TEST(LineSink, does_not_mind_that_it_can_not_write) {
  LineSink sink(-1, "worker-0");
  sink.error("nobody hears this");
}

TEST(LineSink, refuses_an_actor_without_a_proper_name) { EXPECT_THROW(LineSink(2, "a b"), Error); }

}  // namespace
}  // namespace wisp
