#include "cli/progress_line.h"

#include <csignal>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "base/process.h"

namespace wisp::cli {
namespace {

actors::Progress progress(std::uint64_t round) {
  actors::Progress progress;
  progress.round = round;
  progress.loss = 0.5;
  return progress;
}

// A display whose words come out of a pipe.
class Shown {
 public:
  Shown(bool terminal, bool quiet)
      : ends_(make_pipe()), display(Display::Style{ends_.second.get(), terminal, quiet}) {}
  // All of it so far; nothing can be shown afterwards.
  std::string text() {
    display.redirect(-1);
    ends_.second.reset();
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got; (got = ::read(ends_.first.get(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  void close_reader() { ends_.first.reset(); }

 private:
  std::pair<Descriptor, Descriptor> ends_;

 public:
  Display display;
};

TEST(ProgressText, says_how_far_how_good_how_much_how_fast) {
  actors::Progress far = progress(1840);
  far.loss = 0.331204;
  far.gap = 1.2e-4;
  far.uplink_bytes = 1'363'149;
  far.seconds = 0.5;
  EXPECT_EQ(progress_text(far), "round 1840  loss 0.331204  gap 1.20e-04  up 1.30 MiB  3680 rounds/s");
  EXPECT_EQ(progress_text(progress(0)), "round 0  loss 0.5  up 0 B");
}

TEST(SizeText, has_three_digits) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1000), "0.98 KiB");
  EXPECT_EQ(size_text(1024), "1.00 KiB");
  EXPECT_EQ(size_text(10'239), "10.0 KiB");
  EXPECT_EQ(size_text(123 << 10), "123 KiB");
  EXPECT_EQ(size_text((1u << 20) - 1), "1.00 MiB");
  EXPECT_EQ(size_text(3ull << 40), "3.00 TiB");
  EXPECT_EQ(size_text(5000ull << 40), "5000 TiB");
}

TEST(Display, says_whole_lines_where_there_is_no_terminal) {
  Shown shown(false, false);
  shown.display.say("starting");
  shown.display.progress(progress(0));
  shown.display.warn("oh");
  shown.display.finish();
  EXPECT_EQ(shown.text(), "starting\nround 0  loss 0.5  up 0 B\noh\n");
}

TEST(Display, says_a_line_in_two_seconds_at_most) {
  Shown shown(false, false);
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t round = 1; round <= 1000; ++round) shown.display.progress(progress(round));
  const auto spent = std::chrono::steady_clock::now() - start;
  const std::string text = shown.text();
  EXPECT_EQ(text.substr(0, 8), "round 1 ");
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 1 + spent / std::chrono::seconds(2));
}

TEST(Display, renews_its_line_on_a_terminal) {
  Shown shown(true, false);
  shown.display.progress(progress(0));
  shown.display.progress(progress(0));
  shown.display.say("a host is slow");
  shown.display.say("very");
  shown.display.progress(progress(0));
  shown.display.finish();
  shown.display.finish();
  const std::string line = "round 0  loss 0.5  up 0 B";
  const std::string clear = "\r\x1b[K";
  EXPECT_EQ(shown.text(), line + clear + line + clear + "a host is slow\nvery\n" + line + clear);
}

TEST(Display, only_warns_when_quiet) {
  Shown shown(true, true);
  shown.display.say("starting");
  shown.display.progress(progress(0));
  shown.display.warn("oh");
  EXPECT_EQ(shown.text(), "oh\n");
}

TEST(Display, goes_on_when_nobody_reads) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  Shown shown(false, false);
  shown.close_reader();
  shown.display.say("to nobody");
  shown.display.warn("still to nobody");
  std::signal(SIGPIPE, before);
}

}  // namespace
}  // namespace wisp::cli
