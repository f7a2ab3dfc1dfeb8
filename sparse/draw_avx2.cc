#include "sparse/draw_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

#include "sparse/set_bits.h"

namespace wisp::sparse {
namespace {

// Four Philox blocks: a word of the counter in the lower half of each lane, anything in the upper one.
struct Blocks {
  __m256i words[4];
};

WISP_AVX2_INLINE __m256i all_lanes(std::uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); }

WISP_AVX2_INLINE void store(std::uint32_t* at, __m256i lanes) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), lanes);
}

WISP_AVX2_INLINE Blocks counters(const PhiloxStream& stream, std::uint32_t first) {
  // In the order in which store() finds block after block.
  const __m256i order = _mm256_setr_epi64x(0, 2, 1, 3);
  return {{_mm256_add_epi32(order, all_lanes(first)), all_lanes(stream.rest[0]), all_lanes(stream.rest[1]),
           all_lanes(stream.rest[2])}};
}

WISP_AVX2_INLINE void round(Blocks& blocks, __m256i key0, __m256i key1) {
  const __m256i first = _mm256_mul_epu32(blocks.words[0], all_lanes(kPhiloxMultipliers[0]));
  const __m256i second = _mm256_mul_epu32(blocks.words[2], all_lanes(kPhiloxMultipliers[1]));
  blocks.words[0] = _mm256_xor_si256(_mm256_srli_epi64(second, 32), _mm256_xor_si256(blocks.words[1], key0));
  blocks.words[1] = second;
  blocks.words[2] = _mm256_xor_si256(_mm256_srli_epi64(first, 32), _mm256_xor_si256(blocks.words[3], key1));
  blocks.words[3] = first;
}

WISP_AVX2_INLINE __m256i pairs(__m256i low, __m256i high) {
  return _mm256_blend_epi32(low, _mm256_slli_epi64(high, 32), 0xaa);
}

WISP_AVX2_INLINE void store(const Blocks& blocks, std::uint32_t* out) {
  const __m256i front = pairs(blocks.words[0], blocks.words[1]);
  const __m256i back = pairs(blocks.words[2], blocks.words[3]);
  store(out, _mm256_unpacklo_epi64(front, back));
  store(out + 8, _mm256_unpackhi_epi64(front, back));
}

WISP_AVX2 void numbers(const PhiloxStream& stream, std::uint32_t first, std::size_t batches,
                       std::uint32_t* out) {
  // Two at a time: they and the constants fill the registers.
  for (std::size_t pairs_left = batches * kBatchBlocks / 8; pairs_left != 0; --pairs_left, first += 8) {
    Blocks a = counters(stream, first);
    Blocks b = counters(stream, first + 4);
    std::array<std::uint32_t, 2> key = stream.key;
    for (unsigned i = 0; i < kPhiloxRounds; ++i) {
      const __m256i key0 = all_lanes(key[0]);
      const __m256i key1 = all_lanes(key[1]);
      round(a, key0, key1);
      round(b, key0, key1);
      key = {key[0] + kPhiloxSteps[0], key[1] + kPhiloxSteps[1]};
    }
    store(a, out);
    store(b, out + 16);
    out += 32;
  }
}

WISP_AVX2 std::size_t below(std::span<const std::uint32_t> numbers, std::uint32_t size, std::uint32_t step,
                            std::uint32_t first, std::uint32_t* out) {
  const __m256i factor = all_lanes(size);
  const __m256i threshold = all_lanes(lemire_threshold(size));
  const __m256i ramp = _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), all_lanes(step));
  std::size_t taken = 0;
  std::size_t i = 0;
  for (; i + 8 <= numbers.size(); i += 8) {
    const __m256i eight = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers.data() + i));
    const __m256i even = _mm256_mul_epu32(eight, factor);
    const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(eight, 32), factor);
    const __m256i low = pairs(even, odd);
    __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    const __m256i at_least = _mm256_cmpeq_epi32(_mm256_max_epu32(low, threshold), low);
    const auto fair = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(at_least)));
    std::uint32_t count = 8;
    if (fair != 0xff) [[unlikely]] {
      high = _mm256_permutevar8x32_epi32(high, _mm256_cvtepu8_epi32(_mm_loadu_si64(&kSetBits[fair])));
      count = static_cast<std::uint32_t>(__builtin_popcount(fair));
    }
    store(out + taken, _mm256_add_epi32(_mm256_add_epi32(high, ramp), all_lanes(first)));
    taken += count;
    first += count * step;
  }
  return taken + below_portable(numbers.subspan(i), size, step, first, out + taken);
}

WISP_AVX2 void positions(std::span<const std::uint64_t> bits, std::span<std::uint32_t> out) {
  std::uint32_t* next = out.data();
  const std::uint32_t* const end = next + out.size();
  std::uint32_t base = 0;
  for (const std::uint64_t word : bits) {
    next = end - next > 64 ? set_bits_of(word, base, next) : positions_portable(word, base, next);
    base += 64;
  }
}

}  // namespace

const DrawKernels kDrawAvx2{numbers, below, positions};

}  // namespace wisp::sparse
#endif
