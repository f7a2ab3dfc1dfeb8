#pragma once
// The largest piece of memory that was asked for, in a program that is linked with allocations.cc: there
// operator new keeps count.
#include <cstddef>

namespace wisp::fuzz {

class AllocationWatch {
 public:
  // What anything may ask for without having seen more than a few bytes.
  static constexpr std::size_t kSmall = 64 << 10;

  // From now on; one at a time.
  AllocationWatch();
  // By any thread, by operator new.
  std::size_t largest() const;
};

}  // namespace wisp::fuzz
