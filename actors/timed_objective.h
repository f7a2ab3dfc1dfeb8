#pragma once
// An objective that adds up what its gradients take: time, and rows.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "problems/objective.h"

namespace wisp::actors {

// Forwards to `objective`, which it owns; `now` is the actor's clock, `spent` and `rows_used` outlive it.
template <class T>
class TimedObjective : public problems::Objective<T> {
 public:
  TimedObjective(std::unique_ptr<problems::Objective<T>> objective,
                 std::function<std::chrono::nanoseconds()> now, std::chrono::nanoseconds& spent,
                 std::uint64_t& rows_used)
      : objective_(std::move(objective)), now_(std::move(now)), spent_(spent), rows_used_(rows_used) {}

  std::uint32_t dim() const override { return objective_->dim(); }
  std::uint64_t rows() const override { return objective_->rows(); }
  double loss(std::span<const T> x) override { return objective_->loss(x); }
  void gradient(std::span<const T> x, std::span<T> gradient) override {
    const auto start = now_();
    objective_->gradient(x, gradient);
    spent_ += now_() - start;
    rows_used_ += objective_->rows();
  }
  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const T> x,
                       std::span<T> gradient) override {
    const auto start = now_();
    objective_->sample_gradient(samples, x, gradient);
    spent_ += now_() - start;
    rows_used_ += samples.size();
  }
  std::optional<std::uint64_t> correct(std::span<const T> x) override { return objective_->correct(x); }
  void random_start(std::uint64_t seed, std::span<T> x) override { objective_->random_start(seed, x); }
  problems::Smoothness smoothness() override { return objective_->smoothness(); }

 private:
  const std::unique_ptr<problems::Objective<T>> objective_;
  const std::function<std::chrono::nanoseconds()> now_;
  std::chrono::nanoseconds& spent_;
  std::uint64_t& rows_used_;
};

}  // namespace wisp::actors
