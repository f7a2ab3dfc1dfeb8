#pragma once
// Delay: how long something takes in a simulated world, drawn anew each time.
#include <chrono>
#include <cstdint>

#include "base/rng.h"

namespace wisp::runtime {

class Delay {
 public:
  Delay() = default;  // no time at all
  static Delay constant(std::chrono::nanoseconds each);
  static Delay uniform(std::chrono::nanoseconds least, std::chrono::nanoseconds most);
  static Delay exponential(std::chrono::nanoseconds mean);
  // Half of them are longer than the median; sigma is the standard deviation of the logarithm.
  static Delay lognormal(std::chrono::nanoseconds median, double sigma);

  bool none() const { return kind_ == Kind::kConstant && first_ == 0; }
  // At least 0.
  std::chrono::nanoseconds draw(Rng& rng) const;

 private:
  enum class Kind : std::uint8_t { kConstant, kUniform, kExponential, kLognormal };
  Delay(Kind kind, double first, double second) : kind_(kind), first_(first), second_(second) {}

  Kind kind_ = Kind::kConstant;
  double first_ = 0;  // nanoseconds: each, the least, the mean, the median
  double second_ = 0;
};

}  // namespace wisp::runtime
