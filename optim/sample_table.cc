#include "optim/sample_table.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace wisp::optim {

namespace {

template <class T>
struct Saved {
  std::vector<T> alpha;
  std::vector<T> mean;
  template <class F>
  void fields(F& f) {
    f(alpha, mean);
  }
};

}  // namespace

template <class T>
void SampleTable<T>::hold(std::uint64_t samples) {
  WISP_CHECK(samples > 0, "a table is of one sample at least");
  if (alpha_.empty()) alpha_.resize(samples * mean_.size());
  if (alpha_.size() == samples * mean_.size()) return;
  throw Error("the saved table is of " + std::to_string(this->samples()) + " samples, but there are " +
              std::to_string(samples) + ": the job's data have changed since");
}

template <class T>
void SampleTable<T>::save(Packer& packer) const {
  pack(packer, Saved<T>{alpha_, mean_});
}

template <class T>
void SampleTable<T>::restore(Unpacker& unpacker) {
  Saved<T> saved;
  unpack(unpacker, saved);
  if (saved.mean.size() != mean_.size() || saved.alpha.size() % mean_.size() != 0) {
    throw DecodeError("saved table of " + std::to_string(saved.alpha.size()) + " numbers with a mean of " +
                      std::to_string(saved.mean.size()) + ", expected a mean of " +
                      std::to_string(mean_.size()));
  }
  alpha_ = std::move(saved.alpha);
  mean_ = std::move(saved.mean);
}

template class SampleTable<float>;
template class SampleTable<double>;

}  // namespace wisp::optim
