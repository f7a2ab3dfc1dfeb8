#include "base/cpu.h"

namespace wisp {
namespace {

#ifdef __x86_64__
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("popcnt");
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
