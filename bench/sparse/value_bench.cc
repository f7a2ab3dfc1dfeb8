// Coding of values beside a copy of them.
//
// usage: sparse_value_bench [turns]

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/rng.h"
#include "bench/sparse/measure.h"
#include "sparse/value_codec.h"

namespace wisp::bench {
namespace {

using sparse::decode_values;
using sparse::encode_values;
using sparse::encoded_size;
using sparse::kValueCodecs;
using sparse::ValueCodec;

// Nanoseconds a value that a codec may take with AVX-512; 0: no such bound.
struct Bound {
  double encode = 0;
  double decode = 0;
};

Bound bound_of(ValueCodec codec, Instructions path) {
  if (codec == ValueCodec::kQ8 && path == Instructions::kAvx512) return {0.5, 0.2};
  return {};
}

void print(const std::string& name, const Race& race, Race::Number kernel, Race::Number copy, double count,
           double most) {
  print_race(name, race, kernel, copy, count, "ns", {});
  if (most != 0) {
    print_row(name + ", beside the most", race.quartile(kernel) / count, "ns", most, {.most = 1});
  }
}

template <class T>
void race(const char* type, ValueCodec codec, std::size_t count, int turns) {
  const int repeats = static_cast<int>(1 + 200'000 / count);
  Rng rng(1, 0, 0, Purpose::kData);
  std::vector<T> values(count);
  for (T& each : values) each = static_cast<T>(1e-2 * rng.normal());
  std::vector<T> decoded(count);
  std::vector<std::byte> bytes(encoded_size(codec, count));
  Race by_turns;
  const auto copy = by_turns.enter(
      [&] {
        std::memcpy(decoded.data(), values.data(), count * sizeof(T));
        keep(decoded);
      },
      repeats);
  std::vector<Race::Number> encoders;
  std::vector<Race::Number> decoders;
  const auto paths = available_instructions();
  for (const Instructions path : paths) {
    encoders.push_back(by_turns.enter(
        [&, path] {
          encode_values<T>(values, codec, 7, bytes, path);
          keep(bytes);
        },
        repeats));
    decoders.push_back(by_turns.enter(
        [&, path] {
          decode_values<T>(bytes, codec, decoded, path);
          keep(decoded);
        },
        repeats));
  }
  by_turns.run(turns);
  const auto each = static_cast<double>(count);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string what = " " + std::string(type) + " as " + std::string(to_string(codec)) + ", n " +
                             std::to_string(count) + ", " + std::string(to_string(paths[i]));
    const Bound bound = sizeof(T) == sizeof(float) ? bound_of(codec, paths[i]) : Bound{};
    print("encode" + what, by_turns, encoders[i], copy, each, bound.encode);
    print("decode" + what, by_turns, decoders[i], copy, each, bound.decode);
  }
}

void run(int turns) {
  for (const ValueCodec codec : kValueCodecs) {
    race<float>("float", codec, 1000, turns);
    race<float>("float", codec, 102'400, turns);
    race<double>("double", codec, 102'400, turns);
  }
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::bench::run(argc > 1 ? std::atoi(argv[1]) : 40);
  return 0;
}
