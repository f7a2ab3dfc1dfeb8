#include "runtime/limited_log.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/simulated_clock.h"

namespace wisp::runtime {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

class Kept : public Log {
 public:
  explicit Kept(Lines& lines) : lines_(lines) {}
  void write(Level, std::string_view text) override { lines_.emplace_back(text); }

 private:
  Lines& lines_;
};

class LimitedLogTest : public testing::Test {
 protected:
  void flood(int lines) {
    for (int i = 0; i < lines; ++i) log_->warn("x");
  }
  Lines lines_;
  SimulatedClock clock_;
  std::unique_ptr<LimitedLog> log_ = std::make_unique<LimitedLog>(std::make_unique<Kept>(lines_), clock_);
};

TEST_F(LimitedLogTest, passes_so_many_a_second_and_counts_the_rest) {
  flood(1000);
  EXPECT_EQ(lines_.size(), LimitedLog::kLinesMax);
  clock_.advance(1s);
  log_->error("y");
  ASSERT_EQ(lines_.size(), LimitedLog::kLinesMax + 2);
  EXPECT_EQ(lines_[LimitedLog::kLinesMax], "950 lines were left out here: too many a second");
  EXPECT_EQ(lines_.back(), "y");
}

TEST_F(LimitedLogTest, says_at_its_end_what_was_left_out) {
  flood(53);
  log_.reset();
  EXPECT_EQ(lines_.back(), "3 lines were left out here: too many a second");
}

TEST_F(LimitedLogTest, what_the_log_behind_it_does_not_take_does_not_count) {
  for (int i = 0; i < 100; ++i) log_->debug("x");
  flood(50);
  EXPECT_EQ(lines_, Lines(50, "x"));
}

}  // namespace
}  // namespace wisp::runtime
