// Exact top-k beside a pass that only reads the vector, and beside nth_element on indices.
// Misses and histograms in the talk on stderr say how often a bracket misjudged.
//
// usage: sparse_top_k_bench [turns]

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/rng.h"
#include "bench/sparse/floors.h"
#include "bench/sparse/measure.h"
#include "sparse/top_k.h"

namespace wisp::bench {
namespace {

using sparse::TopK;

constexpr double kShares[] = {0.001, 0.01, 0.1};

Goal goal_of(Instructions path, std::size_t dim, std::size_t share) {
  constexpr double kMost[3][3] = {{1.8, 3.0, 5.5}, {1.15, 1.5, 3.1}, {1.10, 1.35, 2.0}};
  if (dim < 10'000'000) return {};
  return {.most = kMost[static_cast<std::size_t>(path)][share]};
}

std::string label(const char* what, std::size_t dim, double share, Instructions path) {
  return std::string(what) + ", d " + std::to_string(dim) + ", k " +
         std::to_string(100 * share).substr(0, 4) + " %, " + std::string(to_string(path));
}

std::vector<float> normal_values(std::size_t dim) {
  Rng rng(1, 0, 0, Purpose::kData);
  std::vector<float> values(dim);
  for (float& each : values) each = static_cast<float>(rng.normal());
  return values;
}

// Layers: the scale changes every `stretch` values.
void scale_by_stretch(std::vector<float>& values, std::size_t stretch) {
  Rng rng(2, 0, 0, Purpose::kData);
  double scale = 1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % stretch == 0) scale = std::exp(1.5 * rng.normal());
    values[i] = static_cast<float>(values[i] * scale);
  }
}

// All paths and shares of one vector, by turns with the read pass. A sampled row asks for one more every
// other time, so that no bracket is carried; a carried one meets values that grow and shrink by one percent.
void race(const char* what, const std::vector<float>& values, int turns, bool gated) {
  const std::size_t dim = values.size();
  const int repeats = static_cast<int>(std::max<std::size_t>(1, 1'000'000 / dim));
  const auto paths = available_instructions();
  std::vector<float> larger(values);
  for (float& each : larger) each *= 1.01F;
  for (std::size_t share = 0; share < 3; ++share) {
    const auto k = static_cast<std::size_t>(kShares[share] * static_cast<double>(dim));
    std::vector<TopK<float>> sampled;
    std::vector<TopK<float>> carried;
    for (const Instructions path : paths) {
      sampled.emplace_back(path);
      carried.emplace_back(path);
    }
    Race by_turns;
    const auto floor = by_turns.enter([&] { keep(read_pass(values.data(), values.size())); }, repeats);
    std::vector<Race::Number> numbers;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      numbers.push_back(by_turns.enter(
          [&, i, turn = k]() mutable { keep(sampled[i].select(values, k + ++turn % 2)); }, repeats));
    }
    for (std::size_t i = 0; i < paths.size(); ++i) {
      numbers.push_back(by_turns.enter(
          [&, i, turn = k]() mutable { keep(carried[i].select(++turn % 2 == 0 ? values : larger, k)); },
          repeats));
    }
    by_turns.run(turns);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const Goal goal = gated ? goal_of(paths[i], dim, share) : Goal{.most = i == 0 ? 0 : 2.5};
      print_race(label(what, dim, kShares[share], paths[i]), by_turns, numbers[i], floor, 1e3, "us", goal);
    }
    const std::string with = std::string(what) + ", carried";
    for (std::size_t i = 0; i < paths.size(); ++i) {
      print_race(label(with.c_str(), dim, kShares[share], paths[i]), by_turns, numbers[paths.size() + i],
                 floor, 1e3, "us", gated ? goal_of(paths[i], dim, share) : Goal{});
    }
    for (std::size_t i = 0; i < paths.size(); ++i) {
      std::fprintf(stderr, "%s: misses %zu and %zu, histograms %zu and %zu, carried %zu and %zu\n",
                   label(what, dim, kShares[share], paths[i]).c_str(), sampled[i].misses(),
                   carried[i].misses(), sampled[i].histograms(), carried[i].histograms(),
                   sampled[i].carried(), carried[i].carried());
    }
  }
}

void race_nth_element(const std::vector<float>& values, int turns) {
  std::vector<std::uint32_t> order(values.size());
  TopK<float> top_k;
  for (const double share : kShares) {
    const auto k = static_cast<std::size_t>(share * static_cast<double>(values.size()));
    Race by_turns;
    const auto ours = by_turns.enter([&, turn = k]() mutable { keep(top_k.select(values, k + ++turn % 2)); });
    const auto theirs = by_turns.enter([&] {
      std::iota(order.begin(), order.end(), 0U);
      const auto middle = order.begin() + static_cast<std::ptrdiff_t>(k);
      std::nth_element(order.begin(), middle, order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::abs(values[a]) > std::abs(values[b]);
      });
      std::sort(order.begin(), middle);
    });
    by_turns.run(turns);
    const std::string name =
        label("nth_element on indices / top-k", values.size(), share, best_instructions());
    print_race(name, by_turns, theirs, ours, 1e3, "us", {});
  }
}

void run(int turns) {
  for (const std::size_t dim : {10'000U, 1'000'000U, 10'000'000U}) {
    std::vector<float> values = normal_values(dim);
    race("top-k", values, turns, true);
    if (dim == 10'000'000) {
      race_nth_element(values, std::max(3, turns / 5));
      scale_by_stretch(values, 16);
      race("top-k, scale by line", values, turns, false);
      scale_by_stretch(values, 4096);
      race("top-k, scale by layer", values, turns, false);
    }
  }
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::bench::run(argc > 1 ? std::atoi(argv[1]) : 40);
  return 0;
}
