#pragma once
// Instructions: which vector instructions a kernel uses, chosen at run time from one binary.
#include <cstdint>
#include <string_view>
#include <vector>

namespace wisp {

// A kernel that has versions for several of these gives the same bits with each, so the choice is one of
// speed: callers leave it at best_instructions(), and tests and measurements force the others.
enum class Instructions : std::uint8_t {
  kPortable,  // what every processor of this architecture has
  kAvx2,      // x86-64 with AVX2, BMI2, F16C and POPCNT
  kAvx512,    // those, and AVX-512 F, BW, DQ and VL
};

std::string_view to_string(Instructions instructions);

// Those that this processor and its system have, from kPortable on.
std::vector<Instructions> available_instructions();
// The last of them.
Instructions best_instructions();

}  // namespace wisp

// Marks a function that uses them; it is called only where they are available. The rest of its source, and
// what its headers instantiate, stays as it is: flags for a whole file would let such code slip, by way of
// inline functions that the linker merges, into programs on any processor. A lambda does not inherit the
// mark.
#ifdef __x86_64__
#define WISP_AVX2 __attribute__((target("avx2,bmi,bmi2,f16c,popcnt")))
#define WISP_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,f16c,popcnt")))
// The same for a helper that is to become part of the function that calls it.
#define WISP_AVX2_INLINE WISP_AVX2 __attribute__((always_inline)) inline
#define WISP_AVX512_INLINE WISP_AVX512 __attribute__((always_inline)) inline
#endif
