#include "optim/async_isgd.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/check.h"

namespace wisp::optim {
namespace {

template <class T>
struct Saved {
  std::vector<std::vector<T>> reading;
  std::vector<std::vector<T>> made;
  std::vector<double> w;
  template <class F>
  void fields(F& f) {
    f(reading, made, w);
  }
};

}  // namespace

template <class T>
AsyncIsgdMaster<T>::AsyncIsgdMaster(const MasterPlace& place)
    : gamma_(static_cast<T>(place.step / place.tau)),
      mean_step_(static_cast<T>(place.step)),
      regulariser_(problems::make_regulariser<T>(place.regulariser)),
      dim_(place.dim),
      reading_(place.workers),
      made_(place.workers) {
  WISP_CHECK(place.dim > 0 && place.workers > 0, "a job has at least one coordinate and one worker");
}

template <class T>
void AsyncIsgdMaster<T>::sent(std::uint32_t worker, std::span<const T> iterate) {
  WISP_CHECK(worker < reading_.size() && iterate.size() == dim_,
             "a worker of this job is sent an iterate of it");
  if (w_.empty()) {
    w_.assign(iterate.begin(), iterate.end());
    for (std::vector<T>& x : made_) x.assign(iterate.begin(), iterate.end());
  }
  reading_[worker].assign(iterate.begin(), iterate.end());
}

template <class T>
void AsyncIsgdMaster<T>::absorb(std::uint32_t worker, const sparse::VectorView<T>& update) {
  WISP_CHECK(worker < reading_.size() && !reading_[worker].empty(), "a worker answers what it was sent");
  std::vector<T>& x = reading_[worker];
  std::vector<T>& before = made_[worker];
  update.add_to(x, -gamma_);  // x_i+ = x - gamma (g_i)_{U_i}
  const double n = static_cast<double>(made_.size());
  for (std::size_t j = 0; j < x.size(); ++j) {
    w_[j] += (static_cast<double>(x[j]) - static_cast<double>(before[j])) / n;
  }
  std::swap(x, before);
  x.clear();
}

template <class T>
void AsyncIsgdMaster<T>::advance(std::span<T> iterate) {
  std::transform(w_.begin(), w_.end(), iterate.begin(), [](double each) { return static_cast<T>(each); });
  if (regulariser_) regulariser_->prox(mean_step_, iterate);
}

template <class T>
void AsyncIsgdMaster<T>::save(Packer& packer) const {
  pack(packer, Saved<T>{reading_, made_, w_});
}

template <class T>
void AsyncIsgdMaster<T>::restore(Unpacker& unpacker) {
  Saved<T> saved;
  unpack(unpacker, saved);
  const auto fits = [&](const std::vector<T>& x) { return x.empty() || x.size() == dim_; };
  const bool begun = saved.w.size() == dim_;
  const auto same = [&](const std::vector<T>& x) { return x.size() == saved.w.size(); };
  if (saved.reading.size() != reading_.size() || saved.made.size() != made_.size() ||
      !(begun || saved.w.empty()) || !std::all_of(saved.reading.begin(), saved.reading.end(), fits) ||
      !std::all_of(saved.made.begin(), saved.made.end(), same)) {
    throw DecodeError("saved state is of other workers, or of another dimension");
  }
  reading_ = std::move(saved.reading);
  made_ = std::move(saved.made);
  w_ = std::move(saved.w);
}

template class AsyncIsgdMaster<float>;
template class AsyncIsgdMaster<double>;

}  // namespace wisp::optim
