#pragma once
// What a worker minimises: its own f_i, where f = (1/n) sum_i f_i is the whole problem.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

#include "base/error.h"
#include "base/rng.h"

namespace wisp::problems {

// Constants of one f_i (of the scaled one, see Objective).
struct Smoothness {
  double L = 0;         // grad f_i is L-Lipschitz; relative error at most 1e-9
  double mu = 0;        // f_i is mu-strongly convex; a lower bound where the exact value is dear (then l2)
  double L_sample = 0;  // the largest L of one sample's f_ij (see Objective); 0: it has no samples
  std::uint64_t samples = 0;  // how many f_ij it has

  // What holds for this f_i and for `other` alike: the most of everything, and the least mu.
  void join(const Smoothness& other) {
    L = std::max(L, other.L);
    mu = std::min(mu, other.mu);
    L_sample = std::max(L_sample, other.L_sample);
    samples = std::max(samples, other.samples);
  }
};

// x <- independent normal numbers of this standard deviation, drawn in order.
template <class T>
void fill_normal(Rng rng, double deviation, std::span<T> x) {
  for (T& each : x) each = static_cast<T>(deviation * rng.normal());
}

// f is the mean over all N rows plus (l2/2)||x||^2. Worker i of n holds N_i rows, and its function is
//   f_i(x) = (n/N) sum over its rows of the row's loss + (l2/2)||x||^2,
// so that f = (1/n) sum_i f_i whatever the N_i are. (P2 eq. (1), with the weights N_i n/N.)
//
// Equal arguments give equal bits on any x86-64 processor. T is float or double: the gradient is computed in
// T, the loss is summed in double. One thread at a time; x and gradient have dim() entries and don't overlap.
template <class T>
class Objective {
 public:
  virtual ~Objective() = default;
  virtual std::uint32_t dim() const = 0;
  // Rows that this worker holds; 0 where the problem is not made of rows.
  virtual std::uint64_t rows() const = 0;
  // f_i(x), regulariser included.
  virtual double loss(std::span<const T> x) = 0;
  // grad f_i(x); overwrites `gradient`.
  virtual void gradient(std::span<const T> x, std::span<T> gradient) = 0;
  // The samples are f_ij(x) = (n N_i / N) (loss of row j) + (l2/2)||x||^2, j = 0 .. rows()-1, so that f_i is
  // their mean. The mean of grad f_ij(x) over `samples`, of which there is at least one and any may repeat;
  // overwrites `gradient`. Throws Error (kConfig) for a problem that is not made of rows.
  virtual void sample_gradient(std::span<const std::uint32_t> samples, std::span<const T> x,
                               std::span<T> gradient);
  // Of the rows those whose label is the class that the model at x has for them; nothing where labels are no
  // classes.
  virtual std::optional<std::uint64_t> correct(std::span<const T> /*x*/) { return std::nullopt; }
  // A random x to begin with, `init: random`: a function of the seed, the same for every worker.
  virtual void random_start(std::uint64_t seed, std::span<T> x);
  // Computed anew at every call: some gradients' worth of work.
  virtual Smoothness smoothness() = 0;
};

// Of about unit length.
template <class T>
void Objective<T>::random_start(std::uint64_t seed, std::span<T> x) {
  fill_normal(Rng(seed, 0, 0, Purpose::kInit), 1 / std::sqrt(static_cast<double>(x.size())), x);
}

template <class T>
void Objective<T>::sample_gradient(std::span<const std::uint32_t>, std::span<const T>, std::span<T>) {
  throw Error(
      "this problem is not made of samples: use batch_size: full, and a method that takes whole gradients",
      Fault::kConfig);
}

}  // namespace wisp::problems
