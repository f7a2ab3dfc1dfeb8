#include "base/cpu.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

namespace wisp {
namespace {

#ifdef __x86_64__
// clang 14 has no name for it. That the system keeps its registers is what AVX2 says. Asked once: where the
// processor is a virtual machine's, the answer takes microseconds.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                          __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") && has_f16c();
  return has;
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
bool has_avx2() { return false; }
bool has_avx512() { return false; }
#endif

}  // namespace

std::string_view to_string(Instructions instructions) {
  if (instructions == Instructions::kAvx512) return "avx512";
  return instructions == Instructions::kAvx2 ? "avx2" : "portable";
}

std::vector<Instructions> available_instructions() {
  std::vector<Instructions> all{Instructions::kPortable};
  if (has_avx2()) all.push_back(Instructions::kAvx2);
  if (has_avx512()) all.push_back(Instructions::kAvx512);
  return all;
}

Instructions best_instructions() {
  if (has_avx512()) return Instructions::kAvx512;
  return has_avx2() ? Instructions::kAvx2 : Instructions::kPortable;
}

}  // namespace wisp
