#include "optim/isaga_shared.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/rng.h"

namespace wisp::optim {

std::span<const std::uint32_t> SharedDraw::of_round(std::uint64_t round, std::uint64_t samples) {
  WISP_CHECK(chosen_.size() <= samples, "there are as many distinct samples as workers");
  Rng rng(seed_, 0, round, Purpose::kBatch);
  rng.sample_without_replacement(static_cast<std::uint32_t>(samples), chosen_);
  return chosen_;
}

template <class T>
IsagaSharedWorker<T>::IsagaSharedWorker(const WorkerPlace& place)
    : worker_(place.worker),
      draw_(place.seed, place.workers),
      sparsifier_(place.make_sparsifier<T>()),
      gradient_(place.dim) {}

template <class T>
sparse::Vector<T> IsagaSharedWorker<T>::step(std::uint64_t round, std::span<const T> x,
                                             problems::Objective<T>& f) {
  const std::uint32_t j = draw_.of_round(round, f.rows())[worker_];
  f.sample_gradient(std::span(&j, 1), x, gradient_);
  return sparsifier_->select(gradient_, round);
}

template <class T>
IsagaSharedMaster<T>::IsagaSharedMaster(const MasterPlace& place)
    : step_(static_cast<T>(place.step / place.tau / place.workers)),
      samples_(place.samples),
      draw_(place.seed, place.workers),
      workers_(place.workers),
      table_(place.dim),
      sum_(place.dim),
      change_(place.dim) {
  table_.hold(samples_);
}

template <class T>
void IsagaSharedMaster<T>::absorb(std::uint32_t worker, const sparse::VectorView<T>& update) {
  WISP_CHECK(absorbed_ < workers_, "a round has more updates than workers");
  ++absorbed_;
  const std::span<T> alpha = table_.alpha(draw_.of_round(round_, samples_)[worker]);
  const std::span<const T> alphabar = table_.mean();  // of before this round
  update.for_each([&](std::uint32_t c, T sent) {
    const T d = sent - alpha[c];
    sum_[c] += d + alphabar[c];
    change_[c] += d;
    alpha[c] += d;  // no other worker has this j
  });
}

template <class T>
void IsagaSharedMaster<T>::advance(std::span<T> iterate) {
  WISP_CHECK(absorbed_ == workers_, "a round advances before every worker's update was absorbed");
  const std::span<T> alphabar = table_.mean();
  for (std::size_t c = 0; c < iterate.size(); ++c) {
    iterate[c] -= step_ * sum_[c];
    alphabar[c] += change_[c] / static_cast<T>(samples_);
  }
  std::fill(sum_.begin(), sum_.end(), T{0});
  std::fill(change_.begin(), change_.end(), T{0});
  absorbed_ = 0;
  ++round_;
}

template <class T>
void IsagaSharedMaster<T>::save(Packer& packer) const {
  WISP_CHECK(absorbed_ == 0, "a master is saved between rounds");
  packer.array(2);
  packer.unsigned_integer(round_);
  table_.save(packer);
}

template <class T>
void IsagaSharedMaster<T>::restore(Unpacker& unpacker) {
  SampleTable<T> saved(static_cast<std::uint32_t>(sum_.size()));
  if (unpacker.enter_array() < 2) throw DecodeError("saved state of isaga-shared is a round and a table");
  const std::uint64_t round = unpacker.unsigned_integer();
  saved.restore(unpacker);
  unpacker.leave_array();
  if (saved.samples() != samples_) {
    throw DecodeError("saved table of " + std::to_string(saved.samples()) + " samples, expected " +
                      std::to_string(samples_));
  }
  round_ = round;
  table_ = std::move(saved);
  std::fill(sum_.begin(), sum_.end(), T{0});
  std::fill(change_.begin(), change_.end(), T{0});
  absorbed_ = 0;
}

template class IsagaSharedWorker<float>;
template class IsagaSharedWorker<double>;
template class IsagaSharedMaster<float>;
template class IsagaSharedMaster<double>;

}  // namespace wisp::optim
