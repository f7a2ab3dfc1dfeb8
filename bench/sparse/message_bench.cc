// An update as a message: framing, and taking it in, beside the bare addition and beside arrays of pairs.
//
// usage: sparse_message_bench [turns]

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <msgpack.hpp>

#include "base/pack.h"
#include "base/rng.h"
#include "bench/sparse/measure.h"
#include "sparse/encoded.h"
#include "sparse/received.h"

namespace wisp::bench {
namespace {

using sparse::Encoded;
using sparse::IndexChoice;
using Vector = sparse::Vector<float>;

// What a worker sends, as actors/messages.h has it.
struct Update {
  std::uint64_t round = 1000;
  std::uint64_t gradient_ns = 1'000'000;
  Encoded vector;
  template <class F>
  void fields(F& f) {
    f(round, gradient_ns, vector);
  }
};

Vector uniform(std::uint32_t dim, std::size_t k) {
  Rng rng(1, 0, k, Purpose::kData);
  std::vector<std::uint32_t> indices(k);
  rng.sample_without_replacement(dim, indices);
  Vector vector;
  vector.dim = dim;
  vector.support = sparse::Support::kIndices;
  vector.numbers = std::move(indices);
  for (std::size_t i = 0; i < k; ++i) vector.values.push_back(static_cast<float>(rng.normal()));
  return vector;
}

// In microseconds a message, beside the most that it may take.
void print_framing(const std::string& name, const Update& update, int turns) {
  constexpr int kRepeats = 1000;
  const Bytes packed = pack(update);
  Race race;
  const auto packing = race.enter([&] { keep(pack_parts(update)); }, kRepeats);
  const auto unpacking = race.enter([&] { keep(unpack<Update>(packed)); }, kRepeats);
  race.run(turns);
  const double both = race.quartile(packing) + race.quartile(unpacking);
  print_row("pack and unpack, " + name, both / 1e3, "us", 0.5, {.most = 1});
}

void race(std::uint32_t dim, std::size_t k, int turns) {
  const Vector vector = uniform(dim, k);
  const std::string size = "d " + std::to_string(dim) + ", k " + std::to_string(k);
  std::vector<float> model(dim);
  // So many that it counts little that the first run finds the model as the kernel before has left it.
  const int repeats = static_cast<int>(1'000'000 / k);
  Race by_turns;
  const auto bare = by_turns.enter([&] { vector.add_to(std::span<float>(model), 1e-3F); }, repeats);

  struct Kind {
    const char* name;
    IndexChoice indices;
    Bytes message;
    Race::Number number;
  };
  std::vector<Kind> kinds{{"raw", IndexChoice::kRaw, {}, 0}, {"Rice", IndexChoice::kRice, {}, 0}};
  sparse::Received<float> taken;
  for (Kind& kind : kinds) {
    Update update;
    update.vector = sparse::encode(vector, kind.indices);
    print_framing(std::string(kind.name) + " indices, " + size, update, turns);
    kind.message = pack(update);
    kind.number = by_turns.enter(
        [&] {
          const auto received = unpack<Update>(kind.message);
          taken.take(received.vector, dim, {});
          taken.view().add_to(std::span<float>(model), 1e-3F);
        },
        repeats);
  }

  msgpack::sbuffer pairs;
  msgpack::packer<msgpack::sbuffer> packer(pairs);
  packer.pack_array(static_cast<std::uint32_t>(k));
  for (std::size_t i = 0; i < k; ++i) packer.pack(std::make_pair(vector.numbers[i], vector.values[i]));
  const auto naive = by_turns.enter(
      [&] {
        const msgpack::object_handle handle = msgpack::unpack(pairs.data(), pairs.size());
        std::vector<std::pair<std::uint32_t, float>> entries;
        handle.get().convert(entries);
        for (const auto& [index, value] : entries) model.at(index) += 1e-3F * value;
      },
      repeats);

  by_turns.run(turns);
  const auto each = static_cast<double>(k);
  for (const Kind& kind : kinds) {
    const std::string name = std::string("decode and apply, ") + kind.name + " indices, " + size;
    print_race(name, by_turns, kind.number, bare, each, "ns", {.most = 1.3});
    // Where the model is out of the caches both wait for memory most of the time.
    const bool gated = dim == 1'000'000 && k == 10'000;
    print_row("msgpack-c with arrays of pairs, beside " + std::string(kind.name) + " indices, " + size,
              by_turns.quartile(naive) / each, "ns", by_turns.quartile(kind.number) / each,
              gated ? Goal{.least = 20} : Goal{});
  }
}

void run(int turns) {
  for (const std::uint32_t dim : {1'000'000U, 10'000'000U}) {
    for (const std::size_t k : {std::size_t{10'000}, std::size_t{100'000}}) race(dim, k, turns);
  }
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::bench::run(argc > 1 ? std::atoi(argv[1]) : 40);
  return 0;
}
