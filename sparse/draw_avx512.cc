#include "sparse/draw_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

#include "sparse/set_bits.h"

namespace wisp::sparse {
namespace {

// Eight Philox blocks: a word of the counter in the lower half of each lane, anything in the upper one.
struct Blocks {
  __m512i words[4];
};

WISP_AVX512_INLINE __m512i all_lanes(std::uint32_t value) {
  return _mm512_set1_epi32(static_cast<int>(value));
}

WISP_AVX512_INLINE Blocks counters(const PhiloxStream& stream, std::uint32_t first) {
  // In the order in which store() finds block after block.
  const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
  return {{_mm512_add_epi32(order, all_lanes(first)), all_lanes(stream.rest[0]), all_lanes(stream.rest[1]),
           all_lanes(stream.rest[2])}};
}

WISP_AVX512_INLINE void round(Blocks& blocks, __m512i key0, __m512i key1) {
  constexpr int kXor = 0x96;
  const __m512i first = _mm512_mul_epu32(blocks.words[0], all_lanes(kPhiloxMultipliers[0]));
  const __m512i second = _mm512_mul_epu32(blocks.words[2], all_lanes(kPhiloxMultipliers[1]));
  blocks.words[0] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(second, 32), blocks.words[1], key0, kXor);
  blocks.words[1] = second;
  blocks.words[2] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(first, 32), blocks.words[3], key1, kXor);
  blocks.words[3] = first;
}

WISP_AVX512_INLINE __m512i pairs(__m512i low, __m512i high) {
  return _mm512_mask_blend_epi32(0xaaaa, low, _mm512_slli_epi64(high, 32));
}

WISP_AVX512_INLINE void store(const Blocks& blocks, std::uint32_t* out) {
  const __m512i front = pairs(blocks.words[0], blocks.words[1]);
  const __m512i back = pairs(blocks.words[2], blocks.words[3]);
  _mm512_storeu_si512(out, _mm512_unpacklo_epi64(front, back));
  _mm512_storeu_si512(out + 16, _mm512_unpackhi_epi64(front, back));
}

WISP_AVX512 void numbers(const PhiloxStream& stream, std::uint32_t first, std::size_t batches,
                         std::uint32_t* out) {
  for (; batches != 0; --batches, first += kBatchBlocks, out += kBatch) {
    // Four at a time, since a round waits for its products longer than it takes to begin others.
    Blocks a = counters(stream, first);
    Blocks b = counters(stream, first + 8);
    Blocks c = counters(stream, first + 16);
    Blocks d = counters(stream, first + 24);
    std::array<std::uint32_t, 2> key = stream.key;
    for (unsigned i = 0; i < kPhiloxRounds; ++i) {
      const __m512i key0 = all_lanes(key[0]);
      const __m512i key1 = all_lanes(key[1]);
      round(a, key0, key1);
      round(b, key0, key1);
      round(c, key0, key1);
      round(d, key0, key1);
      key = {key[0] + kPhiloxSteps[0], key[1] + kPhiloxSteps[1]};
    }
    store(a, out);
    store(b, out + 32);
    store(c, out + 64);
    store(d, out + 96);
  }
}

WISP_AVX512 std::size_t below(std::span<const std::uint32_t> numbers, std::uint32_t size, std::uint32_t step,
                              std::uint32_t first, std::uint32_t* out) {
  const __m512i factor = all_lanes(size);
  const __m512i threshold = all_lanes(lemire_threshold(size));
  const __m512i counting = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i ramp = _mm512_mullo_epi32(counting, all_lanes(step));
  std::size_t taken = 0;
  std::size_t i = 0;
  for (; i + 16 <= numbers.size(); i += 16) {
    const __m512i sixteen = _mm512_loadu_si512(numbers.data() + i);
    const __m512i even = _mm512_mul_epu32(sixteen, factor);
    const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(sixteen, 32), factor);
    const __m512i low = pairs(even, odd);
    __m512i high = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
    const __mmask16 fair = _mm512_cmpge_epu32_mask(low, threshold);
    std::uint32_t count = 16;
    if (fair != 0xffff) [[unlikely]] {
      high = _mm512_maskz_compress_epi32(fair, high);
      count = static_cast<std::uint32_t>(__builtin_popcount(fair));
    }
    _mm512_storeu_si512(out + taken, _mm512_add_epi32(_mm512_add_epi32(high, ramp), all_lanes(first)));
    taken += count;
    first += count * step;
  }
  return taken + below_portable(numbers.subspan(i), size, step, first, out + taken);
}

WISP_AVX512 void positions(std::span<const std::uint64_t> bits, std::span<std::uint32_t> out) {
  constexpr std::size_t kChunk = 256;
  std::uint64_t words[kChunk + 8];  // those that are not 0
  std::uint32_t bases[kChunk + 8];
  std::uint32_t* next = out.data();
  const std::uint32_t* const end = next + out.size();
  const __m256i step = _mm256_set1_epi32(512);
  __m256i base = _mm256_setr_epi32(0, 64, 128, 192, 256, 320, 384, 448);
  std::size_t i = 0;
  while (i + 8 <= bits.size()) {
    std::size_t count = 0;
    for (; i + 8 <= bits.size() && count < kChunk; i += 8) {
      const __m512i eight = _mm512_loadu_si512(bits.data() + i);
      const __mmask8 some = _mm512_test_epi64_mask(eight, eight);
      _mm512_storeu_si512(words + count, _mm512_maskz_compress_epi64(some, eight));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(bases + count), _mm256_maskz_compress_epi32(some, base));
      base = _mm256_add_epi32(base, step);
      count += static_cast<std::size_t>(__builtin_popcount(some));
    }
    for (std::size_t j = 0; j < count; ++j) {
      next = end - next > 64 ? set_bits_of(words[j], bases[j], next)
                             : positions_portable(words[j], bases[j], next);
    }
  }
  for (; i < bits.size(); ++i) next = positions_portable(bits[i], static_cast<std::uint32_t>(64 * i), next);
}

}  // namespace

const DrawKernels kDrawAvx512{numbers, below, positions};

}  // namespace wisp::sparse
#endif
