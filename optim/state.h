#pragma once
// Pieces that the rules share: the sum of a round's updates, and dense state that is saved and restored.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/vector.h"

namespace wisp::optim {

// S = sum_i s_i by index-add, in the order of the calls: several workers may send the same block in one
// round.
template <class T>
class UpdateSum {
 public:
  UpdateSum(std::uint32_t dim, std::uint32_t workers) : sum_(dim), workers_(workers) {
    WISP_CHECK(dim > 0 && workers > 0, "a job has at least one coordinate and one worker");
  }

  void add(const sparse::VectorView<T>& update) {
    WISP_CHECK(added_ < workers_, "a round has more updates than workers");
    update.add_to(sum_, T{1});
    ++added_;
  }
  // The sum of a whole round; clear() starts the next.
  std::span<const T> whole() const {
    WISP_CHECK(added_ == workers_, "a round advances before every worker's update was absorbed");
    return sum_;
  }
  void clear() {
    std::fill(sum_.begin(), sum_.end(), T{0});
    added_ = 0;
  }
  bool empty() const { return added_ == 0; }
  std::uint32_t workers() const { return workers_; }

 private:
  std::vector<T> sum_;
  std::uint32_t workers_;
  std::uint32_t added_ = 0;
};

// The update of an asynchronous step, from absorb() to advance().
template <class T>
class OneUpdate {
 public:
  void set(const sparse::VectorView<T>& update) {
    WISP_CHECK(empty_, "an asynchronous master advances after each update");
    update_.dim = update.dim;
    update_.support = update.support;
    update_.blocks = update.blocks;
    update_.numbers.resize(update.numbers.size());
    for (std::size_t i = 0; i < update.numbers.size(); ++i) update_.numbers[i] = update.numbers[i];
    update_.values.resize(update.values.size());
    for (std::size_t i = 0; i < update.values.size(); ++i) update_.values[i] = update.values[i];
    empty_ = false;
  }
  const sparse::Vector<T>& get() const {
    WISP_CHECK(!empty_, "an asynchronous master advances after an update");
    return update_;
  }
  void clear() { empty_ = true; }
  bool empty() const { return empty_; }

 private:
  sparse::Vector<T> update_;
  bool empty_ = true;
};

// Replaces `state` by a vector of the same size. Throws DecodeError for any other.
template <class T>
void restore_state(Unpacker& unpacker, std::vector<T>& state) {
  std::vector<T> saved;
  unpack(unpacker, saved);
  if (saved.size() != state.size()) {
    throw DecodeError("saved state has " + std::to_string(saved.size()) + " numbers, expected " +
                      std::to_string(state.size()));
  }
  state = std::move(saved);
}

// The same for the number of the next round and a vector, one value together.
template <class T>
struct RoundState {
  std::uint64_t round = 0;
  std::vector<T> vector;
  template <class F>
  void fields(F& f) {
    f(round, vector);
  }
};

template <class T>
void restore_state(Unpacker& unpacker, RoundState<T>& state) {
  RoundState<T> saved;
  unpack(unpacker, saved);
  if (saved.vector.size() != state.vector.size()) {
    throw DecodeError("saved state has " + std::to_string(saved.vector.size()) + " numbers, expected " +
                      std::to_string(state.vector.size()));
  }
  state = std::move(saved);
}

}  // namespace wisp::optim
