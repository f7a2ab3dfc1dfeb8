#include "tests/support/oracle.h"

#include <cmath>
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

Dense Oracle::stochastic(std::size_t worker, const Dense& x) const {
  if (setting_.batch == 0 || setting_.batch >= setting_.samples[worker]) return setting_.gradient(worker, x);
  Rng rng(setting_.seed, static_cast<std::uint32_t>(worker), round_, Purpose::kBatch);
  std::vector<std::uint32_t> batch(setting_.batch);
  rng.sample_without_replacement(static_cast<std::uint32_t>(setting_.samples[worker]), batch);
  Dense mean(setting_.d, 0.0);
  for (const std::uint32_t j : batch) {
    const Dense g = setting_.sample_gradient(worker, j, x);
    for (std::size_t c = 0; c < setting_.d; ++c) mean[c] += g[c] / static_cast<double>(setting_.batch);
  }
  return mean;
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

void IbgdOracle::step() {
  Dense next(setting_.d, 0.0);
  for (std::size_t i = 0; i < setting_.n; ++i) {
    Rng rng(setting_.seed, static_cast<std::uint32_t>(i), round_, Purpose::kBlocks);
    const bool sends = rng.below(static_cast<std::uint32_t>(setting_.m)) < setting_.k;
    const Dense g = setting_.gradient(i, x_);
    for (std::size_t j = 0; j < setting_.d; ++j) {
      next[j] += (x_[j] - (sends ? setting_.gamma * g[j] : 0)) / static_cast<double>(setting_.n);
    }
  }
  x_ = next;
  ++round_;
}

void IsgdOracle::step() {
  const auto t = static_cast<double>(round_);
  const double gamma_t = setting_.gamma / (setting_.falling ? std::sqrt(t + 1) : 1 + setting_.decay * t);
  Dense next(setting_.d, 0.0);
  for (std::size_t i = 0; i < setting_.n; ++i) {
    const Dense s = restricted(stochastic(i, x_), i);
    for (std::size_t j = 0; j < setting_.d; ++j) {
      next[j] += (x_[j] - gamma_t * s[j]) / static_cast<double>(setting_.n);
    }
  }
  x_ = next;
  ++round_;
}

NesterovOracle::NesterovOracle(OracleSetting setting, Dense start)
    : Oracle(std::move(setting), std::move(start)), y_(x_) {}

void NesterovOracle::step() {
  const double root = std::sqrt(1 / (setting_.gamma * setting_.mu));  // of kappa
  const double beta = (root - 1) / (root + 1);
  Dense next = x_;
  for (std::size_t i = 0; i < setting_.n; ++i) {
    const Dense g = setting_.gradient(i, x_);
    for (std::size_t j = 0; j < setting_.d; ++j) {
      next[j] -= setting_.gamma * g[j] / static_cast<double>(setting_.n);
    }
  }
  for (std::size_t j = 0; j < setting_.d; ++j) x_[j] = next[j] + beta * (next[j] - y_[j]);
  y_ = next;
  ++round_;
}

IasgdOracle::IasgdOracle(OracleSetting setting, Dense start)
    : Oracle(std::move(setting), std::move(start)), y_(x_), v_(x_) {}

void IasgdOracle::step() {
  const double rho = 1 / (setting_.gamma * setting_.L);
  const double s = std::sqrt(setting_.mu / setting_.L) / rho;
  const double a = s / (1 + s);
  const double b = 1 - s;
  const double eta = std::sqrt(setting_.L / setting_.mu);
  Dense q(setting_.d, 0.0);
  for (std::size_t i = 0; i < setting_.n; ++i) {
    const Dense g = restricted(stochastic(i, x_), i);
    for (std::size_t j = 0; j < setting_.d; ++j) q[j] += g[j] / (static_cast<double>(setting_.n) * tau());
  }
  for (std::size_t j = 0; j < setting_.d; ++j) {
    y_[j] = x_[j] - setting_.gamma * q[j];
    v_[j] = b * v_[j] + (1 - b) * x_[j] - eta * setting_.gamma * q[j];
    x_[j] = a * v_[j] + (1 - a) * y_[j];
  }
  ++round_;
}

namespace {

Dense mean_of(const std::vector<Dense>& table) {
  Dense mean(table.front().size(), 0.0);
  for (const Dense& each : table) {
    for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += each[j] / static_cast<double>(table.size());
  }
  return mean;
}

}  // namespace

SagaOracle::SagaOracle(OracleSetting setting, Dense start)
    : Oracle(std::move(setting), std::move(start)), alpha_(setting_.samples[0], Dense(setting_.d, 0.0)) {}

void SagaOracle::step() {
  Rng rng(setting_.seed, 0, round_, Purpose::kBatch);
  Dense& alpha = alpha_[rng.below(static_cast<std::uint32_t>(alpha_.size()))];
  const Dense mean = mean_of(alpha_);
  const Dense g = setting_.sample_gradient(0, static_cast<std::size_t>(&alpha - alpha_.data()), x_);
  for (std::size_t j = 0; j < setting_.d; ++j) x_[j] -= setting_.gamma * (g[j] - alpha[j] + mean[j]);
  alpha = g;
  ++round_;
}

IsagaOracle::IsagaOracle(OracleSetting setting, Dense start) : Oracle(std::move(setting), std::move(start)) {
  for (const std::size_t l : setting_.samples) alpha_.emplace_back(l, Dense(setting_.d, 0.0));
}

void IsagaOracle::step() {
  Dense next(setting_.d, 0.0);
  for (std::size_t i = 0; i < setting_.n; ++i) {
    Rng rng(setting_.seed, static_cast<std::uint32_t>(i), round_, Purpose::kBatch);
    const std::size_t drawn = rng.below(static_cast<std::uint32_t>(setting_.samples[i]));
    const Dense mean = mean_of(alpha_[i]);
    const Dense g = setting_.sample_gradient(i, drawn, x_);
    Dense difference(setting_.d);
    for (std::size_t j = 0; j < setting_.d; ++j) difference[j] = g[j] - alpha_[i][drawn][j];
    difference = restricted(difference, i);
    const Dense memory = restricted(mean, i);
    for (std::size_t j = 0; j < setting_.d; ++j) {
      next[j] += (x_[j] - setting_.gamma * (difference[j] + memory[j])) / static_cast<double>(setting_.n);
      alpha_[i][drawn][j] += difference[j];
    }
  }
  x_ = next;
  ++round_;
}

IsagaSharedOracle::IsagaSharedOracle(OracleSetting setting, Dense start)
    : Oracle(std::move(setting), std::move(start)), alpha_(setting_.samples[0], Dense(setting_.d, 0.0)) {}

void IsagaSharedOracle::step() {
  Rng rng(setting_.seed, 0, round_, Purpose::kBatch);
  std::vector<std::uint32_t> drawn(setting_.n);
  rng.sample_without_replacement(static_cast<std::uint32_t>(alpha_.size()), drawn);
  const Dense mean = mean_of(alpha_);  // of before this round
  Dense next(setting_.d, 0.0);
  for (std::size_t i = 0; i < setting_.n; ++i) {
    Dense& alpha = alpha_[drawn[i]];
    Dense difference = setting_.sample_gradient(i, drawn[i], x_);
    for (std::size_t j = 0; j < setting_.d; ++j) difference[j] -= alpha[j];
    difference = restricted(difference, i);
    const Dense memory = restricted(mean, i);
    for (std::size_t j = 0; j < setting_.d; ++j) {
      next[j] += (x_[j] - setting_.gamma * (difference[j] + memory[j])) / static_cast<double>(setting_.n);
      alpha[j] += difference[j];
    }
  }
  x_ = next;
  ++round_;
}

}  // namespace wisp::test
