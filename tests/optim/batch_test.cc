#include "optim/batch.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/dense_objective.h"

namespace wisp::optim {
namespace {

// Its sample j has the gradient j, in one dimension: what was drawn can be read off.
class Counting : public problems::Objective<double> {
 public:
  explicit Counting(std::uint64_t rows) : rows_(rows) {}
  std::uint32_t dim() const override { return 1; }
  std::uint64_t rows() const override { return rows_; }
  double loss(std::span<const double>) override { return 0; }
  void gradient(std::span<const double>, std::span<double> gradient) override { gradient[0] = -1; }
  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const double>,
                       std::span<double> gradient) override {
    last.assign(samples.begin(), samples.end());
    gradient[0] = static_cast<double>(samples.front());
  }
  problems::Smoothness smoothness() override { return {}; }
  std::vector<std::uint32_t> last;

 private:
  std::uint64_t rows_;
};

const std::vector<double> kX{0};

TEST(BatchGradient, is_whole_without_a_batch_size_and_where_the_batch_is_everything) {
  Counting f(5);
  for (const std::uint32_t size : {0u, 5u, 6u}) {
    BatchGradient<double> g({.dim = 1, .batch_size = size});
    EXPECT_EQ(g.at(kX, 3, f)[0], -1) << size;
  }
}

TEST(BatchGradient, draws_each_row_equally_often_and_none_twice_in_a_batch) {
  Counting f(5);
  BatchGradient<double> g({.seed = 9, .worker = 2, .dim = 1, .batch_size = 2});
  std::vector<int> count(5);
  for (std::uint64_t round = 0; round < 5'000; ++round) {
    g.at(kX, round, f);
    EXPECT_EQ(std::set<std::uint32_t>(f.last.begin(), f.last.end()).size(), 2u);
    for (const std::uint32_t row : f.last) ++count.at(row);
  }
  for (const int each : count) EXPECT_NEAR(each, 2'000, 200);  // 5.8 standard deviations
}

TEST(BatchGradient, is_drawn_by_seed_worker_and_round) {
  Counting f(1'000'000);
  const auto drawn = [&](std::uint64_t seed, std::uint32_t worker, std::uint64_t round) {
    return BatchGradient<double>({.seed = seed, .worker = worker, .dim = 1, .batch_size = 3})
        .at(kX, round, f)[0];
  };
  EXPECT_EQ(drawn(1, 2, 3), drawn(1, 2, 3));
  EXPECT_NE(drawn(1, 2, 3), drawn(2, 2, 3));
  EXPECT_NE(drawn(1, 2, 3), drawn(1, 3, 3));
  EXPECT_NE(drawn(1, 2, 3), drawn(1, 2, 4));
}

// Has no samples: as a problem that is not made of rows.
class Whole : public Counting {
 public:
  Whole() : Counting(0) {}
  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const double> x,
                       std::span<double> gradient) override {
    problems::Objective<double>::sample_gradient(samples, x, gradient);
  }
};

TEST(BatchGradient, is_refused_where_there_are_no_rows) {
  Whole f;
  BatchGradient<double> g({.dim = 1, .batch_size = 2});
  EXPECT_THROW(g.at(kX, 0, f), Error);
}

}  // namespace
}  // namespace wisp::optim
