#include "tests/support/seed.h"

#include <cstdlib>

namespace wisp::test {

std::uint64_t seed() {
  const char* text = std::getenv("WISP_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

}  // namespace wisp::test
