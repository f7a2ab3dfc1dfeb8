#pragma once
// Deflate: what is sent to a host, made smaller for the way.
#include <cstddef>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace wisp::launcher {

// As `gzip -d` reads it. Equal bytes give equal bytes.
Bytes gzip(std::span<const std::byte> bytes);

// A piece of a file; nothing where less than a tenth would be saved.
std::optional<Bytes> deflate(std::span<const std::byte> bytes);
// The piece again. Throws Error if it is not one of exactly `size` bytes; believes nothing before.
Bytes inflate(std::span<const std::byte> bytes, std::size_t size);

}  // namespace wisp::launcher
