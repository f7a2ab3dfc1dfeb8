#pragma once
// The seed of randomised tests.
#include <cstdint>

namespace wisp::test {

// The seed that this run's randomised tests start from: WISP_SEED where it is set, else 1. When a test fails,
// the program prints the command that runs it again with the same seed.
std::uint64_t seed();

}  // namespace wisp::test
