// What a delta costs at both ends, beside a memcpy of the model: the encoder finds what has changed and codes
// it, the decoder checks and takes it. A model of 10^6 float32, and several shares of it that a step changes.
//
// usage: actors_down_bench [turns]

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "actors/down_link.h"
#include "base/rng.h"
#include "bench/sparse/measure.h"

namespace wisp::bench {
namespace {

using actors::DownPlan;
using actors::Model;
using Iterate = actors::Iterate<float>;

constexpr std::uint32_t kDimension = 1'000'000;
constexpr double kShares[] = {0.001, 0.01, 0.1, 0.63};
constexpr std::size_t kSteps = 4;

std::vector<float> model_of(std::uint64_t which) {
  Rng rng(1, 0, which, Purpose::kData);
  std::vector<float> model(kDimension);
  for (float& each : model) each = static_cast<float>(rng.normal());
  return model;
}

// Iterates each of which differs from the one before, and the first from the last, in a share of coordinates.
std::vector<Iterate> iterates(const std::vector<std::uint32_t>& chosen) {
  std::vector<Iterate> all(kSteps, Iterate(model_of(0)));
  const std::vector<float> other = model_of(1);
  for (std::size_t step = 1; step < kSteps; step += 2) {
    const std::span<float> values = all[step].write();
    for (const std::uint32_t j : chosen) values[j] = other[j];
  }
  return all;
}

DownPlan plan_of(DownPlan::Kind kind, DownPlan::Bases bases, double share) {
  DownPlan plan;
  plan.kind = kind;
  plan.bases = bases;
  plan.chosen = static_cast<std::uint32_t>(share * kDimension);
  return plan;
}

// A master that shows one iterate after another and sends it.
struct Sender {
  Sender(DownPlan plan, const std::vector<Iterate>& shown) : encoder(plan, kDimension, 2), all(shown) {
    encoder.show(all.front());
    static_cast<void>(encoder.to_all(0));
  }
  void show() { encoder.show(all[++round % kSteps]); }
  void send_all() {
    show();
    keep(encoder.to_all(round));
  }
  // To one of two workers, which has the version before the last.
  void send_one() {
    show();
    keep(encoder.to(static_cast<std::uint32_t>(round % 2), round));
  }
  // The same where it is known which coordinates may have changed.
  void send_touched(std::span<const std::uint32_t> touched) {
    encoder.show(all[++round % kSteps], touched);
    keep(encoder.to(static_cast<std::uint32_t>(round % 2), round));
  }
  actors::ModelEncoder<float> encoder;
  const std::vector<Iterate>& all;
  std::uint64_t round = 0;
};

void race(double share, int turns) {
  const auto chosen = sparse::draw(sparse::Draw::kSubset, {1, 0, 0}, kDimension,
                                   static_cast<std::uint32_t>(share * kDimension));
  const auto all = iterates(chosen);
  Sender delta(plan_of(DownPlan::Kind::kDelta, DownPlan::Bases::kCommon, share), all);
  Sender each(plan_of(DownPlan::Kind::kDelta, DownPlan::Bases::kEach, share), all);
  Sender touched(plan_of(DownPlan::Kind::kDelta, DownPlan::Bases::kEach, share), all);
  Sender sparse(plan_of(DownPlan::Kind::kSparse, DownPlan::Bases::kCommon, share), all);
  Sender dense(plan_of(DownPlan::Kind::kDense, DownPlan::Bases::kCommon, share), all);
  delta.show();
  const Model<float> change = delta.encoder.to_all(1);
  actors::ModelDecoder<float> decoder(kDimension);
  std::vector<float> copy(kDimension);

  Race by_turns;
  const auto floor = by_turns.enter([&] {
    std::memcpy(copy.data(), all.front().data(), kDimension * sizeof(float));
    keep(copy);
  });
  const auto encoded = by_turns.enter([&] { delta.send_all(); });
  const auto to_each = by_turns.enter([&] { each.send_one(); });
  const auto where_known = by_turns.enter([&] { touched.send_touched(chosen); });
  const auto largest = by_turns.enter([&] { sparse.send_all(); });
  const auto whole = by_turns.enter([&] { dense.send_all(); });
  const auto decoded = by_turns.enter([&] {
    sparse::Vector<float> vector;
    actors::decode_model(change, kDimension, vector);
    keep(vector);
  });
  by_turns.run(turns);
  const std::string of = ", " + std::to_string(100 * share).substr(0, 4) + " % of 10^6 float32 change";
  const auto row = [&](const char* what, Race::Number kernel) {
    print_race(what + of, by_turns, kernel, floor, kDimension, "ns a coordinate", {});
  };
  row("delta, all workers", encoded);
  row("delta, one of an asynchronous run", to_each);
  row("delta, the same where the update is known", where_known);
  row("sparse", largest);
  row("dense", whole);
  row("delta decoded", decoded);
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  const int turns = argc > 1 ? std::atoi(argv[1]) : 40;
  for (const double share : wisp::bench::kShares) wisp::bench::race(share, turns);
}
