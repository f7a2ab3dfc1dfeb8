#pragma once
// Inner products in one order on every processor: four sums side by side, added as (0 + 1) + (2 + 3).
#include <cstddef>
#include <cstdint>
#include <span>

namespace wisp::problems {

// a'b, computed in Sum. Both have a.size() entries.
template <class Sum, class A, class B>
Sum dot(std::span<const A> a, std::span<const B> b) {
  Sum sum[4] = {0, 0, 0, 0};
  const std::size_t size = a.size();
  std::size_t i = 0;
  for (; i + 4 <= size; i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      sum[lane] += static_cast<Sum>(a[i + lane]) * static_cast<Sum>(b[i + lane]);
    }
  }
  for (; i < size; ++i) sum[i % 4] += static_cast<Sum>(a[i]) * static_cast<Sum>(b[i]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// term(0) + ... + term(size - 1) in that order, where term gives a Sum.
template <class Sum, class Term>
Sum sum_of_terms(std::size_t size, Term term) {
  Sum sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
  std::size_t i = 0;
  for (; i + 4 <= size; i += 4) {
    sum0 += term(i);
    sum1 += term(i + 1);
    sum2 += term(i + 2);
    sum3 += term(i + 3);
  }
  if (i < size) sum0 += term(i);
  if (i + 1 < size) sum1 += term(i + 1);
  if (i + 2 < size) sum2 += term(i + 2);
  return (sum0 + sum1) + (sum2 + sum3);
}

// a'x for a sparse vector a of `size` entries and a dense x that has all of its indices.
template <class Sum, class A, class B>
Sum sparse_dot(const std::uint32_t* index, const A* value, std::size_t size, const B* x) {
  const auto term = [=](std::size_t i) { return static_cast<Sum>(value[i]) * static_cast<Sum>(x[index[i]]); };
  return sum_of_terms<Sum>(size, term);
}

// y += factor * a for a sparse a, whose indices differ.
template <class A, class Y>
void sparse_add(const std::uint32_t* index, const A* value, std::size_t size, Y factor, Y* y) {
  const auto sum = [=](std::size_t i) { return y[index[i]] + factor * static_cast<Y>(value[i]); };
  std::size_t i = 0;
  for (; i + 4 <= size; i += 4) {  // four at a time: no addition waits for the store before it
    const Y sum0 = sum(i), sum1 = sum(i + 1), sum2 = sum(i + 2), sum3 = sum(i + 3);
    y[index[i]] = sum0;
    y[index[i + 1]] = sum1;
    y[index[i + 2]] = sum2;
    y[index[i + 3]] = sum3;
  }
  for (; i < size; ++i) y[index[i]] = sum(i);
}

// A sum whose error does not grow with the number of its terms (Neumaier 1974).
class PreciseSum {
 public:
  void add(double term) {
    const double next = sum_ + term;
    const bool kept = (sum_ < 0 ? -sum_ : sum_) >= (term < 0 ? -term : term);
    rest_ += kept ? (sum_ - next) + term : (term - next) + sum_;
    sum_ = next;
  }
  // Infinite and undefined sums stay what they are.
  double value() const { return sum_ - sum_ == 0 ? sum_ + rest_ : sum_; }

 private:
  double sum_ = 0;
  double rest_ = 0;
};

}  // namespace wisp::problems
