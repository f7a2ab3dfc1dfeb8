#pragma once
// YAML text -> tree, with everything refused that a job file may not hold.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/errors.h"
#include "config/tree.h"

namespace wisp::config {

inline constexpr std::size_t kSourceBytesMax = 1 << 20;
inline constexpr std::size_t kDepthMax = 32;
inline constexpr std::size_t kNodesMax = 20'000;  // values with every alias expanded

// Why a text can't be a job file at all: its size, a NUL, not UTF-8. Empty if it can.
std::string reason_against(std::string_view text);

// The one document of the source. Syntax errors, a second document, depth, and aliases that expand to too
// much end the reading: nothing is returned. Duplicate keys (the first stays), merge keys and tags are
// reported and left out. `starts_at` is the byte at which the YAML begins; columns count from the beginning
// of the line all the same.
std::optional<Node> read_yaml(const std::shared_ptr<const Source>& source, Mistakes& mistakes,
                              std::size_t starts_at = 0);

}  // namespace wisp::config
