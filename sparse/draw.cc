#include "sparse/draw.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/math.h"
#include "base/rng.h"
#include "sparse/partition.h"

namespace wisp::sparse {
namespace {

using Numbers = std::vector<std::uint32_t>;

Numbers subset(Rng rng, std::uint32_t n, std::uint32_t k) {
  Numbers numbers(k);
  rng.sample_without_replacement(n, numbers);
  return numbers;
}

Numbers stratified(Rng rng, std::uint32_t n, std::uint32_t k) {
  const Partition strata(n, k);
  const std::uint32_t first = rng.below(n);
  Numbers numbers(k);
  for (std::uint32_t i = 0; i < k; ++i) {
    const std::uint64_t around = std::uint64_t{first} + strata.offset(i) + rng.below(strata.size(i));
    numbers[i] = static_cast<std::uint32_t>(around % n);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// By its gaps: they are geometric, P(gap >= g) = (1 - p)^g, and so floor(log(1 - u) / log(1 - p)) for u
// uniform in [0, 1), with logarithms that have the same bits everywhere. It takes time in k, not n.
Numbers bernoulli(Rng rng, std::uint32_t n, std::uint32_t k, std::size_t most) {
  const double log_of_no = math::log1p(-(static_cast<double>(k) / n));  // -infinity, all gaps 0, for k = n
  const auto gap = [&] { return std::floor(math::log(1 - rng.uniform()) / log_of_no); };
  Numbers numbers;
  numbers.reserve(std::min<std::size_t>(k, most));
  for (double next = gap(); next < n && numbers.size() < most; next += 1 + gap()) {
    numbers.push_back(static_cast<std::uint32_t>(next));
  }
  return numbers;
}

}  // namespace

Numbers draw(Draw how, const DrawKey& key, std::uint32_t n, std::uint32_t k, std::size_t most,
             Instructions instructions) {
  WISP_CHECK(k <= n, "no more numbers can be drawn than there are");
  static_cast<void>(instructions);
  if (k == 0) return {};
  const Rng rng(key.seed, key.worker, key.round, Purpose::kBlocks);
  switch (how) {
    case Draw::kSubset:
      return subset(rng, n, k);
    case Draw::kStratified:
      return stratified(rng, n, k);
    case Draw::kBernoulli:
      return bernoulli(rng, n, k, most);
  }
  WISP_CHECK(false, "unknown draw");
}

}  // namespace wisp::sparse
