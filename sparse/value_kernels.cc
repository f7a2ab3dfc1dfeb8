#include "sparse/value_kernels.h"

#include "sparse/value_loops.h"

namespace wisp::sparse {
namespace {

constexpr ValueKernels kPortable = value_loops(to_halves, from_halves);

}  // namespace

const ValueKernels& value_kernels(Instructions instructions) {
#ifdef __x86_64__
  if (instructions == Instructions::kAvx512) return kValueAvx512;
  if (instructions == Instructions::kAvx2) return kValueAvx2;
#endif
  static_cast<void>(instructions);
  return kPortable;
}

}  // namespace wisp::sparse
