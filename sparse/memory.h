#pragma once
// Memory: what a worker's choices have left behind, so that it travels later (error feedback).
#include <cstdint>
#include <span>
#include <vector>

#include "base/pack.h"
#include "sparse/sparsifier.h"
#include "sparse/vector.h"

namespace wisp::sparse {

// e^0 = 0, and in round t, with g the gradient, gamma the scale and C the sparsifier,
//
//   e <- e + gamma g;   v = C(e);   e <- e - v;   v is sent.
//
// Each line is rounded once an operation, with no operation fused, so the bits are the same on every path,
// and v is what travels, bit by bit: a sparsifier that rounds values leaves the rounding error in e. What is
// sent and what is kept so add up to the gradients, up to the rounding of the sums in the first line: the
// last one is exact where v is e or 0. A v that is not finite leaves NaN in its place for good.
//
// Not thread-safe. T is float or double.
template <class T>
class Memory {
 public:
  // Of gradients of R^dim, dim > 0.
  explicit Memory(std::uint32_t dim);

  // v of this round. gradient.size() == dim, which is the sparsifier's dimension too.
  Vector<T> send(std::span<const T> gradient, T scale, const Sparsifier<T>& sparsifier, std::uint64_t round);

  // e is 0 at the coordinates of `sent`: they were sent in a round that this memory was restored from before.
  // sent.dim is its dimension.
  void forget(const VectorView<T>& sent);

  // e, for whoever looks at it.
  std::span<const T> kept() const { return kept_; }

  // e is all there is: with what save() wrote and the same sparsifier, the rounds go on with the same bits.
  // restore() throws DecodeError, and changes nothing, for what a memory of another dimension saved.
  void save(Packer& packer) const;
  void restore(Unpacker& unpacker);

 private:
  std::vector<T> kept_;
};

// kept += scale * gradient, rounded twice; a NaN is always the same one. As many gradients as kept.
template <class T>
void add_gradient(std::span<T> kept, std::span<const T> gradient, T scale);

// For a kept from which `chosen` was taken: what it is if `sent`, of the same support, was taken instead.
// `chosen` was equal to kept at its support, as what select() returns is.
template <class T>
void keep_difference(std::span<T> kept, const Vector<T>& chosen, const Vector<T>& sent);

extern template class Memory<float>;
extern template class Memory<double>;

}  // namespace wisp::sparse
