// Drawing of random numbers of coordinates: beside as many bare random numbers, and as it was done before.
//
// usage: sparse_draw_bench [turns]

#include <cstdlib>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/rng.h"
#include "bench/sparse/measure.h"
#include "sparse/draw.h"
#include "sparse/draw_kernels.h"

namespace wisp::bench {
namespace {

using sparse::Draw;
using sparse::draw;
using sparse::DrawKey;

constexpr DrawKey kKey{1, 2, 3};

const char* name_of(Draw how) {
  if (how == Draw::kSubset) return "subset";
  return how == Draw::kStratified ? "stratified" : "bernoulli";
}

// The most nanoseconds an index, or 0: there is no such bound.
double most(Draw how, std::uint32_t n, std::uint32_t k, Instructions path) {
  if (path != Instructions::kAvx512 || k != 100'000) return 0;
  if (how == Draw::kStratified) return 1.2;
  return how == Draw::kSubset && n == 10'000'000 ? 5 : 0;
}

void race(std::uint32_t n, std::uint32_t k, int turns) {
  const int repeats = static_cast<int>(1 + 100'000 / k);
  Race by_turns;
  std::vector<std::uint32_t> bare((k / sparse::kBatch + 1) * sparse::kBatch);
  const auto& kernels = sparse::draw_kernels(best_instructions());
  const auto floor = by_turns.enter(
      [&] {
        kernels.numbers(sparse::PhiloxStream(kKey), 0, bare.size() / sparse::kBatch, bare.data());
        keep(bare);
      },
      repeats);
  const auto floyd = by_turns.enter(
      [&] {
        std::vector<std::uint32_t> numbers(k);
        Rng(1, 2, 3, Purpose::kBlocks).sample_without_replacement(n, numbers);
        keep(numbers);
      },
      repeats);
  struct Entry {
    Draw how;
    Instructions path;
    Race::Number number;
  };
  std::vector<Entry> entries;
  for (const Draw how : {Draw::kStratified, Draw::kSubset, Draw::kBernoulli}) {
    for (const Instructions path : available_instructions()) {
      if (how == Draw::kBernoulli && path != Instructions::kPortable) continue;
      const auto number =
          by_turns.enter([=] { keep(draw(how, kKey, n, k, sparse::kNoBound, path)); }, repeats);
      entries.push_back({how, path, number});
    }
  }
  by_turns.run(turns);
  for (const Entry& entry : entries) {
    const std::string name = std::string("draw ") + name_of(entry.how) + ", n " + std::to_string(n) + ", k " +
                             std::to_string(k) + ", " + std::string(to_string(entry.path));
    print_race(name, by_turns, entry.number, floor, k, "ns", {});
    if (entry.how == Draw::kSubset) {
      print_row(name + ", beside Floyd's algorithm", by_turns.quartile(entry.number) / k, "ns",
                by_turns.quartile(floyd) / k, {.most = 1});
    }
    const double bound = most(entry.how, n, k, entry.path);
    if (bound != 0) {
      print_row(name + ", beside the most", by_turns.quartile(entry.number) / k, "ns", bound, {.most = 1});
    }
  }
}

void run(int turns) {
  race(10'000'000, 100'000, turns);
  race(10'000'000, 1'000'000, turns);
  race(10'000'000, 5'000'000, turns / 4 + 1);
  race(10'000'000, 10'000, turns);
  race(100'000'000, 100'000, turns);
  race(1'000'000, 1'000, turns);
  race(10'000, 100, turns);
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::bench::run(argc > 1 ? std::atoi(argv[1]) : 40);
  return 0;
}
