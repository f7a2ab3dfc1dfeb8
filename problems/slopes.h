#pragma once
// The slopes of many rows' losses in one loop, a version for each kind of instructions.
#include <cstddef>

#include "base/cpu.h"

namespace wisp::problems {

// So many at a time: a loop of known length becomes vectors.
constexpr std::size_t kSlopes = 256;

namespace detail {

// Becomes vectors of whatever the function that this is a part of may use.
template <class T, class Loss>
__attribute__((always_inline)) inline void slopes_loop(const T* margin, const T* label, double* slope,
                                                       Loss& loss) {
  for (std::size_t i = 0; i < kSlopes; ++i) slope[i] = static_cast<double>(loss.slope(margin[i], label[i]));
}

template <class T, class Loss>
void slopes_portable(const T* __restrict margin, const T* __restrict label, double* __restrict slope,
                     Loss loss) {
  slopes_loop(margin, label, slope, loss);
}
#ifdef __x86_64__
template <class T, class Loss>
WISP_AVX2 void slopes_avx2(const T* __restrict margin, const T* __restrict label, double* __restrict slope,
                           Loss loss) {
  slopes_loop(margin, label, slope, loss);
}
template <class T, class Loss>
WISP_AVX512 void slopes_avx512(const T* __restrict margin, const T* __restrict label,
                               double* __restrict slope, Loss loss) {
  slopes_loop(margin, label, slope, loss);
}
#endif

}  // namespace detail

// slope[i] = loss.slope(margin[i], label[i]) for i < kSlopes, where Loss is as in linear.h. The arrays do not
// overlap. Bit for bit the same with all instructions, which are available, as long as Loss is made of
// arithmetic that is compiled without contraction (wisp's CMake package says so to plugins) and of math.h.
template <class T, class Loss>
void slopes(Instructions instructions, const T* margin, const T* label, double* slope, Loss loss) {
#ifdef __x86_64__
  if (instructions == Instructions::kAvx512) return detail::slopes_avx512(margin, label, slope, loss);
  if (instructions == Instructions::kAvx2) return detail::slopes_avx2(margin, label, slope, loss);
#endif
  static_cast<void>(instructions);
  detail::slopes_portable(margin, label, slope, loss);
}

}  // namespace wisp::problems
