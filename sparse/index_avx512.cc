#include "sparse/index_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

#include <cstring>

namespace wisp::sparse {
namespace {

WISP_AVX512_INLINE __m512i counting() {
  return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

WISP_AVX512_INLINE __m512i all_lanes(std::uint32_t value) {
  return _mm512_set1_epi32(static_cast<int>(value));
}

// Writes 16 lanes, of which those for set bits of the 16 are meant; how many they are.
WISP_AVX512_INLINE std::size_t expand(std::uint16_t bits, std::uint32_t first, std::uint32_t* out) {
  _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(bits, _mm512_add_epi32(counting(), all_lanes(first))));
  return static_cast<std::size_t>(__builtin_popcount(bits));
}

// Two bytes, or the last one and nothing.
WISP_AVX512_INLINE std::uint16_t load16(std::span<const std::byte> bytes, std::size_t at) {
  std::uint16_t bits = 0;
  if (at + sizeof(bits) <= bytes.size()) {
    std::memcpy(&bits, bytes.data() + at, sizeof(bits));
  } else {
    bits = static_cast<std::uint16_t>(bytes[at]);
  }
  return bits;
}

// x[0], x[0] + x[1], ..., x[0] + ... + x[15].
WISP_AVX512_INLINE __m512i sums(__m512i x) {
  const __m512i zero = _mm512_setzero_si512();
  x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 15));
  x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 14));
  x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 12));
  return _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 8));
}

// With L_i the sum of the low bits up to gap i of the block and p_i the place of its one bit, index i is
// next + L_i + ((p_i - start - i) << width) + i: no gap waits for the one before it. `base` is what of that
// neither p_i nor the lows of the row say.
WISP_AVX512 bool rice_blocks(const RiceBlocks& blocks, RicePlace& place, std::uint32_t* out) {
  const std::byte* lows = blocks.lows;
  std::uint32_t positions[512 + 16];
  std::size_t ready = 0;  // positions, of which the last ones may be the next block's
  std::size_t read = 0;   // bytes of the quotients
  for (const std::byte each : blocks.widths) {
    const auto width = static_cast<unsigned>(each);
    for (; ready < 512; read += 2) {
      ready += expand(load16(blocks.unary, read), static_cast<std::uint32_t>(8 * read), positions + ready);
    }
    const __m512i mask = all_lanes((1U << width) - 1);
    const std::size_t second_word = width == 0 ? 0 : 64;  // without low bits there is nothing to read
    __m512i low_sum = _mm512_setzero_si512();
    const __m128i width_count = _mm_cvtsi32_si128(static_cast<int>(width));
    const __m512i origin = _mm512_add_epi32(all_lanes(place.start), counting());
    __m512i base =
        _mm512_sub_epi32(_mm512_add_epi32(all_lanes(static_cast<std::uint32_t>(place.next)), counting()),
                         _mm512_sll_epi32(origin, width_count));
    const __m512i step = all_lanes(16U - (16U << width));
    for (unsigned row = 0; row < 32; ++row) {
      const unsigned bit = row * width;
      const std::byte* const words = lows + std::size_t{bit / 32} * 64;
      // A shift by 32 gives 0: a row that begins a word has nothing in the next.
      const __m512i first =
          _mm512_srl_epi32(_mm512_loadu_si512(words), _mm_cvtsi32_si128(static_cast<int>(bit % 32)));
      const __m512i second = _mm512_sll_epi32(_mm512_loadu_si512(words + second_word),
                                              _mm_cvtsi32_si128(static_cast<int>(32 - bit % 32)));
      const __m512i low = sums(_mm512_and_si512(_mm512_or_si512(first, second), mask));
      const __m512i high = _mm512_sll_epi32(_mm512_loadu_si512(positions + 16 * row), width_count);
      _mm512_storeu_si512(out + 16 * row, _mm512_add_epi32(_mm512_add_epi32(base, high), low));
      const __m512i row_sum = _mm512_permutexvar_epi32(all_lanes(15), low);
      low_sum = _mm512_add_epi32(low_sum, row_sum);
      base = _mm512_add_epi32(base, _mm512_add_epi32(row_sum, step));
    }
    const auto total = static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm512_castsi512_si128(low_sum)));
    if (!end_block(place, total, positions[511], width, blocks.dim)) return false;
    ready -= 512;
    _mm512_storeu_si512(positions, _mm512_loadu_si512(positions + 512));
    lows += std::size_t{64} * width;
    out += 512;
  }
  return true;
}

WISP_AVX512 void set_bits(std::span<const std::byte> bits, std::span<std::uint32_t> out) {
  std::size_t count = 0;
  std::size_t read = 0;
  for (; count + 16 <= out.size(); read += 2) {
    count += expand(load16(bits, read), static_cast<std::uint32_t>(8 * read), out.data() + count);
  }
  if (count == out.size()) return;
  OneBits rest(bits, 8 * read);
  for (; count < out.size(); ++count) out[count] = rest.next();
}

WISP_AVX512 std::size_t ones(std::span<const std::byte> bits) { return count_ones(bits); }

WISP_AVX512 bool increase(Unaligned<std::uint32_t> indices) {
  const std::byte* at = indices.bytes().data();
  __mmask16 wrong = 0;
  std::size_t i = 0;
  for (; i + 16 < indices.size(); i += 16, at += 64) {
    wrong |= _mm512_cmpge_epu32_mask(_mm512_loadu_si512(at), _mm512_loadu_si512(at + 4));
  }
  return wrong == 0 && increase_from(indices, i);
}

}  // namespace

const IndexKernels kIndexAvx512{rice_blocks, set_bits, ones, increase};

}  // namespace wisp::sparse
#endif
