#pragma once
// Staleness: of how many updates others have had applied between a worker's read and its own update.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wisp::actors {

// Mean, largest and histogram of staleness tau_t (P1 section 3.1). Values below 16 are counted exactly,
// larger ones in classes of a quarter of a power of two, so it takes at most 2 KiB whatever comes. Travels.
class Staleness {
 public:
  // Those from `low` to `high`.
  struct Class {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint64_t count = 0;
    bool operator==(const Class&) const = default;
  };

  void add(std::uint64_t staleness);
  std::uint64_t count() const { return count_; }
  double mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }
  std::uint64_t max() const { return max_; }
  // At least the share `p` of all, 0 < p <= 1, is not above it: exact below 16, else the end of a class.
  std::uint64_t quantile(double p) const;
  // Without the empty ones, in order.
  std::vector<Class> classes() const;

  template <class F>
  void fields(F& f) {
    f(count_, sum_, max_, counts_);
  }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
  std::vector<std::uint64_t> counts_;  // by class, up to the last that is not empty
};

}  // namespace wisp::actors
