#include "tests/support/async_run.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/rng.h"
#include "sparse/encoded.h"
#include "sparse/received.h"
#include "tests/support/method_run.h"
#include "tests/support/transplant.h"

namespace wisp::test {
namespace {

constexpr std::size_t kHistory = 1024;  // iterates that are kept; what is staler reads the oldest

}  // namespace

template <class T>
AsyncRun<T>::AsyncRun(const Objectives<T>& objectives, const optim::MethodSpec& spec, std::uint64_t seed,
                      problems::Smoothness constants, std::vector<T> start, AsyncLaw law,
                      problems::RegulariserSpec regulariser)
    : objectives_(objectives),
      spec_(spec),
      seed_(seed),
      constants_(constants),
      law_(std::move(law)),
      regulariser_(std::move(regulariser)),
      history_({std::move(start)}),
      sent_(objectives.size()),
      sent_after_(objectives.size()),
      due_(objectives.size()),
      rounds_(objectives.size()) {
  law_.round_times.resize(objectives.size(), 1.0);
  make_rules();
  if (law_.staleness != Staleness::kEvents) return;
  for (std::size_t i = 0; i < objectives_.size(); ++i) send(i);
}

template <class T>
void AsyncRun<T>::make_rules() {
  const auto dim = static_cast<std::uint32_t>(x().size());
  const auto n = static_cast<std::uint32_t>(objectives_.size());
  workers_.clear();
  for (std::uint32_t i = 0; i < n; ++i) workers_.push_back(methods().make_worker<T>(seed_, i, n, dim, spec_));
  master_ = methods().make_master<T>(n, dim, spec_, constants_, regulariser_);
}

// To a worker that begins its next round now, which is when its last update came.
template <class T>
void AsyncRun<T>::send(std::size_t worker) {
  Rng rng(seed_, static_cast<std::uint32_t>(worker), rounds_[worker], Purpose::kCompute);
  due_[worker] -= law_.round_times[worker] * std::log1p(-rng.uniform());
  sent_[worker] = x();
  sent_after_[worker] = updates_;
  master_->sent(static_cast<std::uint32_t>(worker), x());
}

template <class T>
Arrival AsyncRun<T>::next() {
  if (law_.staleness == Staleness::kEvents) {
    const auto first = std::min_element(due_.begin(), due_.end());
    const auto worker = static_cast<std::size_t>(first - due_.begin());
    return {worker, sent_after_[worker]};
  }
  const auto n = static_cast<std::uint32_t>(objectives_.size());
  Rng rng(seed_, 0, updates_, Purpose::kNetwork);
  const std::size_t worker = rng.below(n);
  std::size_t late = 0;
  if (law_.staleness == Staleness::kUniform) {
    late = rng.below(2 * n - 1);
  } else if (n > 1) {
    late = static_cast<std::size_t>(std::log1p(-rng.uniform()) / std::log1p(-1.0 / n));
  }
  return {worker, updates_ - std::min({late, updates_, history_.size() - 1})};
}

template <class T>
const std::vector<T>& AsyncRun<T>::iterate_after(std::size_t updates) const {
  return history_[history_.size() - 1 - (updates_ - updates)];
}

template <class T>
void AsyncRun<T>::step() {
  last_ = next();
  const std::size_t i = last_.worker;
  const auto name = static_cast<std::uint32_t>(i);
  const bool events = law_.staleness == Staleness::kEvents;
  const std::vector<T>& read = events ? sent_[i] : iterate_after(last_.read);
  if (!events) master_->sent(name, read);

  const std::uint64_t round = rounds_[i]++;
  const sparse::Vector<T> sent = workers_[i]->step(round, read, *objectives_[i]);
  const sparse::Encoded encoded = sparse::encode(sent, spec_.wire.index_choice());
  sparse::Received<T> update;
  update.take(encoded, static_cast<std::uint32_t>(read.size()), {seed_, name, round});
  bytes_sent_ += encoded.payload_bytes();
  staleness_sum_ += static_cast<double>(updates_ - last_.read);
  staleness_max_ = std::max(staleness_max_, updates_ - last_.read);

  std::vector<T> iterate = x();
  master_->absorb(name, update.view());
  WISP_CHECK(update.vector() == sent, "a worker has sent what the master takes in");
  master_->advance(iterate);
  history_.push_back(std::move(iterate));
  if (history_.size() > (events ? 1 : kHistory)) history_.pop_front();
  ++updates_;
  if (events) send(i);
}

template <class T>
void AsyncRun<T>::restart() {
  const auto old_workers = std::move(workers_);
  const auto old_master = std::move(master_);
  make_rules();
  for (std::size_t i = 0; i < workers_.size(); ++i) transplant(*old_workers[i], *workers_[i]);
  transplant(*old_master, *master_);
}

template class AsyncRun<float>;
template class AsyncRun<double>;

}  // namespace wisp::test
