#include "sparse/value_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pack.h"
#include "base/rng.h"
#include "tests/sparse/index_bytes.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using test::bytes_of;
using test::Raw;
using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <class T>
using Bits = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;

template <class T>
std::vector<Bits<T>> bits_of(const std::vector<T>& values) {
  std::vector<Bits<T>> bits;
  for (const T value : values) bits.push_back(std::bit_cast<Bits<T>>(value));
  return bits;
}

// The same bytes with all instructions, into memory that ends with them.
template <class T>
Raw encoded(const std::vector<T>& values, ValueCodec codec, std::uint64_t key = 1) {
  Raw first(encoded_size(codec, values.size()));
  encode_values<T>(values, codec, key, first, Instructions::kPortable);
  for (const Instructions each : available_instructions()) {
    Raw bytes(first.size(), std::byte{0xee});
    encode_values<T>(values, codec, key, bytes, each);
    EXPECT_EQ(bytes, first) << to_string(each) << " " << to_string(codec) << " " << values.size();
  }
  return first;
}

template <class T>
struct Outcome {
  std::vector<Bits<T>> bits;
  std::string complaint;  // empty: there are values
  bool operator==(const Outcome&) const = default;
};

template <class T>
Outcome<T> outcome_with(Instructions instructions, const Raw& bytes, ValueCodec codec, std::size_t count) {
  try {
    std::vector<T> values(count, T{7});
    decode_values<T>(bytes, codec, values, instructions);
    return {bits_of(values), ""};
  } catch (const DecodeError& error) {
    return {{}, error.what()};
  }
}

// The same with all instructions.
template <class T>
Outcome<T> outcome(const Raw& bytes, ValueCodec codec, std::size_t count) {
  const auto first = outcome_with<T>(Instructions::kPortable, bytes, codec, count);
  for (const Instructions each : available_instructions()) {
    EXPECT_EQ(outcome_with<T>(each, bytes, codec, count), first) << to_string(each);
  }
  return first;
}

template <class T>
std::vector<T> decoded(const Raw& bytes, ValueCodec codec, std::size_t count) {
  const auto found = outcome<T>(bytes, codec, count);
  EXPECT_EQ(found.complaint, "") << to_string(codec) << " " << count;
  std::vector<T> values;
  for (const Bits<T> bits : found.bits) values.push_back(std::bit_cast<T>(bits));
  return values;
}

std::string complaint(const Raw& bytes, ValueCodec codec, std::size_t count) {
  return outcome<float>(bytes, codec, count).complaint;
}

// The definitions of value_codec.h, one value at a time and without looking at the code.
namespace naive {

float half_value(unsigned pattern) {
  const unsigned field = pattern >> 10 & 31;
  const double fraction = pattern & 1023;
  const double magnitude = field == 0    ? std::ldexp(fraction, -24)
                           : field == 31 ? (fraction == 0 ? HUGE_VAL : std::nan(""))
                                         : std::ldexp(1024 + fraction, static_cast<int>(field) - 25);
  return static_cast<float>(pattern >> 15 != 0 ? -magnitude : magnitude);
}

// The number of `digits` bits of significand, and a last place of 2^least at least, nearest to a finite
// value.
double rounded(double value, int digits, int least) {
  if (value == 0) return value;
  const int place = std::max(std::ilogb(value) - (digits - 1), least);
  return std::ldexp(std::nearbyint(std::ldexp(value, -place)), place);
}

double float16(const std::vector<double>& values, double value) {
  double most = 0;
  for (const double each : values) {
    if (std::isfinite(each)) most = std::max(most, std::abs(each));
  }
  if (!std::isfinite(value) || most == 0) return value;
  int exponent = std::ilogb(most) - 15;
  if (std::ldexp(most, -exponent) >= 65520) ++exponent;
  return std::ldexp(rounded(std::ldexp(value, -exponent), 11, -24), exponent);
}

double bfloat16(double value) { return std::isfinite(value) ? rounded(value, 8, -133) : value; }

std::uint64_t word_of_chance(std::uint64_t key, std::uint64_t number) {
  std::uint64_t z = key;
  for (std::uint64_t i = 0; i <= number; ++i) z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

float float_up(double value) {
  const auto nearest = static_cast<float>(value);
  return static_cast<double>(nearest) < value ? std::nextafter(nearest, kInfinity) : nearest;
}

class Bits {
 public:
  void put(unsigned code, unsigned width) {
    for (unsigned bit = 0; bit < width; ++bit) {
      if (count_ % 8 == 0) bytes_.push_back(std::byte{0});
      bytes_.back() |= static_cast<std::byte>((code >> bit & 1) << count_ % 8);
      ++count_;
    }
  }
  const Raw& bytes() const { return bytes_; }

 private:
  Raw bytes_;
  std::size_t count_ = 0;
};

struct Block {
  float scale = kNan;
  std::vector<int> levels;
};

Block block_of(const std::vector<float>& values, ValueCodec codec, std::uint64_t key, std::size_t first) {
  Block block;
  block.levels.assign(values.size(), 0);
  float most = 0;
  double sums[16] = {};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) return block;
    most = std::max(most, std::abs(values[i]));
    sums[i % 16] += std::abs(static_cast<double>(values[i]));
  }
  for (std::size_t n = 8; n > 0; n /= 2) {
    for (std::size_t j = 0; j < n; ++j) sums[j] += sums[j + n];
  }
  const int level_max = codec == ValueCodec::kQ8 ? 127 : codec == ValueCodec::kQ4 ? 7 : 1;
  block.scale = float_up(static_cast<double>(most) / level_max);
  // The quotient as a double may have been rounded to what is a float.
  if (static_cast<double>(block.scale) * level_max < most)
    block.scale = std::nextafter(block.scale, kInfinity);
  if (codec == ValueCodec::kSign)
    block.scale = static_cast<float>(sums[0] / static_cast<double>(values.size()));
  if (block.scale == 0) return block;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (codec == ValueCodec::kSign) {
      block.levels[i] = std::signbit(values[i]) ? -1 : 1;
      continue;
    }
    const std::uint64_t word = word_of_chance(key, (first + i) / 2);
    const std::uint64_t chance = ((first + i) % 2 == 0 ? word & 0xffffffff : word >> 32) >> 9;
    const double v = std::trunc(static_cast<double>(values[i] / block.scale) * 8388608);
    block.levels[i] = static_cast<int>(std::floor((v + static_cast<double>(chance)) / 8388608));
  }
  return block;
}

unsigned code_of(int level, float scale, ValueCodec codec) {
  if (codec == ValueCodec::kSign) return scale > 0 && level < 0 ? 1 : 0;
  if (codec == ValueCodec::kTernary) return level < 0 ? 2 : static_cast<unsigned>(level);
  return static_cast<unsigned>(level) & (codec == ValueCodec::kQ8 ? 0xff : 0xf);
}

struct Message {
  Raw bytes;
  std::vector<float> meaning;
};

Message message(const std::vector<float>& values, ValueCodec codec, std::uint64_t key) {
  Message result;
  Bits bits;
  const unsigned width = 8U >> (static_cast<unsigned>(codec) - static_cast<unsigned>(ValueCodec::kQ8));
  for (std::size_t first = 0; first < values.size(); first += 256) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
    const auto size = static_cast<std::ptrdiff_t>(std::min<std::size_t>(256, values.size() - first));
    const Block block = block_of({begin, begin + size}, codec, key, first);
    const auto scale = std::bit_cast<std::uint32_t>(block.scale);
    for (unsigned byte = 0; byte < 4; ++byte)
      result.bytes.push_back(static_cast<std::byte>(scale >> 8 * byte));
    for (const int level : block.levels) {
      bits.put(code_of(level, block.scale, codec), width);
      const bool plain = block.scale > 0;
      result.meaning.push_back(plain ? static_cast<float>(level) * block.scale : block.scale);
    }
  }
  result.bytes.insert(result.bytes.end(), bits.bytes().begin(), bits.bytes().end());
  return result;
}

}  // namespace naive

template <class T>
std::vector<T> normal(std::size_t count, double scale, std::uint64_t round = 0) {
  Rng rng(wisp::test::seed(), 0, round, Purpose::kInit);
  std::vector<T> values(count);
  for (T& each : values) each = static_cast<T>(scale * rng.normal());
  return values;
}

constexpr std::size_t kSizes[] = {0,  1,  2,  3,   7,   8,   9,   15,  16,  17,  31,  32,  33,
                                  63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1000};

// Kinds of values that have gone wrong somewhere.
template <class T>
std::vector<std::vector<T>> kinds(std::size_t count) {
  constexpr T kLeast = std::numeric_limits<T>::denorm_min();
  constexpr T kMost = std::numeric_limits<T>::max();
  std::vector<std::vector<T>> all;
  for (const double scale : {1e-2, 1e30, 1e-30, 1e-42}) all.push_back(normal<T>(count, scale, count));
  for (const T value : {T{0}, -T{0}, T{1}, T{-3}, kLeast, -kLeast, 5 * kLeast, kMost, -kMost, kMost / 127,
                        T{65504}, T{65519}, T{65520}, T{65536}, std::numeric_limits<T>::min()}) {
    all.emplace_back(count, value);
  }
  // Any bits: all magnitudes, and NaNs and infinities among them.
  Rng rng(wisp::test::seed(), 1, count, Purpose::kInit);
  std::vector<T> any(count);
  for (T& each : any) each = std::bit_cast<T>(static_cast<Bits<T>>(rng.next64()));
  all.push_back(any);
  for (T& each : any) each = std::isfinite(each) ? each : T{0};
  all.push_back(any);
  // Mostly zeros, and one thing that is not like the others.
  for (const T odd : {T{1}, kLeast, kMost, T{kInfinity}, T{-kInfinity}, T{kNan}}) {
    std::vector<T> values = normal<T>(count, 1e-3, count + 1);
    for (std::size_t i = 0; i < count; i += 3) values[i] = 0;
    if (count > 0) values[count - 1] = odd;
    all.push_back(values);
  }
  return all;
}

template <class T>
std::vector<double> doubles(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

// Equal, or both NaN.
bool same(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

template <class T>
class ValueCodecOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ValueCodecOf, Types);

TYPED_TEST(ValueCodecOf, floats_are_rounded_to_the_nearest) {
  using T = TypeParam;
  for (const std::size_t count : kSizes) {
    for (const std::vector<T>& values : kinds<T>(count)) {
      const auto as_doubles = decoded<T>(encoded(values, ValueCodec::kFloat64), ValueCodec::kFloat64, count);
      const auto as_floats = decoded<T>(encoded(values, ValueCodec::kFloat32), ValueCodec::kFloat32, count);
      const auto as_halves = decoded<T>(encoded(values, ValueCodec::kFloat16), ValueCodec::kFloat16, count);
      const auto as_bfloats =
          decoded<T>(encoded(values, ValueCodec::kBfloat16), ValueCodec::kBfloat16, count);
      const std::vector<double> exact = doubles(values);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_TRUE(same(as_doubles[i], exact[i])) << exact[i];
        ASSERT_TRUE(same(as_floats[i], static_cast<float>(exact[i]))) << exact[i];
        ASSERT_TRUE(same(as_halves[i], static_cast<T>(naive::float16(exact, exact[i])))) << exact[i];
        ASSERT_TRUE(same(as_bfloats[i], static_cast<float>(naive::bfloat16(exact[i])))) << exact[i];
      }
    }
  }
}

TYPED_TEST(ValueCodecOf, blocks_are_what_the_definitions_say) {
  using T = TypeParam;
  for (const ValueCodec codec : {ValueCodec::kQ8, ValueCodec::kQ4, ValueCodec::kTernary, ValueCodec::kSign}) {
    for (const std::size_t count : kSizes) {
      std::uint64_t key = 0xfedcba9876543210;
      for (const std::vector<T>& values : kinds<T>(count)) {
        const std::vector<float> floats(values.begin(), values.end());
        const naive::Message expected = naive::message(floats, codec, ++key);
        const Raw bytes = encoded(values, codec, key);
        ASSERT_EQ(bytes, expected.bytes) << to_string(codec) << " " << count;
        const std::vector<T> meaning(expected.meaning.begin(), expected.meaning.end());
        ASSERT_EQ(bits_of(decoded<T>(bytes, codec, count)), bits_of(meaning))
            << to_string(codec) << " " << count;
      }
    }
  }
}

// |x - q| <= s, but for the rounding of q; and q is finite where x is, but at the end of the range.
TYPED_TEST(ValueCodecOf, errors_are_at_most_a_step) {
  using T = TypeParam;
  for (const double scale : {1e-40, 1e-3, 1e36}) {
    const auto values = normal<T>(1000, scale, 2);
    for (const ValueCodec codec : {ValueCodec::kQ8, ValueCodec::kQ4, ValueCodec::kTernary}) {
      const Raw bytes = encoded(values, codec);
      const auto found = decoded<T>(bytes, codec, values.size());
      for (std::size_t i = 0; i < values.size(); ++i) {
        float step = 0;
        std::memcpy(&step, bytes.data() + i / 256 * 4, sizeof(step));
        ASSERT_LE(std::abs(static_cast<double>(values[i]) - static_cast<double>(found[i])),
                  step * (1 + 0x1p-16));
      }
    }
  }
}

TYPED_TEST(ValueCodecOf, is_lossless_where_it_says_so) {
  using T = TypeParam;
  EXPECT_TRUE(is_lossless<T>(ValueCodec::kFloat64));
  EXPECT_EQ(is_lossless<T>(ValueCodec::kFloat32), (std::is_same_v<T, float>));
  for (const ValueCodec codec : {ValueCodec::kFloat16, ValueCodec::kBfloat16, ValueCodec::kQ8,
                                 ValueCodec::kQ4, ValueCodec::kTernary, ValueCodec::kSign}) {
    EXPECT_FALSE(is_lossless<T>(codec));
  }
}

TYPED_TEST(ValueCodecOf, rounding_leaves_what_decoding_gives) {
  using T = TypeParam;
  for (const ValueCodec codec : kValueCodecs) {
    for (const std::size_t count : {0, 1, 300}) {
      for (const std::vector<T>& values : kinds<T>(count)) {
        Raw bytes(5, std::byte{1});
        std::vector<T> rounded = values;
        round_values<T>(rounded, codec, 9, bytes);
        ASSERT_EQ(bytes, encoded(values, codec, 9));
        ASSERT_EQ(bits_of(rounded), bits_of(decoded<T>(bytes, codec, count)));
      }
    }
  }
}

// What comes after a rounding has nothing to round, where the rounding is to the nearest.
TYPED_TEST(ValueCodecOf, rounds_once) {
  using T = TypeParam;
  for (const ValueCodec codec :
       {ValueCodec::kFloat64, ValueCodec::kFloat32, ValueCodec::kFloat16, ValueCodec::kBfloat16}) {
    for (const double scale : {1e-44, 1e-6, 1.0, 1e37}) {
      const Raw bytes = encoded(normal<T>(300, scale, 3), codec);
      EXPECT_EQ(encoded(decoded<T>(bytes, codec, 300), codec), bytes) << to_string(codec) << " " << scale;
    }
  }
}

// In the mean over keys the error vanishes: 4000 roundings of a value have a mean within six standard
// deviations (of at most half a step each) of it.
TYPED_TEST(ValueCodecOf, chance_has_no_bias) {
  using T = TypeParam;
  constexpr int kKeys = 4000;
  const auto values = normal<T>(300, 1e-2, 4);
  for (const ValueCodec codec : {ValueCodec::kQ8, ValueCodec::kQ4, ValueCodec::kTernary}) {
    EXPECT_TRUE(is_unbiased(codec));
    std::vector<double> sums(values.size());
    Raw bytes;
    for (int key = 0; key < kKeys; ++key) {
      std::vector<T> rounded = values;
      round_values<T>(rounded, codec, static_cast<std::uint64_t>(key), bytes);
      for (std::size_t i = 0; i < values.size(); ++i) sums[i] += rounded[i];
    }
    double error_of_all = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      float step = 0;
      std::memcpy(&step, bytes.data() + i / 256 * 4, sizeof(step));
      const double error = (sums[i] / kKeys - values[i]) / step;
      ASSERT_LE(std::abs(error), 6 * 0.5 / std::sqrt(kKeys)) << to_string(codec) << " " << i;
      error_of_all += error;
    }
    const double independent = std::sqrt(static_cast<double>(values.size()));
    EXPECT_LE(std::abs(error_of_all), 6 * 0.5 / std::sqrt(kKeys) * independent) << to_string(codec);
  }
}

// All 65,536 halves come back; as the largest of them is there, the exponent is 0 and they are the bytes.
TEST(ValueCodec, every_half_survives) {
  std::vector<float> values;
  Raw expected = bytes_of({0, 0});
  for (unsigned pattern = 0; pattern < 0x10000; ++pattern) {
    const bool nan = (pattern & 0x7fff) > 0x7c00;
    values.push_back(
        nan ? std::bit_cast<float>((pattern & 0x8000) << 16 | 0x7fc00000 | (pattern & 0x3ff) << 13)
            : naive::half_value(pattern));
    const unsigned quiet = pattern | (nan ? 0x200 : 0);
    expected.push_back(static_cast<std::byte>(quiet & 0xff));
    expected.push_back(static_cast<std::byte>(quiet >> 8));
  }
  EXPECT_EQ(encoded(values, ValueCodec::kFloat16), expected);
  EXPECT_EQ(bits_of(decoded<float>(expected, ValueCodec::kFloat16, values.size())), bits_of(values));
  EXPECT_EQ(encoded(std::vector<double>(values.begin(), values.end()), ValueCodec::kFloat16), expected);
  // The small ones alone, which are scaled up.
  std::vector<float> small;
  for (unsigned pattern = 0; pattern < 0x3000; ++pattern) small.push_back(naive::half_value(pattern));
  const Raw bytes = encoded(small, ValueCodec::kFloat16);
  EXPECT_NE(bytes[0], std::byte{0});
  EXPECT_EQ(bits_of(decoded<float>(bytes, ValueCodec::kFloat16, small.size())), bits_of(small));
}

// Between any two halves: the middle, and what is next to it.
TEST(ValueCodec, halves_are_rounded_to_even) {
  std::vector<float> values{65504.0F};  // the exponent stays 0
  for (unsigned pattern = 0; pattern < 0x7bff; ++pattern) {
    const float middle = (naive::half_value(pattern) + naive::half_value(pattern + 1)) / 2;
    for (const float each : {middle, std::nextafter(middle, 0.0F), std::nextafter(middle, kInfinity)}) {
      values.push_back(each);
      values.push_back(-each);
    }
  }
  const auto found =
      decoded<float>(encoded(values, ValueCodec::kFloat16), ValueCodec::kFloat16, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_TRUE(same(found[i], naive::rounded(values[i], 11, -24))) << values[i];
  }
}

// A double that lies beside the middle of two halves by less than a float can tell.
TEST(ValueCodec, doubles_are_rounded_once) {
  const std::vector<double> values{1024, 1 + 0x1p-11 + 0x1p-50, 1 + 0x1p-11 - 0x1p-50, 1 + 0x1p-8 + 0x1p-50};
  EXPECT_THAT(decoded<double>(encoded(values, ValueCodec::kFloat16), ValueCodec::kFloat16, 4),
              testing::ElementsAre(1024, 1 + 0x1p-10, 1, 1 + 0x1p-8));
  EXPECT_THAT(decoded<double>(encoded(values, ValueCodec::kBfloat16), ValueCodec::kBfloat16, 4),
              testing::ElementsAre(1024, 1, 1, 1 + 0x1p-7));
}

TEST(ValueCodec, one_type_sends_and_the_other_receives) {
  const auto values = normal<double>(700, 1e-3, 5);
  for (const ValueCodec codec : kValueCodecs) {
    const Raw bytes = encoded(values, codec);
    const auto wide = decoded<double>(bytes, codec, values.size());
    const std::vector<float> expected(wide.begin(), wide.end());
    EXPECT_EQ(bits_of(decoded<float>(bytes, codec, values.size())), bits_of(expected)) << to_string(codec);
  }
  // Out of the range of float.
  const std::vector<double> far{1e300, -1e299, 0, 1e-300};
  const Raw large = encoded(far, ValueCodec::kFloat16);
  EXPECT_THAT(decoded<float>(large, ValueCodec::kFloat16, 4),
              testing::ElementsAre(kInfinity, -kInfinity, 0, 0));
  const Raw small = encoded(std::vector<double>{1e-300, -1e-305}, ValueCodec::kFloat16);
  EXPECT_EQ(bits_of(decoded<float>(small, ValueCodec::kFloat16, 2)),
            bits_of(std::vector<float>{0.0F, -0.0F}));
  EXPECT_TRUE(std::isnan(decoded<double>(encoded(far, ValueCodec::kQ8), ValueCodec::kQ8, 4)[3]));
}

// The bytes of published documents and of other programs: they never change.
TEST(ValueCodec, frozen_bytes) {
  const std::vector<float> values{1.0F, -0.5F, 0.0F, 0.25F, -1.0F};
  EXPECT_EQ(encoded(values, ValueCodec::kFloat32),
            bytes_of({0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf, 0, 0, 0, 0, 0, 0, 0x80, 0x3e, 0, 0, 0x80, 0xbf}));
  EXPECT_EQ(encoded(std::vector<float>{1.0F, -0.5F}, ValueCodec::kFloat64),
            bytes_of({0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0xe0, 0xbf}));
  // e = -15: 1 is sent as 32768.
  EXPECT_EQ(encoded(values, ValueCodec::kFloat16),
            bytes_of({0xf1, 0xff, 0, 0x78, 0, 0xf4, 0, 0, 0, 0x70, 0, 0xf8}));
  EXPECT_EQ(encoded(values, ValueCodec::kBfloat16),
            bytes_of({0x80, 0x3f, 0, 0xbf, 0, 0, 0x80, 0x3e, 0x80, 0xbf}));
  EXPECT_EQ(encoded(values, ValueCodec::kQ8, 5),
            bytes_of({0x05, 0x02, 0x01, 0x3c, 0x7f, 0xc0, 0, 0x20, 0x81}));
  EXPECT_EQ(encoded(values, ValueCodec::kQ4, 5), bytes_of({0x25, 0x49, 0x12, 0x3e, 0xc7, 0x20, 0x09}));
  EXPECT_EQ(encoded(values, ValueCodec::kTernary, 5), bytes_of({0, 0, 0x80, 0x3f, 0x49, 0x02}));
  EXPECT_EQ(encoded(values, ValueCodec::kSign), bytes_of({0xcd, 0xcc, 0x0c, 0x3f, 0x12}));
}

TEST(ValueCodec, has_names_and_sizes) {
  for (const ValueCodec codec : kValueCodecs) {
    EXPECT_EQ(value_codec_of(to_string(codec)), codec);
    const auto many = static_cast<double>(encoded_size(codec, 1 << 20)) * 8 / (1 << 20);
    EXPECT_NEAR(many, bits_per_value(codec), 1e-4) << to_string(codec);
    EXPECT_EQ(encoded_size(codec, 0), codec == ValueCodec::kFloat16 ? 2 : 0);
    EXPECT_EQ(encoded_size(codec, SIZE_MAX), SIZE_MAX);
    EXPECT_EQ(encoded_size(codec, SIZE_MAX / 8), SIZE_MAX);
    EXPECT_LT(encoded_size(codec, SIZE_MAX / 16), SIZE_MAX);
  }
  EXPECT_EQ(value_codec_of("float8"), std::nullopt);
  EXPECT_EQ(encoded_size(ValueCodec::kQ8, 257), 2 * 4 + 257);
  EXPECT_EQ(encoded_size(ValueCodec::kQ4, 257), 2 * 4 + 129);
  EXPECT_EQ(encoded_size(ValueCodec::kTernary, 257), 2 * 4 + 65);
  EXPECT_EQ(encoded_size(ValueCodec::kSign, 257), 2 * 4 + 33);
  EXPECT_EQ(bits_per_value(ValueCodec::kTernary), 2.125);
  EXPECT_TRUE(is_unbiased(ValueCodec::kFloat64));
  EXPECT_FALSE(is_unbiased(ValueCodec::kFloat16));
  EXPECT_FALSE(is_unbiased(ValueCodec::kSign));
}

TEST(ValueCodec, names_what_is_wrong) {
  EXPECT_THAT(complaint(bytes_of({1, 2, 3}), ValueCodec::kFloat32, 1),
              HasSubstr("float32: 3 bytes, expected 4"));
  EXPECT_THAT(complaint({}, static_cast<ValueCodec>(8), 0), HasSubstr("unknown codec 8"));
  EXPECT_THAT(complaint({}, ValueCodec::kFloat16, 0), HasSubstr("0 bytes, expected 2"));
  EXPECT_THAT(complaint(bytes_of({0, 0, 0, 0x3c}), ValueCodec::kFloat16, 1),
              HasSubstr("not that of the largest"));
  EXPECT_THAT(complaint(bytes_of({1, 0, 0, 0}), ValueCodec::kFloat16, 1),
              HasSubstr("not that of the largest"));
  EXPECT_THAT(complaint(bytes_of({1, 0, 0, 0x7c}), ValueCodec::kFloat16, 1),
              HasSubstr("not that of the largest"));
  EXPECT_THAT(complaint(bytes_of({0, 4, 0, 0x78}), ValueCodec::kFloat16, 1),
              HasSubstr("an exponent of 1024"));
  EXPECT_THAT(complaint(bytes_of({0, 0x80, 0, 0x78}), ValueCodec::kFloat16, 1),
              HasSubstr("an exponent of -32768"));
  EXPECT_THAT(complaint(bytes_of({0, 0, 0x80, 0x3f, 0x80}), ValueCodec::kQ8, 1), HasSubstr("no level"));
  EXPECT_THAT(complaint(bytes_of({0, 0, 0x80, 0x3f, 8}), ValueCodec::kQ4, 1), HasSubstr("no level"));
  EXPECT_THAT(complaint(bytes_of({0, 0, 0x80, 0x3f, 0x81}), ValueCodec::kQ4, 2), HasSubstr("no level"));
  EXPECT_THAT(complaint(bytes_of({0, 0, 0x80, 0x3f, 0x34}), ValueCodec::kTernary, 3), HasSubstr("no level"));
  for (const ValueCodec codec : {ValueCodec::kQ8, ValueCodec::kQ4, ValueCodec::kTernary, ValueCodec::kSign}) {
    const auto scaled = [&](int upper, int third, int code) {
      return complaint(bytes_of({0, 0, third, upper, code}), codec, 1);
    };
    EXPECT_EQ(scaled(0x3f, 0x80, 1), "");
    EXPECT_EQ(scaled(0x7f, 0xc0, 0), "");
    EXPECT_THAT(scaled(0xbf, 0x80, 1), HasSubstr("the scale of block 0"));
    EXPECT_THAT(scaled(0x80, 0, 0), HasSubstr("the scale of block 0"));
    EXPECT_THAT(scaled(0x7f, 0x80, 0), HasSubstr("the scale of block 0"));
    EXPECT_THAT(scaled(0x7f, 0xc1, 0), HasSubstr("the scale of block 0"));
    EXPECT_THAT(scaled(0, 0, 1), HasSubstr("codes in block 0, whose scale is 0"));
    EXPECT_THAT(scaled(0x7f, 0xc0, 1), HasSubstr("codes in block 0, whose scale is NaN"));
    if (codec != ValueCodec::kQ8) {
      EXPECT_THAT(scaled(0x3f, 0x80, 0x10), HasSubstr("behind the last code"));
    }
  }
}

// Each code in each place of a byte, in whole blocks and in short ones.
TEST(ValueCodec, refuses_the_codes_that_are_no_level_wherever_they_are) {
  for (const std::size_t count : {256, 300}) {
    for (const ValueCodec codec : {ValueCodec::kQ8, ValueCodec::kQ4, ValueCodec::kTernary}) {
      const Raw whole = encoded(normal<float>(count, 1.0, 6), codec);
      const unsigned width = codec == ValueCodec::kQ8 ? 8 : codec == ValueCodec::kQ4 ? 4 : 2;
      const unsigned spare = codec == ValueCodec::kTernary ? 3 : 1U << (width - 1);
      const std::size_t begin = whole.size() - count * width / 8;
      for (std::size_t i = 0; i < count; ++i) {
        Raw bytes = whole;
        const std::size_t bit = i * width;
        const unsigned mask = ((1U << width) - 1) << bit % 8;
        std::byte& place = bytes[begin + bit / 8];
        place = (place & ~static_cast<std::byte>(mask)) | static_cast<std::byte>(spare << bit % 8);
        ASSERT_THAT(complaint(bytes, codec, count), HasSubstr("no level")) << to_string(codec) << " " << i;
      }
    }
  }
}

// Bytes that were damaged on the way, or made up: refused, or as many values; never read out of bounds.
TEST(ValueCodec, survives_damage) {
  Rng rng(wisp::test::seed(), 0, 7, Purpose::kInit);
  std::size_t refused = 0;
  for (int i = 0; i < 4000; ++i) {
    const ValueCodec codec = kValueCodecs[rng.below(8)];
    const std::size_t count = rng.below(700);
    const Raw whole = encoded(normal<float>(count, 1.0, static_cast<std::uint64_t>(i)), codec);
    Raw flipped = whole;
    for (std::uint32_t flips = 1 + rng.below(3); flips > 0 && !whole.empty(); --flips) {
      const std::uint32_t bit = rng.below(static_cast<std::uint32_t>(8 * flipped.size()));
      flipped[bit / 8] ^= std::byte{1} << bit % 8;
    }
    const auto found = outcome<double>(flipped, codec, count);
    ASSERT_TRUE(!found.complaint.empty() || found.bits.size() == count);
    refused += found.complaint.empty() ? 0 : 1;
    if (!whole.empty()) {
      const Raw cut(whole.begin(), whole.begin() + rng.below(static_cast<std::uint32_t>(whole.size())));
      ASSERT_THAT(complaint(cut, codec, count), HasSubstr("expected"));
    }
    Raw longer = whole;
    longer.resize(longer.size() + 1 + rng.below(9));
    ASSERT_THAT(complaint(longer, codec, count), HasSubstr("expected"));
    Raw random(encoded_size(codec, count));
    for (std::byte& each : random) each = static_cast<std::byte>(rng.below(256));
    outcome<float>(random, codec, count);
  }
  EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace wisp::sparse
