#include "sparse/value_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/value_kernels.h"

namespace wisp::sparse {
namespace {

constexpr std::array<std::string_view, 8> kNames{"float64", "float32", "float16", "bfloat16",
                                                 "q8",      "q4",      "ternary", "sign"};
constexpr std::size_t kScale = sizeof(float);
constexpr std::size_t kExponent = sizeof(std::int16_t);
constexpr int kExponentMin = -1074 - 15;  // the least double comes to lie at 2^15
constexpr int kExponentMax = 1023 - 15 + 1;
constexpr std::uint16_t kHalfMin = 0x7800;  // 2^15
constexpr auto kNan = std::bit_cast<float>(0x7fc00000U);

[[noreturn]] void malformed(ValueCodec codec, const std::string& what) {
  throw DecodeError("values as " + std::string(to_string(codec)) + ": " + what);
}

std::size_t bits_of(ValueCodec codec) {
  constexpr std::array<std::size_t, 8> kBits{64, 32, 16, 16, 8, 4, 2, 1};
  return kBits.at(static_cast<std::size_t>(codec));
}

bool in_blocks(ValueCodec codec) { return codec >= ValueCodec::kQ8; }

std::size_t block_count(std::size_t count) { return (count + kValueBlock - 1) / kValueBlock; }

template <class E>
E load(const std::byte* at) {
  E element;
  std::memcpy(&element, at, sizeof(element));
  return element;
}

template <class E>
void store(std::byte* at, E element) {
  std::memcpy(at, &element, sizeof(element));
}

// What is read in stretches of one length, of which the last one may be shorter: zeros are then behind it.
template <class E, std::size_t Length>
class Reader {
 public:
  explicit Reader(std::span<const E> all) : all_(all) {}
  // Until the next call.
  const E* operator[](std::size_t number) {
    const auto rest = all_.subspan(number * Length);
    if (rest.size() >= Length) return rest.data();
    std::fill(std::copy(rest.begin(), rest.end(), last_.begin()), last_.end(), E{});
    return last_.data();
  }

 private:
  std::span<const E> all_;
  std::array<E, Length> last_;
};

// What is written in such stretches. Of the last one finish() takes what is wanted.
template <class E, std::size_t Length>
class Writer {
 public:
  explicit Writer(std::span<E> all) : all_(all) {}
  E* operator[](std::size_t number) {
    const auto rest = all_.subspan(number * Length);
    return rest.size() >= Length ? rest.data() : last_.data();
  }
  void finish() {
    const auto rest = all_.last(all_.size() % Length);
    std::copy_n(last_.begin(), rest.size(), rest.begin());
  }

 private:
  std::span<E> all_;
  std::array<E, Length> last_;
};

// A block of values as floats, or of floats as values; what they already are is not copied.
template <class T>
class Floats {
 public:
  explicit Floats(const ValueKernels& kernels) : kernels_(kernels) {}
  const float* of(const T* values) {
    if constexpr (std::is_same_v<T, float>) return values;
    if constexpr (std::is_same_v<T, double>) kernels_.narrow(values, room_.data());
    return room_.data();
  }
  // Where floats are to be put that become `values`.
  float* place_for(T* values) {
    if constexpr (std::is_same_v<T, float>) return values;
    return room_.data();
  }
  void put(T* values, PowerOfTwo<double> by = {}) {
    if constexpr (std::is_same_v<T, double>) kernels_.widen(room_.data(), by, values);
    static_cast<void>(values);
    static_cast<void>(by);
  }

 private:
  const ValueKernels& kernels_;
  alignas(64) std::array<float, kValueBlock> room_;
};

template <class From, class To>
void convert(const From* from, To* to, const ValueKernels& kernels) {
  if constexpr (std::is_same_v<From, double>) {
    kernels.narrow(from, to);
  } else {
    kernels.widen(from, {}, to);
  }
}

template <class Wire, class T>
void encode_floats(std::span<const T> values, std::span<std::byte> out, const ValueKernels& kernels) {
  if constexpr (std::is_same_v<Wire, T>) {
    if (!values.empty()) std::memcpy(out.data(), values.data(), out.size());
  } else {
    Reader<T, kValueBlock> in(values);
    std::array<Wire, kValueBlock> converted;
    for (std::size_t first = 0; first < values.size(); first += kValueBlock) {
      convert(in[first / kValueBlock], converted.data(), kernels);
      const std::size_t size = std::min(kValueBlock, values.size() - first);
      std::memcpy(out.data() + first * sizeof(Wire), converted.data(), size * sizeof(Wire));
    }
  }
}

template <class Wire, class T>
void decode_floats(std::span<const std::byte> bytes, std::span<T> out, const ValueKernels& kernels) {
  if constexpr (std::is_same_v<Wire, T>) {
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  } else {
    Writer<T, kValueBlock> writer(out);
    std::array<Wire, kValueBlock> given{};
    for (std::size_t first = 0; first < out.size(); first += kValueBlock) {
      const std::size_t size = std::min(kValueBlock, out.size() - first);
      std::memcpy(given.data(), bytes.data() + first * sizeof(Wire), size * sizeof(Wire));
      convert(given.data(), writer[first / kValueBlock], kernels);
    }
    writer.finish();
  }
}

// 2^exponent; each half of the exponent is one of T's.
template <class T>
PowerOfTwo<T> power_of_two(int exponent) {
  using Bits = top_k::Magnitude<T>;
  constexpr int kFraction = std::numeric_limits<T>::digits - 1;
  constexpr int kBias = std::numeric_limits<T>::max_exponent - 1;
  const auto power = [](int e) { return std::bit_cast<T>(static_cast<Bits>(e + kBias) << kFraction); };
  const int first = exponent / 2;
  return {power(first), power(exponent - first)};
}

template <class T>
top_k::Magnitude<T> max_magnitude(const T* block, const ValueKernels& kernels) {
  if constexpr (std::is_same_v<T, float>) {
    return kernels.max_magnitude(block);
  } else {
    return kernels.max_magnitude_double(block);
  }
}

// The exponent e of float16 for these values.
template <class T>
int exponent_of(std::span<const T> values, const ValueKernels& kernels) {
  constexpr auto kInfinity = std::bit_cast<top_k::Magnitude<T>>(std::numeric_limits<T>::infinity());
  Reader<T, kValueBlock> in(values);
  top_k::Magnitude<T> most = 0;
  for (std::size_t b = 0; b < block_count(values.size()); ++b) {
    const T* const block = in[b];
    const auto found = max_magnitude(block, kernels);
    if (found < kInfinity) {
      most = std::max(most, found);
    } else {
      for (std::size_t i = 0; i < kValueBlock; ++i) {
        const auto each = top_k::magnitude(block[i]);
        if (each < kInfinity) most = std::max(most, each);
      }
    }
  }
  if (most == 0) return 0;
  int exponent = 0;
  const T fraction = std::frexp(std::bit_cast<T>(most), &exponent);
  // From 65520 on a half would be infinite.
  return exponent - 16 + (fraction >= T{65520} / 65536 ? 1 : 0);
}

template <class T>
void encode_halves(std::span<const T> values, std::span<std::byte> out, const ValueKernels& kernels) {
  const int exponent = exponent_of(values, kernels);
  const auto by = power_of_two<T>(-exponent);
  store(out.data(), static_cast<std::int16_t>(exponent));
  Reader<T, kValueBlock> in(values);
  Writer<std::byte, 2 * kValueBlock> halves(out.subspan(kExponent));
  alignas(64) std::array<float, kValueBlock> floats;
  for (std::size_t b = 0; b < block_count(values.size()); ++b) {
    if constexpr (std::is_same_v<T, float>) {
      kernels.to_halves(in[b], by, halves[b]);
    } else {
      kernels.narrow_to_odd(in[b], by, floats.data());
      kernels.to_halves(floats.data(), {}, halves[b]);
    }
  }
  halves.finish();
  static_cast<void>(floats);
}

// A factor of halves as floats; out of this range every product is 0 or infinite at either end of it.
PowerOfTwo<float> half_scale(int exponent) { return power_of_two<float>(std::clamp(exponent, -250, 222)); }

template <class T>
void decode_halves(std::span<const std::byte> bytes, std::span<T> out, const ValueKernels& kernels) {
  const int exponent = load<std::int16_t>(bytes.data());
  if (exponent < kExponentMin || exponent > kExponentMax) {
    malformed(ValueCodec::kFloat16, "an exponent of " + std::to_string(exponent));
  }
  Reader<std::byte, 2 * kValueBlock> halves(bytes.subspan(kExponent));
  Writer<T, kValueBlock> writer(out);
  Floats<T> floats(kernels);
  std::uint16_t most = 0;
  for (std::size_t b = 0; b < block_count(out.size()); ++b) {
    T* const block = writer[b];
    if constexpr (std::is_same_v<T, float>) {
      most = std::max(most, kernels.from_halves(halves[b], half_scale(exponent), block));
    } else {
      most = std::max(most, kernels.from_halves(halves[b], {}, floats.place_for(block)));
      floats.put(block, power_of_two<double>(exponent));
    }
  }
  writer.finish();
  if (most == 0 ? exponent != 0 : most < kHalfMin) {
    malformed(ValueCodec::kFloat16, "the exponent is not that of the largest value");
  }
}

template <class T>
void encode_bfloat16s(std::span<const T> values, std::span<std::byte> out, const ValueKernels& kernels) {
  Reader<T, kValueBlock> in(values);
  Writer<std::byte, 2 * kValueBlock> halves(out);
  alignas(64) std::array<float, kValueBlock> floats;
  for (std::size_t b = 0; b < block_count(values.size()); ++b) {
    if constexpr (std::is_same_v<T, float>) {
      kernels.to_bfloat16s(in[b], halves[b]);
    } else {
      kernels.narrow_to_odd(in[b], {}, floats.data());
      kernels.to_bfloat16s(floats.data(), halves[b]);
    }
  }
  halves.finish();
  static_cast<void>(floats);
}

template <class T>
void decode_bfloat16s(std::span<const std::byte> bytes, std::span<T> out, const ValueKernels& kernels) {
  Reader<std::byte, 2 * kValueBlock> halves(bytes);
  Writer<T, kValueBlock> writer(out);
  Floats<T> floats(kernels);
  for (std::size_t b = 0; b < block_count(out.size()); ++b) {
    T* const block = writer[b];
    kernels.from_bfloat16s(halves[b], floats.place_for(block));
    floats.put(block);
  }
  writer.finish();
}

// The codecs with blocks: a scale for each, and codes of kBits.
struct Q8 {
  static constexpr ValueCodec kCodec = ValueCodec::kQ8;
  static constexpr std::size_t kBits = 8;
  static constexpr int kLevel = 127;
  static const LevelKernels& levels(const ValueKernels& kernels) { return kernels.q8; }
};

struct Q4 {
  static constexpr ValueCodec kCodec = ValueCodec::kQ4;
  static constexpr std::size_t kBits = 4;
  static constexpr int kLevel = 7;
  static const LevelKernels& levels(const ValueKernels& kernels) { return kernels.q4; }
};

struct Ternary {
  static constexpr ValueCodec kCodec = ValueCodec::kTernary;
  static constexpr std::size_t kBits = 2;
  static constexpr int kLevel = 1;
  static const LevelKernels& levels(const ValueKernels& kernels) { return kernels.ternary; }
};

template <class Levels>
struct ByChance : Levels {
  // `largest` is finite. 53 bits hold a scale times the level.
  static float scale(const float* /*block*/, float largest, std::size_t /*size*/,
                     const ValueKernels& /*kernels*/) {
    const float nearest = largest / Levels::kLevel;
    const bool below = static_cast<double>(nearest) * Levels::kLevel < static_cast<double>(largest);
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(nearest) + (below ? 1U : 0U));
  }
  static void encode(const float* block, float scale, std::uint64_t state, std::byte* codes,
                     const ValueKernels& kernels) {
    alignas(64) std::array<std::int8_t, kValueBlock> levels;
    kernels.quantise(block, scale, state, levels.data());
    Levels::levels(kernels).pack(levels.data(), codes);
  }
  static bool decode(const std::byte* codes, float scale, float* block, const ValueKernels& kernels) {
    alignas(64) std::array<std::int8_t, kValueBlock> levels;
    if (!Levels::levels(kernels).unpack(codes, levels.data())) return false;
    kernels.dequantise(levels.data(), scale, block);
    return true;
  }
};

struct Sign {
  static constexpr ValueCodec kCodec = ValueCodec::kSign;
  static constexpr std::size_t kBits = 1;
  static float scale(const float* block, float /*largest*/, std::size_t size, const ValueKernels& kernels) {
    return static_cast<float>(kernels.sum_of_magnitudes(block) / static_cast<double>(size));
  }
  static void encode(const float* block, float /*scale*/, std::uint64_t /*state*/, std::byte* codes,
                     const ValueKernels& kernels) {
    kernels.pack_signs(block, codes);
  }
  static bool decode(const std::byte* codes, float scale, float* block, const ValueKernels& kernels) {
    kernels.unpack_signs(codes, scale, block);
    return true;
  }
};

template <class Codec>
constexpr std::size_t kBlockBytes = kValueBlock* Codec::kBits / 8;

template <class Codec, class T>
void encode_blocks(std::span<const T> values, std::uint64_t key, std::span<std::byte> out,
                   const ValueKernels& kernels) {
  const std::size_t blocks = block_count(values.size());
  Reader<T, kValueBlock> in(values);
  Writer<std::byte, kBlockBytes<Codec>> writer(out.subspan(kScale * blocks));
  Floats<T> floats(kernels);
  for (std::size_t b = 0; b < blocks; ++b) {
    const float* const block = floats.of(in[b]);
    std::byte* const codes = writer[b];
    const auto largest = std::bit_cast<float>(kernels.max_magnitude(block));
    float scale = kNan;
    if (std::isfinite(largest)) {
      const std::size_t size = std::min(kValueBlock, values.size() - b * kValueBlock);
      scale = Codec::scale(block, largest, size, kernels);
    }
    store(out.data() + kScale * b, scale);
    if (scale > 0) {
      Codec::encode(block, scale, key + b * kValueBlockWords * kGoldenStep, codes, kernels);
    } else {
      std::fill_n(codes, kBlockBytes<Codec>, std::byte{0});
    }
  }
  writer.finish();
}

void check_scale(ValueCodec codec, float scale, std::size_t block) {
  constexpr auto kFiniteMax = std::bit_cast<std::uint32_t>(std::numeric_limits<float>::max());
  const auto bits = std::bit_cast<std::uint32_t>(scale);
  if (bits <= kFiniteMax || bits == std::bit_cast<std::uint32_t>(kNan)) return;
  malformed(codec,
            "the scale of block " + std::to_string(block) + " is negative, infinite or a NaN of its own");
}

template <class Codec, class T>
void decode_blocks(std::span<const std::byte> bytes, std::span<T> out, const ValueKernels& kernels) {
  constexpr std::array<std::byte, kBlockBytes<Codec>> kZeros{};
  const std::size_t blocks = block_count(out.size());
  const auto codes_of_all = bytes.subspan(kScale * blocks);
  const std::size_t used = out.size() * Codec::kBits % 8;
  if (used != 0 && static_cast<unsigned>(codes_of_all.back()) >> used != 0) {
    malformed(Codec::kCodec, "a bit behind the last code is set");
  }
  Reader<std::byte, kBlockBytes<Codec>> reader(codes_of_all);
  Writer<T, kValueBlock> writer(out);
  Floats<T> floats(kernels);
  for (std::size_t b = 0; b < blocks; ++b) {
    const auto scale = load<float>(bytes.data() + kScale * b);
    check_scale(Codec::kCodec, scale, b);
    const std::byte* const codes = reader[b];
    T* const block = writer[b];
    if (scale > 0) {
      if (!Codec::decode(codes, scale, floats.place_for(block), kernels)) {
        malformed(Codec::kCodec, "a code in block " + std::to_string(b) + " has no level");
      }
      floats.put(block);
    } else {
      if (std::memcmp(codes, kZeros.data(), kZeros.size()) != 0) {
        malformed(Codec::kCodec, "there are codes in block " + std::to_string(b) + ", whose scale is " +
                                     (scale == 0 ? "0" : "NaN"));
      }
      std::fill_n(block, kValueBlock, static_cast<T>(scale));
    }
  }
  writer.finish();
}

}  // namespace

std::string_view to_string(ValueCodec codec) { return kNames.at(static_cast<std::size_t>(codec)); }

std::optional<ValueCodec> value_codec_of(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<ValueCodec>(found - kNames.begin());
}

std::size_t encoded_size(ValueCodec codec, std::size_t count) {
  if (count > SIZE_MAX / 16) return SIZE_MAX;
  const std::size_t codes = (count * bits_of(codec) + 7) / 8;
  if (in_blocks(codec)) return kScale * block_count(count) + codes;
  return codec == ValueCodec::kFloat16 ? kExponent + codes : codes;
}

double bits_per_value(ValueCodec codec) {
  constexpr double kBitsOfScale = 8.0 * kScale / kValueBlock;
  return static_cast<double>(bits_of(codec)) + (in_blocks(codec) ? kBitsOfScale : 0);
}

template <class T>
bool is_lossless(ValueCodec codec) {
  return codec == ValueCodec::kFloat64 || (codec == ValueCodec::kFloat32 && std::is_same_v<T, float>);
}

bool is_unbiased(ValueCodec codec) {
  switch (codec) {
    case ValueCodec::kFloat64:
    case ValueCodec::kQ8:
    case ValueCodec::kQ4:
    case ValueCodec::kTernary:
      return true;
    default:
      return false;
  }
}

template <class T>
void encode_values(std::span<const T> values, ValueCodec codec, std::uint64_t key, std::span<std::byte> out,
                   Instructions instructions) {
  WISP_CHECK(out.size() == encoded_size(codec, values.size()), "there is room for just the encoded values");
  const ValueKernels& kernels = value_kernels(instructions);
  switch (codec) {
    case ValueCodec::kFloat64:
      return encode_floats<double>(values, out, kernels);
    case ValueCodec::kFloat32:
      return encode_floats<float>(values, out, kernels);
    case ValueCodec::kFloat16:
      return encode_halves(values, out, kernels);
    case ValueCodec::kBfloat16:
      return encode_bfloat16s(values, out, kernels);
    case ValueCodec::kQ8:
      return encode_blocks<ByChance<Q8>>(values, key, out, kernels);
    case ValueCodec::kQ4:
      return encode_blocks<ByChance<Q4>>(values, key, out, kernels);
    case ValueCodec::kTernary:
      return encode_blocks<ByChance<Ternary>>(values, key, out, kernels);
    case ValueCodec::kSign:
      return encode_blocks<Sign>(values, key, out, kernels);
  }
}

template <class T>
void decode_values(std::span<const std::byte> bytes, ValueCodec codec, std::span<T> out,
                   Instructions instructions) {
  if (static_cast<std::size_t>(codec) >= kNames.size()) {
    throw DecodeError("values: unknown codec " + std::to_string(static_cast<unsigned>(codec)));
  }
  const std::size_t expected = encoded_size(codec, out.size());
  if (bytes.size() != expected) {
    malformed(codec, std::to_string(bytes.size()) + " bytes, expected " + std::to_string(expected));
  }
  const ValueKernels& kernels = value_kernels(instructions);
  switch (codec) {
    case ValueCodec::kFloat64:
      return decode_floats<double>(bytes, out, kernels);
    case ValueCodec::kFloat32:
      return decode_floats<float>(bytes, out, kernels);
    case ValueCodec::kFloat16:
      return decode_halves(bytes, out, kernels);
    case ValueCodec::kBfloat16:
      return decode_bfloat16s(bytes, out, kernels);
    case ValueCodec::kQ8:
      return decode_blocks<ByChance<Q8>>(bytes, out, kernels);
    case ValueCodec::kQ4:
      return decode_blocks<ByChance<Q4>>(bytes, out, kernels);
    case ValueCodec::kTernary:
      return decode_blocks<ByChance<Ternary>>(bytes, out, kernels);
    case ValueCodec::kSign:
      return decode_blocks<Sign>(bytes, out, kernels);
  }
}

template <class T>
void round_values(std::span<T> values, ValueCodec codec, std::uint64_t key, std::vector<std::byte>& bytes,
                  Instructions instructions) {
  bytes.resize(encoded_size(codec, values.size()));
  encode_values<T>(values, codec, key, bytes, instructions);
  decode_values<T>(bytes, codec, values, instructions);
}

template bool is_lossless<float>(ValueCodec);
template bool is_lossless<double>(ValueCodec);
template void encode_values(std::span<const float>, ValueCodec, std::uint64_t, std::span<std::byte>,
                            Instructions);
template void encode_values(std::span<const double>, ValueCodec, std::uint64_t, std::span<std::byte>,
                            Instructions);
template void decode_values(std::span<const std::byte>, ValueCodec, std::span<float>, Instructions);
template void decode_values(std::span<const std::byte>, ValueCodec, std::span<double>, Instructions);
template void round_values(std::span<float>, ValueCodec, std::uint64_t, std::vector<std::byte>&,
                           Instructions);
template void round_values(std::span<double>, ValueCodec, std::uint64_t, std::vector<std::byte>&,
                           Instructions);

}  // namespace wisp::sparse
