// Error feedback fused with the choice of the largest: beside a pass that only adds the gradient, and beside
// the same three steps one after the other. Rounds as a job has them: a gradient of a few that differ comes
// each time, and the memory goes on. The talk on stderr says how often a bracket was carried from round to
// round and how often one misjudged.
//
// usage: sparse_memory_bench [turns]

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/rng.h"
#include "bench/sparse/floors.h"
#include "bench/sparse/measure.h"
#include "sparse/memory.h"
#include "sparse/top_k.h"

namespace wisp::bench {
namespace {

using sparse::TopK;

constexpr double kShares[] = {0.001, 0.01, 0.1};
constexpr float kScale = 0.1F;

Goal goal_of(Instructions path, std::size_t dim, std::size_t share) {
  constexpr double kMost[] = {1.25, 1.55, 2.2};
  if (dim < 10'000'000 || path != Instructions::kAvx512) return {};
  return {.most = kMost[share]};
}

std::string label(const char* what, std::size_t dim, double share, const char* path) {
  return std::string(what) + ", d " + std::to_string(dim) + ", k " +
         std::to_string(100 * share).substr(0, 4) + " %, " + path;
}

using Vectors = std::vector<std::vector<float>>;

Vectors normal_gradients(std::size_t dim) {
  Vectors gradients;
  for (std::uint64_t i = 0; i < 2; ++i) {
    Rng rng(1, 0, i, Purpose::kData);
    auto& gradient = gradients.emplace_back(dim);
    for (float& each : gradient) each = static_cast<float>(rng.normal());
  }
  return gradients;
}

// One of the workers that race. Its memory fills from one turn to the next, as at the begin of a job.
struct Worker {
  Worker(std::size_t dim, Instructions path) : kept(dim), top_k(path) {}
  std::vector<float> kept;
  TopK<float> top_k;
  std::size_t round = 0;

  void fused(const Vectors& gradients, std::size_t k) {
    keep(top_k.take(kept, gradients[++round % gradients.size()], kScale, k));
  }
  void in_steps(const Vectors& gradients, std::size_t k) {
    sparse::add_gradient(std::span(kept), std::span<const float>(gradients[++round % gradients.size()]),
                         kScale);
    const auto chosen = top_k.select(kept, k);
    for (const std::uint32_t index : chosen.indices) kept[index] = 0;
    keep(chosen);
  }
};

void race(std::size_t dim, int turns) {
  const int repeats = static_cast<int>(std::max<std::size_t>(1, 1'000'000 / dim));
  const Vectors gradients = normal_gradients(dim);
  const auto paths = available_instructions();
  for (std::size_t share = 0; share < 3; ++share) {
    const auto k = static_cast<std::size_t>(kShares[share] * static_cast<double>(dim));
    Race by_turns;
    std::vector<float> sum(dim);
    const auto floor = by_turns.enter(
        [&, round = 0UL]() mutable {
          add_pass(sum.data(), gradients[++round % gradients.size()].data(), dim);
          keep(sum.data());
        },
        repeats);
    std::vector<Worker> workers;
    for (const Instructions path : paths) workers.emplace_back(dim, path);
    workers.emplace_back(dim, best_instructions());
    sparse::SparsifierSpec spec{.kind = "top-k"};
    spec.settings.set("k", static_cast<std::uint32_t>(k));
    const auto sparsifier = sparse::Catalog().make<float>(spec, static_cast<std::uint32_t>(dim), 1, 1, 0);
    sparse::Memory<float> memory(static_cast<std::uint32_t>(dim));
    std::vector<Race::Number> numbers;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      numbers.push_back(by_turns.enter([&, i] { workers[i].fused(gradients, k); }, repeats));
    }
    const auto steps = by_turns.enter([&] { workers.back().in_steps(gradients, k); }, repeats);
    const auto whole = by_turns.enter(
        [&, round = 0UL]() mutable {
          ++round;
          keep(memory.send(gradients[round % gradients.size()], kScale, *sparsifier, round));
        },
        repeats);
    by_turns.run(turns);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const std::string path(to_string(paths[i]));
      print_race(label("fused error feedback", dim, kShares[share], path.c_str()), by_turns, numbers[i],
                 floor, 1e3, "us", goal_of(paths[i], dim, share));
      std::fprintf(stderr, "%s: %zu rounds, carried %zu, misses %zu, histograms %zu\n",
                   label("fused", dim, kShares[share], path.c_str()).c_str(), workers[i].round,
                   workers[i].top_k.carried(), workers[i].top_k.misses(), workers[i].top_k.histograms());
    }
    print_race(label("fused, as a message", dim, kShares[share], "best"), by_turns, whole, floor, 1e3, "us",
               {});
    print_race(label("in steps", dim, kShares[share], "best"), by_turns, steps, floor, 1e3, "us", {});
  }
}

void run(int turns) {
  for (const std::size_t dim : {10'000U, 1'000'000U, 10'000'000U}) race(dim, turns);
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::bench::run(argc > 1 ? std::atoi(argv[1]) : 40);
  return 0;
}
