#include "actors/down_link.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/index_codec.h"

namespace wisp::actors {

namespace {

constexpr std::size_t kStretch = 64;  // coordinates that are compared at once
// More than this share of all coordinates is found sooner by a pass over all of them than from a list.
constexpr std::size_t kListShare = 16;

// Values are equal if their bits are: a -0 for a 0 is a change, a NaN for the same NaN is none.
template <class T>
bool differ(T a, T b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<Bits>(a) != std::bit_cast<Bits>(b);
}

// Appends where a[begin..] and b[begin..] differ.
template <class T>
void find_changes(std::span<const T> a, std::span<const T> b, std::vector<std::uint32_t>& changed) {
  std::size_t found = changed.size();
  for (std::size_t begin = 0; begin < a.size(); begin += kStretch) {
    const std::size_t end = std::min(begin + kStretch, a.size());
    if (std::memcmp(&a[begin], &b[begin], (end - begin) * sizeof(T)) == 0) continue;
    changed.resize(found + (end - begin));
    for (std::size_t i = begin; i < end; ++i) {
      changed[found] = static_cast<std::uint32_t>(i);
      found += differ(a[i], b[i]) ? 1 : 0;
    }
    changed.resize(found);
  }
}

// So many at a time, which the compiler does at once.
std::uint64_t sum_of(std::span<const std::uint32_t> counts) {
  constexpr std::size_t kStep = 16;
  std::array<std::uint32_t, kStep> sums{};
  std::size_t i = 0;
  for (; i + kStep <= counts.size(); i += kStep) {
    for (std::size_t j = 0; j < kStep; ++j) sums[j] += counts[i + j];
  }
  const std::uint64_t rest =
      std::accumulate(counts.begin() + static_cast<std::ptrdiff_t>(i), counts.end(), std::uint64_t{0});
  return std::accumulate(sums.begin(), sums.end(), rest);
}

}  // namespace

DownPlan down_plan(const optim::BroadcastSpec& broadcast, std::uint32_t dim, std::uint32_t workers,
                   DownPlan::Bases bases) {
  DownPlan plan;
  plan.bases = bases;
  if (broadcast.kind == "delta") plan.kind = DownPlan::Kind::kDelta;
  if (broadcast.kind == "sparse") {
    plan.kind = DownPlan::Kind::kSparse;
    plan.chosen = broadcast.chosen(dim, workers);
  }
  return plan;
}

template <class T>
ModelEncoder<T>::ModelEncoder(DownPlan plan, std::uint32_t dim, std::uint32_t workers)
    : plan_(plan), dim_(dim), has_(workers) {
  WISP_CHECK(dim > 0, "a model has a coordinate");
  const bool sparse = plan.kind == DownPlan::Kind::kSparse;
  WISP_CHECK(!sparse || (plan.chosen > 0 && plan.chosen <= dim), "k is from 1 to the dimension");
  if (sparse) difference_.resize(dim);
  if (plan.kind != DownPlan::Kind::kDense && plan.bases == DownPlan::Bases::kEach) stamps_.resize(dim);
  WISP_CHECK(!plan.weighs || (plan.shares && plan.kind == DownPlan::Kind::kDelta && !stamps_.empty()),
             "what is only weighed is a change of what is shared");
}

template <class T>
void ModelEncoder<T>::show(const Iterate<T>& iterate) {
  if (!begin_version(iterate)) return;
  WISP_CHECK(!plan_.weighs, "an encoder that weighs is told what was touched");
  if (plan_.kind == DownPlan::Kind::kSparse) {
    take_largest(iterate);
  } else {
    find_changes(std::span<const T>(iterate), std::span<const T>(shown_), changed_);
  }
  take_changes(iterate);
}

template <class T>
void ModelEncoder<T>::show(const Iterate<T>& iterate, std::span<const std::uint32_t> touched) {
  if (plan_.kind != DownPlan::Kind::kDelta) return show(iterate);
  if (!begin_version(iterate)) return;
  if (plan_.weighs) {
    shown_ = iterate;
    return count_changes(touched);
  }
  for (const std::uint32_t coordinate : touched) {
    if (differ(iterate[coordinate], shown_[coordinate])) changed_.push_back(coordinate);
  }
  take_changes(iterate);
}

// False: that was all.
template <class T>
bool ModelEncoder<T>::begin_version(const Iterate<T>& iterate) {
  WISP_CHECK(iterate.size() == dim_, "an iterate of the model's dimension");
  const bool first = version_++ == 0;
  forget_message();
  changed_.clear();
  if (!first && plan_.kind != DownPlan::Kind::kDense) return true;
  shown_ = iterate;
  return false;
}

template <class T>
void ModelEncoder<T>::take_changes(const Iterate<T>& iterate) {
  if (!changed_.empty()) {
    const std::span<T> shown = shown_.write();
    for (const std::uint32_t coordinate : changed_) shown[coordinate] = iterate[coordinate];
  }
  if (stamps_.empty()) return;
  for (const std::uint32_t coordinate : changed_) stamps_[coordinate] = version_;
  recent_.push_back(changed_);
  recent_count_ += changed_.size();
  while (recent_count_ > dim_ / kListShare || recent_.size() > dim_) {
    recent_count_ -= recent_.front().size();
    recent_.pop_front();
  }
}

template <class T>
void ModelEncoder<T>::count_changes(std::span<const std::uint32_t> touched) {
  for (const std::uint32_t coordinate : touched) {
    const std::uint64_t before = version_ - std::exchange(stamps_[coordinate], version_);
    if (before <= counts_.size()) --counts_[counts_.size() - before];
  }
  if (counts_.size() >= 2 * std::size_t{dim_}) counts_.erase(counts_.begin(), counts_.begin() + dim_);
  counts_.push_back(static_cast<std::uint32_t>(touched.size()));
}

// By what the gaps between so many coordinates take in the mean, in Rice code.
template <class T>
std::size_t ModelEncoder<T>::weight(std::uint64_t base) const {
  const std::size_t whole_bytes = std::size_t{dim_} * sizeof(T);
  const std::uint64_t versions = version_ - base;
  if (base == 0 || versions > counts_.size()) return whole_bytes;
  const std::uint64_t count = sum_of(std::span(counts_).last(versions));
  if (count == 0) return 0;
  const std::uint64_t gaps = dim_ - count;
  const unsigned width = static_cast<unsigned>(std::bit_width(gaps * 7 / (count * 10) | 1)) - 1;
  const std::uint64_t bits = count * (1 + width) + (gaps >> width);
  const std::size_t bytes =
      count * sizeof(T) + std::min<std::uint64_t>((bits + 7) / 8, (std::uint64_t{dim_} + 7) / 8);
  return std::min(bytes, whole_bytes);
}

// A whole one shares what was shown.
template <class T>
void ModelEncoder<T>::forget_message() {
  encoded_.reset();
  vector_ = {};
}

template <class T>
void ModelEncoder<T>::let_go() {
  if (plan_.kind != DownPlan::Kind::kDense && !plan_.weighs) return;
  forget_message();
  shown_ = {};
}

template <class T>
void ModelEncoder<T>::take_largest(std::span<const T> iterate) {
  const std::span<const T> shown(shown_);
  for (std::size_t j = 0; j < iterate.size(); ++j) difference_[j] = iterate[j] - shown[j];
  const auto chosen = top_k_.select(difference_, plan_.chosen);
  for (const std::uint32_t coordinate : chosen.indices) {
    if (differ(iterate[coordinate], shown[coordinate])) changed_.push_back(coordinate);
  }
}

template <class T>
Model<T> ModelEncoder<T>::to(std::uint32_t worker, std::uint64_t round) {
  Model<T> model = message(round, has_[worker]);
  has_[worker] = version_;
  return model;
}

template <class T>
Model<T> ModelEncoder<T>::to_all(std::uint64_t round) {
  const auto other = std::find_if(has_.begin(), has_.end(), [&](auto each) { return each != has_.front(); });
  WISP_CHECK(other == has_.end(), "all workers have one version");
  Model<T> model = message(round, has_.front());
  std::fill(has_.begin(), has_.end(), version_);
  return model;
}

template <class T>
Model<T> ModelEncoder<T>::message(std::uint64_t round, std::uint64_t base) {
  WISP_CHECK(shown_.size() == dim_, "something was shown");
  if (plan_.weighs) {
    Model<T> model;
    model.attempt = plan_.attempt;
    model.round = round;
    model.version = version_;
    model.base = base;
    model.vector.dim = dim_;
    model.shared = shown_;
    model.weight = weight(base);
    return model;
  }
  const bool changes = plan_.kind != DownPlan::Kind::kDense && base != 0;
  if (!changes && base != version_) base = 0;
  if (encoded_ != base) {
    vector_ = base != 0 && is_known(base) ? change_since(base) : whole();
    if (vector_.support == sparse::Support::kAll) base = 0;
    encoded_ = base;
  }
  Model<T> model;
  model.attempt = plan_.attempt;
  model.round = round;
  model.version = version_;
  model.base = base;
  model.vector = vector_;
  if (plan_.shares) model.shared = shown_;
  return model;
}

// Whole, if that is smaller.
template <class T>
sparse::Encoded ModelEncoder<T>::change_since(std::uint64_t base) const {
  std::vector<std::uint32_t> numbers = changed_since(base);
  const std::size_t whole_bytes = shown_.size() * sizeof(T);
  if (numbers.size() == shown_.size()) return whole();
  sparse::Encoded change =
      sparse::encode(sparse::Vector<T>::at(std::span<const T>(shown_), std::move(numbers)));
  return change.payload_bytes() < whole_bytes ? change : whole();
}

// Each coordinate is found with the version that changed it last.
template <class T>
std::vector<std::uint32_t> ModelEncoder<T>::changed_since(std::uint64_t base) const {
  const std::uint64_t versions = version_ - base;
  if (versions == 0) return {};
  if (versions == 1) return changed_;
  std::vector<std::uint32_t> numbers;
  if (versions > recent_.size()) {
    for (std::size_t j = 0; j < stamps_.size(); ++j) {
      if (stamps_[j] > base) numbers.push_back(static_cast<std::uint32_t>(j));
    }
    return numbers;
  }
  for (std::uint64_t version = base + 1; version <= version_; ++version) {
    for (const std::uint32_t coordinate : recent_[recent_.size() - 1 - (version_ - version)]) {
      if (stamps_[coordinate] == version) numbers.push_back(coordinate);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

template <class T>
void decode_model(const Model<T>& message, std::uint32_t dim, sparse::Vector<T>& vector) {
  const bool whole = message.base == 0;
  if (whole && message.vector.support != sparse::Support::kAll) {
    throw DecodeError("a model without a base, and without some of its coordinates");
  }
  if (message.version == 0 && !whole) throw DecodeError("a model without a version that has a base");
  const std::span<const std::byte> numbers = message.vector.numbers.span();
  if (!numbers.empty() &&
      numbers.front() >= std::byte{static_cast<std::uint8_t>(sparse::IndexCodec::kSubset)}) {
    throw DecodeError("a model with coordinates that are drawn");
  }
  sparse::decode(message.vector, dim, sparse::DrawKey{}, vector);
}

template <class T>
bool ModelDecoder<T>::take(const Model<T>& message) {
  const bool whole = message.base == 0;
  if (!whole && message.base != version_) return false;
  if (message.shared.size() == dim_) {
    shared_ = message.shared;
    kept_ = false;
    version_ = message.version;
    return true;
  }
  if (!whole && !kept_) return false;
  decode_model(message, dim_, vector_);
  if (whole) {
    iterate_.swap(vector_.values);
  } else {
    vector_.for_each([&](std::uint32_t coordinate, T value) { iterate_[coordinate] = value; });
  }
  shared_ = {};
  kept_ = true;
  version_ = message.version;
  return true;
}

template class ModelEncoder<float>;
template class ModelEncoder<double>;
template void decode_model(const Model<float>&, std::uint32_t, sparse::Vector<float>&);
template void decode_model(const Model<double>&, std::uint32_t, sparse::Vector<double>&);
template class ModelDecoder<float>;
template class ModelDecoder<double>;

}  // namespace wisp::actors
