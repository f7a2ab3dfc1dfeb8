// Adding sparse vectors to a dense one, beside the plain loop and beside adding a dense vector.
// Each turn adds several vectors with other indices, so that a y in memory is not in a cache for having been
// added to.
//
// usage: sparse_scatter_bench [turns]

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "bench/sparse/measure.h"
#include "sparse/scatter.h"

namespace wisp::bench {
namespace {

using Indices = std::vector<std::uint32_t>;

constexpr double kPairs = 2e6;  // of all vectors of a turn

Indices uniform(Rng& rng, std::uint32_t dim, double share) {
  Indices indices;
  for (double at = 0; at < dim;) {
    indices.push_back(static_cast<std::uint32_t>(at));
    at += 1 + std::floor(std::log(1 - rng.uniform()) / std::log(1 - share));
  }
  return indices;
}

// The compiler sees no vector in it, as in any loop of this kind.
template <class T>
void plain(std::span<T> y, std::span<const std::uint32_t> indices, std::span<const T> values, T scale) {
  for (std::size_t i = 0; i < indices.size(); ++i) y[indices[i]] += scale * values[i];
}

template <class T>
void race(std::uint32_t dim, double share, int turns) {
  Rng rng(1, 0, 0, Purpose::kData);
  const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(kPairs / (share * dim)), 2, 40);
  std::vector<Indices> all;
  std::size_t pairs = 0, longest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(uniform(rng, dim, share));
    pairs += all.back().size();
    longest = std::max(longest, all.back().size());
  }
  std::vector<T> y(dim, T(1));
  const std::vector<T> values(longest, T(0.25)), dense(dim, T(0.25));
  const auto each = [&](auto add) {
    for (const Indices& indices : all) {
      add(std::span(y), std::span<const std::uint32_t>(indices), std::span(values).first(indices.size()),
          T(0.5));
    }
    keep(y.front());
  };
  const int repeats = static_cast<int>(std::max(1.0, kPairs / static_cast<double>(pairs)));
  Race by_turns;
  by_turns.enter([&] { each(plain<T>); });  // after the dense pass, for a fair start of the next
  const auto ours = by_turns.enter([&] { each(sparse::scatter_add<T>); }, repeats);
  const auto loop = by_turns.enter([&] { each(plain<T>); }, repeats);
  const auto pass = by_turns.enter(
      [&] {
        for (std::size_t i = 0; i < count; ++i) sparse::dense_add<T>(y, dense, T(0.5));
        keep(y.front());
      },
      repeats);
  by_turns.run(turns);
  const std::string name = "scatter, d " + std::to_string(dim) + ", " +
                           std::to_string(100 * share).substr(0, 4) +
                           (sizeof(T) == 4 ? " %, float" : " %, double");
  const auto per = static_cast<double>(pairs);
  const bool dense_enough = dim == 10'000'000 && share == 0.1 && sizeof(T) == 4;
  if (dim == 1'000'000 && share == 0.01 && sizeof(T) == 4) {  // 1.4 nanoseconds a pair
    print_row(name, by_turns.quartile(ours) / per, "ns", 1, {.most = 1.4});
  }
  print_race(name + ", beside the plain loop", by_turns, ours, loop, per, "ns", {});
  print_race(name + ", beside adding a dense vector", by_turns, ours, pass, per, "ns",
             {.most = dense_enough ? 1.1 : 0});
}

void run(int turns) {
  for (const std::uint32_t dim : {10'000U, 1'000'000U, 10'000'000U}) {
    for (const double share : {0.001, 0.01, 0.1, 0.5}) {
      race<float>(dim, share, turns);
      race<double>(dim, share, turns);
    }
  }
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::bench::run(argc > 1 ? std::atoi(argv[1]) : 15);
  return 0;
}
