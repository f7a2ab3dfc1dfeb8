#pragma once
// Sparsifier: chooses the part of an update that travels.
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "sparse/spec.h"
#include "sparse/vector.h"

namespace wisp::sparse {

// m blocks, of which k are sent at a time. P2 section 2: tau * m is an integer; the tau that was asked for is
// rounded to k = max(1, round(tau * m)), and every formula uses k / m.
struct Density {
  std::uint32_t blocks = 1;  // m
  std::uint32_t chosen = 1;  // k

  double tau() const { return static_cast<double>(chosen) / static_cast<double>(blocks); }
};

// What `spec` comes to for `workers` workers in R^dim. The identity sends one block of one.
Density density(const SparsifierSpec& spec, std::uint32_t dim, std::uint32_t workers);

// One worker's choice, round after round. It has no state: the choice is a function of what it was made with
// and of the round (and, for kinds that look at them, the values), so a restarted worker makes the same
// choice again.
template <class T>
class Sparsifier {
 public:
  virtual ~Sparsifier() = default;
  // (dense)_U with the U of this worker and round; dense.size() == dim.
  virtual Vector<T> select(std::span<const T> dense, std::uint64_t round) const = 0;
};

// `spec` has passed check(). Random blocks are drawn from Rng(seed, worker, round, Purpose::kBlocks): k of m
// without replacement, each worker independently of the others.
template <class T>
std::unique_ptr<Sparsifier<T>> make_sparsifier(const SparsifierSpec& spec, std::uint32_t dim,
                                               std::uint32_t workers, std::uint64_t seed,
                                               std::uint32_t worker);

struct SparsifierEntry {
  std::string_view name;
  std::string_view description;
};

// All kinds of sparsifiers.
std::span<const SparsifierEntry> sparsifiers();

extern template std::unique_ptr<Sparsifier<float>> make_sparsifier(const SparsifierSpec&, std::uint32_t,
                                                                   std::uint32_t, std::uint64_t,
                                                                   std::uint32_t);
extern template std::unique_ptr<Sparsifier<double>> make_sparsifier(const SparsifierSpec&, std::uint32_t,
                                                                    std::uint32_t, std::uint64_t,
                                                                    std::uint32_t);

}  // namespace wisp::sparse
