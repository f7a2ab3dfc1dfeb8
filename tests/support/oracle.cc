#include "tests/support/oracle.h"

#include <utility>

#include "base/rng.h"

namespace wisp::test {

Oracle::Oracle(OracleSetting setting, Dense start) : setting_(std::move(setting)), x_(std::move(start)) {}

Dense Oracle::restricted(const Dense& v, std::size_t worker) const {
  Rng rng(setting_.seed, static_cast<std::uint32_t>(worker), round_, Purpose::kBlocks);
  std::vector<std::uint32_t> chosen(setting_.k);
  rng.sample_without_replacement(static_cast<std::uint32_t>(setting_.m), chosen);
  Dense kept(setting_.d, 0.0);
  for (std::size_t j = 0; j < setting_.d; ++j) {
    // The block of coordinate j, by counting: the first d mod m blocks have one coordinate more than the
    // others.
    std::size_t block = 0;
    std::size_t end = 0;
    while (true) {
      end += setting_.d / setting_.m + (block < setting_.d % setting_.m ? 1 : 0);
      if (j < end) break;
      ++block;
    }
    for (const std::uint32_t each : chosen) {
      if (each == block) kept[j] = v[j];
    }
  }
  return kept;
}

void GdOracle::step() {
  Dense mean(setting_.d, 0.0);
  for (std::size_t i = 0; i < setting_.n; ++i) {
    const Dense g = setting_.gradient(i, x_);
    for (std::size_t j = 0; j < setting_.d; ++j) mean[j] += g[j] / static_cast<double>(setting_.n);
  }
  for (std::size_t j = 0; j < setting_.d; ++j) x_[j] = x_[j] - setting_.gamma * mean[j];
  ++round_;
}

void IbcdOracle::step() {
  Dense next(setting_.d, 0.0);
  for (std::size_t i = 0; i < setting_.n; ++i) {
    const Dense s = restricted(setting_.gradient(i, x_), i);
    for (std::size_t j = 0; j < setting_.d; ++j) {
      next[j] += (x_[j] - setting_.gamma * s[j]) / static_cast<double>(setting_.n);
    }
  }
  x_ = next;
  ++round_;
}

IsegaOracle::IsegaOracle(OracleSetting setting, Dense start)
    : Oracle(std::move(setting), std::move(start)), h_(setting_.n, Dense(setting_.d, 0.0)) {}

void IsegaOracle::step() {
  Dense mean(setting_.d, 0.0);
  for (std::size_t i = 0; i < setting_.n; ++i) {
    Dense difference = setting_.gradient(i, x_);
    for (std::size_t j = 0; j < setting_.d; ++j) difference[j] -= h_[i][j];
    difference = restricted(difference, i);
    for (std::size_t j = 0; j < setting_.d; ++j) {
      const double g = h_[i][j] + difference[j] / tau();
      mean[j] += g / static_cast<double>(setting_.n);
      h_[i][j] = h_[i][j] + tau() * (g - h_[i][j]);
    }
  }
  for (std::size_t j = 0; j < setting_.d; ++j) x_[j] = x_[j] - setting_.gamma * mean[j];
  ++round_;
}

}  // namespace wisp::test
