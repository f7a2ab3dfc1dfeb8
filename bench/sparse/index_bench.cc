// Coding of indices: sizes beside the entropy, decoding and encoding beside a copy of the raw indices.
//
// usage: sparse_index_bench [turns]

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/rng.h"
#include "bench/sparse/measure.h"
#include "sparse/index_codec.h"

namespace wisp::bench {
namespace {

using sparse::decode_indices;
using sparse::encode_indices;
using sparse::IndexCodec;

using Indices = std::vector<std::uint32_t>;

// log2 C(d, k) bits for each of k.
double entropy(double d, double k) {
  return (std::lgamma(d + 1) - std::lgamma(k + 1) - std::lgamma(d - k + 1)) / std::log(2.0) / k;
}

Indices uniform(std::uint32_t dim, std::size_t k) {
  Indices indices(k);
  Rng(1, 0, k, Purpose::kData).sample_without_replacement(dim, indices);
  return indices;
}

// The density of each stretch of 1024 is k / dim times a random scale.
Indices clustered(std::uint32_t dim, std::size_t k) {
  Rng rng(2, 0, k, Purpose::kData);
  const double density = static_cast<double>(k) / dim / std::exp(0.5 * 1.5 * 1.5);
  Indices indices;
  double scale = 0;
  for (std::uint32_t i = 0; i < dim; ++i) {
    if (i % 1024 == 0) scale = density * std::exp(1.5 * rng.normal());
    if (rng.uniform() < scale) indices.push_back(i);
  }
  return indices;
}

std::string label(const char* what, std::uint32_t dim, std::size_t k) {
  return std::string(what) + ", d " + std::to_string(dim) + ", k " + std::to_string(k);
}

void print_size(const char* what, std::uint32_t dim, const Indices& indices, bool gated) {
  const auto k = static_cast<double>(indices.size());
  const double bits = 8 * static_cast<double>(encode_indices(indices, dim).size()) / k;
  print_row(label(what, dim, indices.size()), bits, "bits", entropy(dim, k),
            gated ? Goal{.most = indices.size() >= 10'000 ? 1.03 : 1.08} : Goal{});
}

void race(std::uint32_t dim, const Indices& indices, int turns) {
  const std::size_t k = indices.size();
  const int repeats = static_cast<int>(1 + 200'000 / k);
  const Bytes bytes = encode_indices(indices, dim);
  Race by_turns;
  const auto copy = by_turns.enter(
      [&] {
        Indices copied(k);
        std::memcpy(copied.data(), indices.data(), k * sizeof(std::uint32_t));
        keep(copied);
      },
      repeats);
  const sparse::DrawKey nobody;
  Indices decoded;
  std::vector<Race::Number> decoders;
  for (const Instructions path : available_instructions()) {
    decoders.push_back(by_turns.enter(
        [&, path] {
          decode_indices(bytes.span(), k, dim, nobody, decoded, path);
          keep(decoded);
        },
        repeats));
  }
  const auto encoder = by_turns.enter([&] { keep(encode_indices(indices, dim)); }, repeats);
  by_turns.run(turns);
  const auto each = static_cast<double>(k);
  for (std::size_t i = 0; i < decoders.size(); ++i) {
    const Instructions path = available_instructions()[i];
    // 1 G/s with AVX-512, 200 M/s portable, where there are whole blocks to decode.
    const double most = path == Instructions::kPortable ? 5.0 : 1.0;
    const bool gated = path != Instructions::kAvx2 && k >= 10'000;
    const std::string name = label("decode indices", dim, k) + ", " + std::string(to_string(path));
    print_race(name, by_turns, decoders[i], copy, each, "ns", {});
    print_row(name + ", beside the most", by_turns.quartile(decoders[i]) / each, "ns", most,
              gated ? Goal{.most = 1} : Goal{});
  }
  const std::string name = label("encode indices", dim, k);
  print_race(name, by_turns, encoder, copy, each, "ns", {});
  print_row(name + ", beside the most", by_turns.quartile(encoder) / each, "ns", 5.0, {.most = 1});
}

void run(int turns) {
  for (const std::uint32_t dim : {1'000'000U, 10'000'000U}) {
    for (const std::uint32_t share : {1000U, 100U, 10U}) {
      const Indices indices = uniform(dim, dim / share);
      print_size("bits an index", dim, indices, true);
      print_size("bits an index, clustered", dim, clustered(dim, dim / share), false);
      race(dim, indices, turns);
    }
  }
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::bench::run(argc > 1 ? std::atoi(argv[1]) : 40);
  return 0;
}
