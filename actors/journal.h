#pragma once
// Journal: what a worker has sent since the last durable checkpoint, for its successor.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "actors/messages.h"
#include "base/pack.h"

namespace wisp::actors {

// Small updates are packed one behind the other, so that they take little more than they did on the wire; of
// those that came in a large piece of memory nothing else is kept alive. A large one shares its memory. Not
// thread-safe. T is float or double.
template <class T>
class Journal {
 public:
  // One step's update, which comes after all that were added before.
  void add(const Update<T>& update);
  // Steps before `first` are not asked for any more; some of the last of them may stay.
  void forget_before(std::uint64_t first);
  // The first step that it has.
  std::optional<std::uint64_t> first() const;
  // The updates of this step and of all after it.
  std::vector<Update<T>> since(std::uint64_t first) const;
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    Entry() = default;
    std::uint64_t round = 0;
    sparse::Encoded vector;
    template <class F>
    void fields(F& f) {
      f(round, vector);
    }
  };
  // Entries of steps first .. last.
  struct Piece {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    Buffer packed;
    std::optional<Entry> large;  // instead
    std::size_t bytes() const { return large ? large->vector.payload_bytes() : packed.size(); }
  };
  static Update<T> update_of(Entry entry);

  std::deque<Piece> pieces_;
  std::size_t bytes_ = 0;
};

extern template class Journal<float>;
extern template class Journal<double>;

}  // namespace wisp::actors
