#include "sparse/draw_kernels.h"

#include "base/rng.h"

namespace wisp::sparse {
namespace {

void numbers(const PhiloxStream& stream, std::uint32_t first, std::size_t batches, std::uint32_t* out) {
  for (std::size_t i = 0; i < batches * kBatchBlocks; ++i) {
    const auto block = philox4x32({first++, stream.rest[0], stream.rest[1], stream.rest[2]}, stream.key);
    for (const std::uint32_t number : block) *out++ = number;
  }
}

void positions(std::span<const std::uint64_t> bits, std::span<std::uint32_t> out) {
  std::uint32_t* next = out.data();
  std::uint32_t base = 0;
  for (const std::uint64_t word : bits) {
    next = positions_portable(word, base, next);
    base += 64;
  }
}

constexpr DrawKernels kPortable{numbers, below_portable, positions};

}  // namespace

PhiloxStream::PhiloxStream(const DrawKey& of)
    : key{static_cast<std::uint32_t>(of.seed), static_cast<std::uint32_t>(of.seed >> 32)},
      rest{of.worker, static_cast<std::uint32_t>(of.round),
           static_cast<std::uint32_t>(Purpose::kBlocks) << 24 | static_cast<std::uint32_t>(of.round >> 32)} {}

const DrawKernels& draw_kernels(Instructions instructions) {
#ifdef __x86_64__
  if (instructions == Instructions::kAvx512) return kDrawAvx512;
  if (instructions == Instructions::kAvx2) return kDrawAvx2;
#endif
  static_cast<void>(instructions);
  return kPortable;
}

}  // namespace wisp::sparse
