// Exact top-k beside a pass that only reads the vector, and beside nth_element on indices.
// Misses and histograms in the talk on stderr say how often a bracket misjudged.
//
// usage: sparse_top_k_bench [turns]

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string>
#include <utility>
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

// Where the sample of a vector looks there is something else than elsewhere, so the estimate misses: a little
// more of large values than its share, so that a few too few are found; nothing but large ones; nothing but
// zeros. Each call is of another k than the last, so that no bracket is carried.
void race_deceived(const std::vector<float>& values, int turns) {
  const std::size_t dim = values.size();
  const auto places = sparse::top_k::sampled_places<float>(dim, sparse::top_k::Sample::kFirst);
  const float largest = std::abs(*std::max_element(
      values.begin(), values.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }));
  enum class Lie { kSlight, kLarge, kZero };
  for (const auto& [lie, what] : {std::pair{Lie::kSlight, "top-k, the sample has a few too many"},
                                  std::pair{Lie::kLarge, "top-k, the sample has only large values"},
                                  std::pair{Lie::kZero, "top-k, the sample has only zeros"}}) {
    for (const double share : kShares) {
      const auto k = static_cast<std::size_t>(share * static_cast<double>(dim));
      std::vector<float> deceiving(values);
      // Of r in the sample, six standard deviations more.
      const double r = share * static_cast<double>(places.size());
      const double more = lie == Lie::kSlight ? 6 * std::sqrt(r) + 8 : static_cast<double>(places.size());
      for (std::size_t i = 0; i < static_cast<std::size_t>(more); ++i) {
        deceiving[places[i * places.size() / static_cast<std::size_t>(more)]] =
            lie == Lie::kZero ? 0 : 2 * largest;
      }
      std::vector<TopK<float>> paths;
      for (const Instructions path : available_instructions()) paths.emplace_back(path);
      Race by_turns;
      const auto floor = by_turns.enter([&] { keep(read_pass(deceiving.data(), dim)); });
      std::vector<Race::Number> numbers;
      for (auto& path : paths) {
        numbers.push_back(
            by_turns.enter([&, turn = k]() mutable { keep(path.select(deceiving, k + ++turn % 2)); }));
      }
      by_turns.run(turns);
      for (std::size_t i = 0; i < paths.size(); ++i) {
        const Instructions path = available_instructions()[i];
        print_race(label(what, dim, share, path), by_turns, numbers[i], floor, 1e3, "us",
                   Goal{.most = i == 0 ? 0 : 2.5});
        std::fprintf(stderr, "%s: %d calls, misses %zu, histograms %zu\n",
                     label(what, dim, share, path).c_str(), turns + 1, paths[i].misses(),
                     paths[i].histograms());
      }
    }
  }
}

// After three calls, from which a bracket is carried, the scale of all values is another one.
void race_jumps(const std::vector<float>& values, int turns) {
  for (const float factor : {100.0F, 0.01F}) {
    std::vector<float> other(values);
    for (float& each : other) each *= factor;
    for (const double share : kShares) {
      const auto k = static_cast<std::size_t>(share * static_cast<double>(values.size()));
      TopK<float> top_k;
      std::size_t misses = 0;
      const auto settle = [&] {
        keep(top_k.select(values, k + 1));  // forgets what was carried
        for (int i = 0; i < 3; ++i) keep(top_k.select(values, k));
        misses = top_k.misses();
      };
      std::size_t missed = 0;
      Race by_turns;
      const auto floor = by_turns.enter([&] { keep(read_pass(values.data(), values.size())); });
      by_turns.enter(settle);
      const auto jump = by_turns.enter([&] {
        keep(top_k.select(other, k));
        missed += top_k.misses() - misses;
      });
      by_turns.run(turns);
      const std::string name =
          std::string("top-k, carried, the scale jumps by ") + (factor > 1 ? "100" : "1/100");
      print_race(label(name.c_str(), values.size(), share, best_instructions()), by_turns, jump, floor, 1e3,
                 "us", Goal{.most = 2.5});
      std::fprintf(stderr, "%s: %d jumps, misses %zu, histograms %zu\n", name.c_str(), turns + 1, missed,
                   top_k.histograms());
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
      race_deceived(values, turns / 2);
      race_jumps(values, turns / 4);
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
