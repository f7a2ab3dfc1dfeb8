#include "sparse/metered.h"

#include <cmath>

#include <gtest/gtest.h>

#include "sparse/memory.h"

namespace wisp::sparse {
namespace {

constexpr std::uint32_t kDim = 50;

std::unique_ptr<Sparsifier<double>> made(const char* kind) {
  SparsifierSpec spec{.kind = kind};
  if (spec.kind != "identity") spec.density = 0.1;
  if (spec.kind == "random-blocks") spec.blocks = 25;
  return Catalog().make<double>(spec, kDim, 4, 7, 1);
}

std::vector<double> some(double first) {
  std::vector<double> values(kDim);
  for (std::size_t j = 0; j < values.size(); ++j) values[j] = std::sin(first + static_cast<double>(j));
  return values;
}

double squared(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum;
}

TEST(Metered, chooses_the_same_and_measures_when_it_is_asked_to) {
  for (const char* kind : {"identity", "top-k", "random-blocks"}) {
    Meter meter;
    const auto metered = make_metered(made(kind), meter);
    const std::vector<double> u = some(1);
    const auto chosen = made(kind)->select(u, 3);
    EXPECT_EQ(metered->select(u, 3), chosen);
    EXPECT_EQ(meter.whole, std::nullopt);
    meter.wanted = true;
    EXPECT_EQ(metered->select(u, 3), chosen);
    EXPECT_EQ(meter.whole, squared(u));
    EXPECT_EQ(meter.kept, squared(chosen.values));
    EXPECT_EQ(meter.memory, std::nullopt);
    EXPECT_EQ(metered->drawn().has_value(), made(kind)->drawn().has_value());
  }
}

TEST(Metered, measures_what_a_memory_keeps) {
  Meter meter;
  meter.wanted = true;
  const auto metered = make_metered(made("top-k"), meter);
  const auto plain = made("top-k");
  Memory<double> measured(kDim);
  Memory<double> memory(kDim);
  for (std::uint64_t round = 0; round < 5; ++round) {
    std::vector<double> u = some(static_cast<double>(round));
    for (std::size_t j = 0; j < u.size(); ++j) u[j] = memory.kept()[j] + 0.5 * u[j];
    const auto sent = memory.send(some(static_cast<double>(round)), 0.5, *plain, round);
    EXPECT_EQ(measured.send(some(static_cast<double>(round)), 0.5, *metered, round), sent);
    EXPECT_NEAR(*meter.whole, squared(u), 1e-12);
    EXPECT_NEAR(*meter.kept, squared(sent.values), 1e-12);
    EXPECT_NEAR(*meter.step, 0.5 * std::sqrt(squared(some(static_cast<double>(round)))), 1e-12);
    EXPECT_NEAR(*meter.memory, std::sqrt(squared({memory.kept().begin(), memory.kept().end()})), 1e-12);
  }
}

}  // namespace
}  // namespace wisp::sparse
