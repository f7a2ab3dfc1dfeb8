#include "sparse/index_bitmap.h"

#include <algorithm>
#include <string>

#include "base/pack.h"
#include "sparse/bits.h"
#include "sparse/index_kernels.h"

namespace wisp::sparse::bitmap {
namespace {

[[noreturn]] void malformed(const std::string& what) { throw DecodeError("indices as a bitmap: " + what); }

}  // namespace

void encode(std::span<const std::uint32_t> indices, std::span<std::byte> out) {
  std::fill(out.begin(), out.end(), std::byte{0});
  for (const std::uint32_t index : indices) out[index / 8] |= std::byte{1} << index % 8;
}

void check(std::span<const std::byte> bytes, std::size_t k, std::uint32_t dim, Instructions instructions) {
  if (bytes.size() != encoded_size(dim)) {
    malformed(std::to_string(bytes.size()) + " bytes, expected " + std::to_string(encoded_size(dim)));
  }
  if (dim % 8 != 0 && static_cast<unsigned>(bytes.back()) >> dim % 8 != 0) {
    malformed("a bit behind the last coordinate is set");
  }
  const std::size_t count = index_kernels(instructions).count_ones(bytes);
  if (count != k) malformed(std::to_string(count) + " bits are set, expected " + std::to_string(k));
}

void decode(std::span<const std::byte> bytes, std::span<std::uint32_t> out, Instructions instructions) {
  index_kernels(instructions).set_bits(bytes, out);
}

}  // namespace wisp::sparse::bitmap
