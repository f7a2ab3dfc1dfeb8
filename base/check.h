#pragma once
// We are wrong: always on, prints where and why, and aborts.

namespace wisp {

[[noreturn]] void check_failed(const char* condition, const char* file, int line, const char* why);

}  // namespace wisp

#define WISP_CHECK(condition, why) \
  ((condition) ? static_cast<void>(0) : ::wisp::check_failed(#condition, __FILE__, __LINE__, why))
