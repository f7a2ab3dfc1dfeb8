#pragma once
// Iterate: the values of x, shared by all who hold a copy until one of them is written to.
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/intrusive.h"

namespace wisp::actors {

// Copies cost nothing, so that a master may hand x to any number of workers of its own process, and keep old
// ones. Several copies may be on several threads; one is not thread-safe. T is float or double.
template <class T>
class Iterate {
 public:
  Iterate() = default;
  Iterate(std::vector<T> values) : values_(make_ref<Values>(std::move(values))) {}

  std::size_t size() const { return values_ ? values_->all.size() : 0; }
  const T* data() const { return values_ ? values_->all.data() : nullptr; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  const T& operator[](std::size_t i) const { return data()[i]; }
  // Valid until the next write() or assignment. The other copies keep what they have: if there are any, this
  // one gets values of its own first.
  std::span<T> write() {
    if (!values_) return {};
    if (!values_->unique()) values_ = make_ref<Values>(values_->all);
    return values_->all;
  }
  // The same memory: one more copy of this one.
  Bytes bytes() const {
    return Bytes(std::make_shared<const Iterate>(*this), std::as_bytes(std::span<const T>(*this)));
  }
  bool shares_with(const Iterate& other) const { return values_ == other.values_; }

 private:
  struct Values : RefCounted<Values> {
    explicit Values(std::vector<T> values) : all(std::move(values)) {}
    std::vector<T> all;
  };
  Ref<Values> values_;
};

}  // namespace wisp::actors
