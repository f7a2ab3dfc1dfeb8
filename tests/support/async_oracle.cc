#include "tests/support/async_oracle.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace wisp::test {
namespace {

Dense mean_of(const std::vector<Dense>& vectors) {
  Dense mean(vectors.front().size(), 0.0);
  for (const Dense& each : vectors) {
    for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += each[j] / static_cast<double>(vectors.size());
  }
  return mean;
}

// argmin_z shrink ||z||_1 + 1/2 ||z - x||^2
Dense soft_threshold(Dense x, double shrink) {
  for (double& each : x) {
    if (each > shrink) {
      each -= shrink;
    } else if (each < -shrink) {
      each += shrink;
    } else {
      each = 0;
    }
  }
  return x;
}

}  // namespace

AsyncOracle::AsyncOracle(OracleSetting setting, Dense start)
    : Oracle(std::move(setting), start), iterates_({start}), rounds_(setting_.n) {}

Dense AsyncOracle::restricted_next(const Dense& v, std::size_t worker) {
  round_ = rounds_[worker]++;
  return restricted(v, worker);
}

void AsyncOracle::go_to(Dense x) {
  x_ = std::move(x);
  iterates_.push_back(x_);
}

AsyncSgdOracle::AsyncSgdOracle(OracleSetting setting, Dense start, How how)
    : AsyncOracle(std::move(setting), std::move(start)),
      how_(how),
      memory_(setting_.n, Dense(setting_.d, 0.0)),
      velocity_(setting_.d, 0.0) {}

Dense AsyncSgdOracle::chosen(const Dense& u, std::size_t worker) {
  if (how_.choice == Choice::kDrawn) return restricted_next(u, worker);
  ++rounds_[worker];
  if (how_.choice == Choice::kAll) return u;
  Dense kept(u.size(), 0.0);
  if (how_.choice == Choice::kAbove) {
    for (std::size_t j = 0; j < u.size(); ++j) {
      if (std::abs(u[j]) >= how_.threshold * setting_.gamma) kept[j] = u[j];
    }
    return kept;
  }
  std::vector<std::size_t> order(u.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return std::abs(u[a]) > std::abs(u[b]); });
  for (std::size_t rank = 0; rank < setting_.k; ++rank) kept[order[rank]] = u[order[rank]];
  return kept;
}

void AsyncSgdOracle::arrive(std::size_t worker, std::size_t read) {
  const double t = static_cast<double>(rounds_[worker]);
  const double eta = how_.falling ? setting_.gamma / std::sqrt(t + 1) : setting_.gamma;
  Dense u = setting_.gradient(worker, iterates_[read]);
  for (std::size_t j = 0; j < u.size(); ++j) u[j] = eta * u[j] + (how_.memory ? memory_[worker][j] : 0);
  const Dense s = chosen(u, worker);
  Dense next = x_;
  for (std::size_t j = 0; j < u.size(); ++j) {
    memory_[worker][j] = u[j] - s[j];
    velocity_[j] = how_.momentum * velocity_[j] + how_.scale * s[j];
    next[j] -= velocity_[j];
  }
  go_to(next);
}

AsyncIsgdOracle::AsyncIsgdOracle(OracleSetting setting, Dense start, double shrink)
    : AsyncOracle(std::move(setting), start), shrink_(shrink), made_(setting_.n, start) {}

void AsyncIsgdOracle::arrive(std::size_t worker, std::size_t read) {
  const Dense& x = iterates_[read];
  const Dense g = restricted_next(setting_.gradient(worker, x), worker);
  for (std::size_t j = 0; j < x.size(); ++j) made_[worker][j] = x[j] - setting_.gamma * g[j];
  go_to(soft_threshold(mean_of(made_), shrink_));
}

AsyncIsegaOracle::AsyncIsegaOracle(OracleSetting setting, Dense start, double shrink)
    : AsyncOracle(std::move(setting), std::move(start)),
      shrink_(shrink),
      h_(setting_.n, Dense(setting_.d, 0.0)) {}

void AsyncIsegaOracle::arrive(std::size_t worker, std::size_t read) {
  Dense difference = setting_.gradient(worker, iterates_[read]);
  for (std::size_t j = 0; j < difference.size(); ++j) difference[j] -= h_[worker][j];
  difference = restricted_next(difference, worker);
  const Dense hbar = mean_of(h_);
  Dense next = x_;
  for (std::size_t j = 0; j < next.size(); ++j) {
    next[j] -= setting_.gamma / static_cast<double>(setting_.n) * (hbar[j] + difference[j] / tau());
    h_[worker][j] += difference[j];
  }
  go_to(soft_threshold(next, shrink_));
}

}  // namespace wisp::test
