#pragma once
// Sparsifier: chooses the part of an update that travels; and the catalogue of their kinds.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/named_list.h"
#include "sparse/draw.h"
#include "sparse/spec.h"
#include "sparse/vector.h"

namespace wisp::sparse {

// m blocks, of which k are sent at a time. P2 section 2: tau * m is an integer; the tau that was asked for is
// rounded to k = max(1, round(tau * m)), and every formula uses k / m.
struct Density {
  std::uint32_t blocks = 1;  // m; the dimension for kinds that choose single coordinates
  std::uint32_t chosen = 1;  // k

  double tau() const { return static_cast<double>(chosen) / static_cast<double>(blocks); }
};

// One worker's choice, round after round. It has no state: the choice is a function of what it was made with
// and of the round (and, for kinds that look at them, the values), so a restarted worker makes the same
// choice again.
template <class T>
class Sparsifier {
 public:
  virtual ~Sparsifier() = default;
  // (dense)_U with the U of this worker and round; dense.size() == dim.
  virtual Vector<T> select(std::span<const T> dense, std::uint64_t round) const = 0;
  // v = select(e, round) of e = kept + scale * gradient (add_gradient of memory.h); kept becomes e - v. As
  // many gradients as kept. A kind that does it faster than one after the other returns and leaves the same
  // bits. One that changes the values of another's choice takes that kind's v, and says by keep_difference()
  // what it made of it.
  virtual Vector<T> take(std::span<T> kept, std::span<const T> gradient, T scale, std::uint64_t round) const;
  // How the numbers of what select() returns are drawn, where they are: as draw() does for the seed and
  // worker that it was made for, and for the round.
  virtual std::optional<Drawn> drawn() const { return std::nullopt; }
};

// What a sparsifier is made for.
struct SparsifierPlace {
  Density density = {};
  std::uint32_t dim = 0;
  std::uint32_t workers = 1;
  std::uint64_t seed = 0;
  std::uint32_t worker = 0;  // 0 .. workers-1
  Settings settings = {};    // all that the kind declares are set
};

template <class T>
using MakeSparsifier = std::function<std::unique_ptr<Sparsifier<T>>(const SparsifierPlace&)>;

// What a kind chooses among.
enum class Choice : std::uint8_t {
  kEverything,   // nothing: it sends everything. No density, no blocks
  kBlocks,       // k of m blocks
  kCoordinates,  // k of all coordinates: blocks of one. May have a setting k instead of a density
  kWhole,        // everything or nothing: everything with the chance k/m
  kByValue,      // as many coordinates as the values demand. No density, no blocks
};

// A row of the catalogue.
struct Kind {
  std::string name;
  std::string description;  // one line for people
  Choice choice = Choice::kBlocks;
  // Drawn at random whatever the values are, by each worker and in each round independently, every block with
  // the chance tau: what the theory of random-blocks needs, so methods that take those take this too.
  bool like_random_blocks = false;
  std::vector<Setting> settings = {};
  MakeSparsifier<float> float32 = nullptr;
  MakeSparsifier<double> float64 = nullptr;

  // S<float> and S<double> are what it makes, from a SparsifierPlace.
  template <template <class> class S>
  Kind& made_of() {
    float32 = [](const SparsifierPlace& place) { return std::make_unique<S<float>>(place); };
    float64 = [](const SparsifierPlace& place) { return std::make_unique<S<double>>(place); };
    return *this;
  }
};

// The setting of kinds that choose coordinates: how many. 0, the default, leaves it to the density.
Setting count_setting();

// The kinds of this room that have sources of their own.
Kind bernoulli_kind();
Kind random_k_kind();
Kind all_or_nothing_kind();
Kind top_k_kind();
Kind threshold_kind();

// The kinds of sparsifiers by name. Filled before a job begins, read-only afterwards.
class Catalog {
 public:
  Catalog();  // with the kinds of this room

  // Throws Error (kConfig) for a name that is taken, and for a kind that can't be made in both dtypes.
  void add(Kind kind);
  const NamedList<Kind>& kinds() const { return kinds_; }
  std::vector<std::string> names() const { return kinds_.names(); }
  const Kind* find(std::string_view name) const { return kinds_.find(name); }

  // What `spec` comes to for `workers` workers in R^dim. Whatever sends everything sends one block of one,
  // and a choice by value may be all coordinates. Throws Error (kConfig) for an unknown kind, and for more
  // coordinates than there are.
  Density density(const SparsifierSpec& spec, std::uint32_t dim, std::uint32_t workers) const;

  // Throws Error (kConfig) for a spec that has not passed check(), and as density(). What is drawn at random
  // is a draw() of seed, worker and round, each worker's independent of the others. T is float or double.
  template <class T>
  std::unique_ptr<Sparsifier<T>> make(const SparsifierSpec& spec, std::uint32_t dim, std::uint32_t workers,
                                      std::uint64_t seed, std::uint32_t worker) const;

 private:
  NamedList<Kind> kinds_{"sparsifier"};
};

}  // namespace wisp::sparse
