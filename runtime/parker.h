#pragma once
// Parker: a place where one thread sleeps until another wakes it.
#include <atomic>
#include <chrono>
#include <cstdint>

namespace wisp::runtime {

// One thread parks, any thread unparks; an unpark before the park is not lost. A bare futex: a condition
// variable's mutex would cost a second wake.
class Parker {
 public:
  // Until unpark(), consumed by it. False if `deadline` passed first.
  bool park(std::chrono::nanoseconds deadline);
  void unpark();

 private:
  std::atomic<std::uint32_t> token_{0};
};

}  // namespace wisp::runtime
