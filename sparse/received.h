#pragma once
// Received: an update that came, checked as a whole, and read where it lies.
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "base/cpu.h"
#include "sparse/draw.h"
#include "sparse/encoded.h"
#include "sparse/vector.h"

namespace wisp::sparse {

// Raw indices and values of T stay in the frame that they came in, at whatever address; what travels in
// another form is decoded into memory that is used again. So whoever only adds updates to something copies
// nothing that needn't be.
//
// Holds a share of the frame until it takes another update. Not thread-safe. T is float or double.
template <class T>
class Received {
 public:
  // With the memory of a vector that nobody needs any more.
  explicit Received(Vector<T> memory = {}) : vector_(std::move(memory)) {}

  // Takes the place of what was there. What is checked and thrown is what decode() says; after a throw only
  // take() may be called.
  void take(const Encoded& encoded, std::uint32_t dim, const DrawKey& sender,
            Instructions instructions = best_instructions());

  // The same with a vector that never travelled: well-formed, and not changed before the next take().
  void refer(const Vector<T>& vector);

  // Where it lies, until the next take().
  const VectorView<T>& view() const { return view_; }
  // The same as a vector, into which it is copied as far as it is not there. Valid until the next take().
  const Vector<T>& vector();
  // The same, for good.
  Vector<T> take_vector() &&;

 private:
  Vector<T> vector_;  // what lies in no frame
  Bytes numbers_frame_;
  Bytes values_frame_;
  VectorView<T> view_;
};

extern template class Received<float>;
extern template class Received<double>;

}  // namespace wisp::sparse
