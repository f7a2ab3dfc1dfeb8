#pragma once
// The rules of `chaos`.
#include <span>
#include <string_view>
#include <vector>

#include "config/build.h"

namespace wisp::config {

// What an entry can do, and which keys say how; each of them is then required, and no other such key may
// stand there.
struct ChaosKind {
  std::string_view word;
  std::vector<std::string_view> keys;
};
std::span<const ChaosKind> chaos_kinds();

// Whatever of it can't be meant becomes a mistake at its place.
void check_chaos(const Draft& draft, Mistakes& mistakes);

}  // namespace wisp::config
