#pragma once
// Values as bytes: numbers in fewer bits than they have, rounded to nearest or by chance.
//
// float64, float32, float16 and bfloat16 are the formats of IEEE 754 (bfloat16: the upper half of a float32),
// little-endian, rounded to nearest, ties to even; a NaN stays one, quiet, with its sign and as many of its
// upper bits as there is room for. Before the halves of float16 there is a little-endian int16, the exponent
// e: a half h means h 2^e. The sender takes the e by which the largest finite magnitude comes to lie in
// 2^15 .. 65504, where halves are the most exact; so nothing overflows because it is large, or vanishes
// because everything is small, and what is a half already survives. e is 0 if there is nothing finite but
// zeros.
//
// The others write blocks of 256 values, the last one perhaps shorter: first the float32 scale of each block,
// then the codes of all values, without a gap, the first one in the lowest bits of a byte. Zero bits fill the
// last byte. They work on float32: a double is rounded to one first.
//
//             bits  levels     scale s of a block
//   q8        8     -127..127  max |x| / 127, rounded up
//   q4        4     -7..7      max |x| / 7, rounded up
//   ternary   2     -1..1      max |x|
//   sign      1     -1, 1      mean of |x|
//
// A code c of q8 and q4 is the level in two's complement; of ternary 0, 1 and 2 are 0, 1 and -1; of sign 0
// and 1 are 1 and -1. It means level * s, as float32. In a block of scale 0, which is one of zeros (or, for
// sign, of values whose mean rounds to 0), all codes are 0; it means +0. So are the codes in a block with
// something that isn't finite, whose scale is the NaN 0x7fc00000: all of it means NaN.
//
// q8, q4 and ternary round by chance, and what they mean is in the mean what was sent (but for 2^-16 s).
// Value i of the message, from 0 on, has the level floor((v + u) / 2^23), where v is 2^23 (x / s), with the
// quotient rounded to float32, without its fraction; and u < 2^23 the upper 23 bits of the lower (i even) or
// upper (i odd) half of word i / 2 rounded down. Word j is the number j, from 0 on, of SplitMix64 with the
// seed `key` (Steele, Lea, Flood: Fast splittable pseudorandom number generators. OOPSLA 2014): modulo 2^64,
//   z = key + (j + 1) 0x9e3779b97f4a7c15
//   z = (z ^ z >> 30) 0xbf58476d1ce4e5b9
//   z = (z ^ z >> 27) 0x94d049bb133111eb
//   word = z ^ z >> 31
// So the bytes are a function of the values and the key; a receiver needs neither.
//
// The sign with the mean as its scale is the nearest to the block that signs can be; it is for senders who
// keep what is missing (error feedback). Papers: ternary, Wen et al.: TernGrad. NeurIPS 2017; q8 and q4,
// Alistarh et al.: QSGD. NeurIPS 2017, with the largest magnitude for the norm; sign, Karimireddy et al.:
// Error feedback fixes SignSGD. ICML 2019.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/cpu.h"

namespace wisp::sparse {

// The numbers are part of the wire format.
enum class ValueCodec : std::uint8_t {
  kFloat64 = 0,
  kFloat32 = 1,
  kFloat16 = 2,
  kBfloat16 = 3,
  kQ8 = 4,
  kQ4 = 5,
  kTernary = 6,
  kSign = 7,
};
// All of them, by their numbers.
constexpr std::array<ValueCodec, 8> kValueCodecs{
    ValueCodec::kFloat64, ValueCodec::kFloat32, ValueCodec::kFloat16, ValueCodec::kBfloat16,
    ValueCodec::kQ8,      ValueCodec::kQ4,      ValueCodec::kTernary, ValueCodec::kSign};

// That of T itself.
template <class T>
constexpr ValueCodec native_codec() {
  return sizeof(T) == sizeof(double) ? ValueCodec::kFloat64 : ValueCodec::kFloat32;
}

// float64, float32, float16, bfloat16, q8, q4, ternary, sign.
std::string_view to_string(ValueCodec codec);
std::optional<ValueCodec> value_codec_of(std::string_view name);

// Of `count` values. SIZE_MAX for more than SIZE_MAX / 16 of them, which no memory holds.
std::size_t encoded_size(ValueCodec codec, std::size_t count);
// Of many values, with their scales.
double bits_per_value(ValueCodec codec);

// Whether decoding gives every T that was encoded, but for the payloads of NaNs.
template <class T>
bool is_lossless(ValueCodec codec);
// Whether, in the mean over all keys, decoding gives the finite values that were encoded. The others round
// the same way each time, whatever the key.
bool is_unbiased(ValueCodec codec);

// T is float or double here and below, whatever the codec. out.size() is encoded_size(). Values may be
// anything: what isn't finite as a float32 makes its block NaN, if the codec has blocks, and otherwise stays
// itself or, where a format cannot hold its magnitude, becomes infinite. So may, by rounding up, numbers that
// are by less than a share of 2^-9 (bfloat16), 2^-12 (float16) or 2^-16 (q8, q4) below where the format ends.
// Messages whose errors are to be independent have keys that are not near each other: hashes, say.
template <class T>
void encode_values(std::span<const T> values, ValueCodec codec, std::uint64_t key, std::span<std::byte> out,
                   Instructions instructions = best_instructions());

// The values that `bytes` are, rounded to the nearest T. Nobody vouches for the bytes and the number of the
// codec: throws DecodeError that says what is wrong unless this is the whole of an encoding of out.size()
// values in the form above, with its own e, without spare codes, bits or NaNs for a scale. What was written
// is then unspecified. Nothing is allocated but for the error. Values may be anything.
template <class T>
void decode_values(std::span<const std::byte> bytes, ValueCodec codec, std::span<T> out,
                   Instructions instructions = best_instructions());

// Encodes into `bytes`, whatever they were, and puts in the place of each value what decoding will give: the
// sender keeps the difference.
template <class T>
void round_values(std::span<T> values, ValueCodec codec, std::uint64_t key, std::vector<std::byte>& bytes,
                  Instructions instructions = best_instructions());

}  // namespace wisp::sparse
