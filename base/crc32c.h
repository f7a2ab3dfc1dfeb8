#pragma once
// CRC-32C (Castagnoli): a checksum against damage of files, not against anybody who means harm.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/cpu.h"

namespace wisp {

// Of bytes that come in pieces: crc32c(b, crc32c(a)) is that of a and b. Finds every change that lies within
// 32 bits in a row, and all but one in 2^32 of the others. As RFC 3720, B.4 has it; the same with all
// instructions (those with AVX2 have the one for this, too).
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t so_far = 0,
                     Instructions instructions = best_instructions());

}  // namespace wisp
