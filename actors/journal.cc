#include "actors/journal.h"

namespace wisp::actors {

namespace {

constexpr std::size_t kPiece = std::size_t{16} << 10;

}  // namespace

template <class T>
void Journal<T>::add(const Update<T>& update) {
  Entry entry;
  entry.round = update.round;
  entry.vector = update.encoded();
  const bool is_large = entry.vector.payload_bytes() >= Bytes::kLarge;
  if (is_large || pieces_.empty() || pieces_.back().large || pieces_.back().packed.size() >= kPiece) {
    pieces_.emplace_back().first = update.round;
  }
  Piece& piece = pieces_.back();
  bytes_ -= piece.bytes();
  piece.last = update.round;
  if (is_large) {
    piece.large = std::move(entry);
  } else {
    Packer packer(piece.packed);
    pack(packer, entry);
  }
  bytes_ += piece.bytes();
}

template <class T>
void Journal<T>::forget_before(std::uint64_t first) {
  while (!pieces_.empty() && pieces_.front().last < first) {
    bytes_ -= pieces_.front().bytes();
    pieces_.pop_front();
  }
}

template <class T>
std::optional<std::uint64_t> Journal<T>::first() const {
  return pieces_.empty() ? std::nullopt : std::optional(pieces_.front().first);
}

template <class T>
std::vector<Update<T>> Journal<T>::since(std::uint64_t first) const {
  std::vector<Update<T>> updates;
  for (const Piece& piece : pieces_) {
    if (piece.last < first) continue;
    if (piece.large) {
      updates.push_back(update_of(*piece.large));
      continue;
    }
    for (Unpacker unpacker(piece.packed.span()); !unpacker.at_end();) {
      Entry entry;
      unpack(unpacker, entry);
      if (entry.round >= first) updates.push_back(update_of(std::move(entry)));
    }
  }
  return updates;
}

template <class T>
Update<T> Journal<T>::update_of(Entry entry) {
  Update<T> update;
  update.round = entry.round;
  update.vector = std::move(entry.vector);
  return update;
}

template class Journal<float>;
template class Journal<double>;

}  // namespace wisp::actors
