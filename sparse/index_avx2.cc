#include "sparse/index_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

#include "sparse/set_bits.h"

namespace wisp::sparse {
namespace {

WISP_AVX2_INLINE __m256i counting() { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }

WISP_AVX2_INLINE __m256i all_lanes(std::uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); }

WISP_AVX2_INLINE __m256i load(const void* at) { return _mm256_loadu_si256(static_cast<const __m256i*>(at)); }

WISP_AVX2_INLINE void store(std::uint32_t* at, __m256i lanes) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), lanes);
}

// Writes 8 lanes, of which those for set bits of the byte are meant; how many they are.
WISP_AVX2_INLINE std::size_t expand(std::byte bits, std::uint32_t first, std::uint32_t* out) {
  const auto byte = static_cast<unsigned>(bits);
  store(out, _mm256_add_epi32(_mm256_cvtepu8_epi32(_mm_loadu_si64(&kSetBits[byte])), all_lanes(first)));
  return static_cast<std::size_t>(__builtin_popcount(byte));
}

// x[0], x[0] + x[1], ..., x[0] + ... + x[7]; shifts are within halves.
WISP_AVX2_INLINE __m256i sums(__m256i x) {
  x = _mm256_add_epi32(x, _mm256_slli_si256(x, 4));
  x = _mm256_add_epi32(x, _mm256_slli_si256(x, 8));
  const __m256i lower = _mm256_permutevar8x32_epi32(x, all_lanes(3));
  return _mm256_add_epi32(x, _mm256_blend_epi32(_mm256_setzero_si256(), lower, 0xf0));
}

// As with AVX-512, a row in two halves.
WISP_AVX2 bool rice_blocks(const RiceBlocks& blocks, RicePlace& place, std::uint32_t* out) {
  const std::byte* lows = blocks.lows;
  std::uint32_t positions[512 + 8];
  std::size_t ready = 0;
  std::size_t read = 0;
  for (const std::byte each : blocks.widths) {
    const auto width = static_cast<unsigned>(each);
    for (; ready < 512; ++read) {
      ready += expand(blocks.unary[read], static_cast<std::uint32_t>(8 * read), positions + ready);
    }
    const __m256i mask = all_lanes((1U << width) - 1);
    const std::size_t second_word = width == 0 ? 0 : 64;
    const __m128i width_count = _mm_cvtsi32_si128(static_cast<int>(width));
    __m256i low_sum = _mm256_setzero_si256();
    const __m256i origin = _mm256_add_epi32(all_lanes(place.start), counting());
    __m256i base =
        _mm256_sub_epi32(_mm256_add_epi32(all_lanes(static_cast<std::uint32_t>(place.next)), counting()),
                         _mm256_sll_epi32(origin, width_count));
    const __m256i step = all_lanes(8U - (8U << width));
    for (unsigned half = 0; half < 64; ++half) {
      const unsigned bit = half / 2 * width;
      const std::byte* const words = lows + std::size_t{bit / 32} * 64 + std::size_t{half % 2} * 32;
      const __m256i first = _mm256_srl_epi32(load(words), _mm_cvtsi32_si128(static_cast<int>(bit % 32)));
      const __m256i second =
          _mm256_sll_epi32(load(words + second_word), _mm_cvtsi32_si128(static_cast<int>(32 - bit % 32)));
      const __m256i low = sums(_mm256_and_si256(_mm256_or_si256(first, second), mask));
      const __m256i high = _mm256_sll_epi32(load(positions + 8 * half), width_count);
      store(out + 8 * half, _mm256_add_epi32(_mm256_add_epi32(base, high), low));
      const __m256i half_sum = _mm256_permutevar8x32_epi32(low, all_lanes(7));
      low_sum = _mm256_add_epi32(low_sum, half_sum);
      base = _mm256_add_epi32(base, _mm256_add_epi32(half_sum, step));
    }
    const auto total = static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm256_castsi256_si128(low_sum)));
    if (!end_block(place, total, positions[511], width, blocks.dim)) return false;
    ready -= 512;
    store(positions, load(positions + 512));
    lows += std::size_t{64} * width;
    out += 512;
  }
  return true;
}

WISP_AVX2 void set_bits(std::span<const std::byte> bits, std::span<std::uint32_t> out) {
  std::size_t count = 0;
  std::size_t read = 0;
  for (; count + 8 <= out.size(); ++read) {
    count += expand(bits[read], static_cast<std::uint32_t>(8 * read), out.data() + count);
  }
  if (count == out.size()) return;
  OneBits rest(bits, 8 * read);
  for (; count < out.size(); ++count) out[count] = rest.next();
}

WISP_AVX2 std::size_t ones(std::span<const std::byte> bits) { return count_ones(bits); }

// Of two the larger is the first: then they don't increase.
WISP_AVX2 bool increase(Unaligned<std::uint32_t> indices) {
  const std::byte* at = indices.bytes().data();
  __m256i wrong = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + 8 < indices.size(); i += 8, at += 32) {
    const __m256i each = load(at);
    wrong = _mm256_or_si256(wrong, _mm256_cmpeq_epi32(_mm256_max_epu32(each, load(at + 4)), each));
  }
  return _mm256_testz_si256(wrong, wrong) != 0 && increase_from(indices, i);
}

}  // namespace

const IndexKernels kIndexAvx2{rice_blocks, set_bits, ones, increase};

}  // namespace wisp::sparse
#endif
