#pragma once
// R of the problem min f(x) + R(x): closed and convex, with a prox; it need not be smooth.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "problems/spec.h"

namespace wisp::problems {

// T is float or double. Equal arguments give equal bits on any x86-64 processor. Stateless: any thread.
template <class T>
class Regulariser {
 public:
  virtual ~Regulariser() = default;
  // R(x), summed in double; infinity outside of a constraint's set, beyond what rounding explains.
  virtual double value(std::span<const T> x) const = 0;
  // x <- argmin_z step R(z) + (1/2)||z - x||^2, step > 0; for a constraint the projection.
  virtual void prox(T step, std::span<T> x) const = 0;
};

// The one that `spec` names. Null for none.
template <class T>
std::unique_ptr<Regulariser<T>> make_regulariser(const RegulariserSpec& spec);

// Where R is infinite x becomes the nearest point where it is not.
template <class T>
void move_within(const RegulariserSpec& spec, std::span<T> x);

// x of before the first round: what spec.init says, moved within R's set. Zeros for random, which is the
// objective's to say.
template <class T>
std::vector<T> first_iterate(const ProblemSpec& spec, std::uint32_t dim);

}  // namespace wisp::problems
