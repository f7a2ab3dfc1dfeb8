#include "runtime/delay.h"

#include "base/check.h"
#include "base/math.h"

namespace wisp::runtime {

namespace {
double count(std::chrono::nanoseconds duration) { return static_cast<double>(duration.count()); }
}  // namespace

Delay Delay::constant(std::chrono::nanoseconds each) {
  WISP_CHECK(each.count() >= 0, "nothing takes less than no time");
  return Delay(Kind::kConstant, count(each), 0);
}

Delay Delay::uniform(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  WISP_CHECK(least.count() >= 0 && most >= least, "nothing takes less than no time");
  return Delay(Kind::kUniform, count(least), count(most - least));
}

Delay Delay::exponential(std::chrono::nanoseconds mean) {
  WISP_CHECK(mean.count() >= 0, "nothing takes less than no time");
  return Delay(Kind::kExponential, count(mean), 0);
}

Delay Delay::lognormal(std::chrono::nanoseconds median, double sigma) {
  WISP_CHECK(median.count() >= 0 && sigma >= 0, "nothing takes less than no time");
  return Delay(Kind::kLognormal, count(median), sigma);
}

std::chrono::nanoseconds Delay::draw(Rng& rng) const {
  double drawn = first_;
  if (kind_ == Kind::kUniform) drawn += second_ * rng.uniform();
  if (kind_ == Kind::kExponential) drawn *= -math::log(1 - rng.uniform());
  if (kind_ == Kind::kLognormal) drawn *= math::exp(second_ * rng.normal());
  return std::chrono::nanoseconds(static_cast<std::int64_t>(drawn));
}

}  // namespace wisp::runtime
