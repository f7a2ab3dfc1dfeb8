#include "actors/relay.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace wisp::actors {

namespace {

constexpr std::size_t kReserveMost = std::size_t{64} << 20;  // for a size that is only said

}  // namespace

template <class T>
runtime::Task<void> Relay<T>::on_start() {
  this->context().log().info(fmt::format("gives the model to {} workers{}", workers_.size(),
                                         next_ ? ", and passes it on to " + next_->name() : ""));
  return {};
}

template <class T>
runtime::Task<void> Relay<T>::pass(Piece piece) {
  if (piece.transfer != transfer_) begin(piece.transfer);
  whole_ = whole_ && piece.offset == model_.size();
  if (whole_) model_.append(piece.bytes.span());
  for (const runtime::Promise<void>& each : std::exchange(waiting_, {})) each.set();
  co_await pass_on(std::move(piece));
}

template <class T>
void Relay<T>::begin(std::uint64_t transfer) {
  transfer_ = transfer;
  model_.truncate(0);
  whole_ = true;
}

// One coroutine does it for all, so that pieces keep their order while it waits for room.
template <class T>
runtime::Task<void> Relay<T>::pass_on(Piece piece) {
  if (!next_) co_return;
  queue_.push_back(std::move(piece));
  if (passing_) co_return;
  passing_ = true;
  while (!queue_.empty()) {
    const Piece first = std::move(queue_.front());
    queue_.pop_front();
    co_await next_->template send<&Relay<T>::pass>(first);
  }
  passing_ = false;
}

template <class T>
runtime::Task<void> Relay<T>::deliver(std::uint64_t transfer, std::uint64_t size) {
  if (transfer != transfer_) {
    begin(transfer);
    model_.reserve(std::min<std::size_t>(size, kReserveMost));
  }
  while (transfer == transfer_ && whole_ && model_.size() < size) {
    const runtime::Promise<void> arrival("a piece of the model");
    waiting_.push_back(arrival);
    auto arrived = arrival.future();
    co_await arrived;
  }
  if (transfer != transfer_ || !whole_ || model_.size() != size) {
    throw Error(fmt::format("of the {} bytes of transfer {} some did not come, or not in their order", size,
                            transfer));
  }
  const auto model = unpack<Model<T>>(std::move(model_).freeze());
  static_cast<void>(runtime::call_each<&Worker<T>::receive>(workers_, model));  // packed once
}

template <class T>
runtime::Task<void> Chain<T>::send(Model<T> model) {
  const Bytes packed = pack(model);
  const std::uint64_t transfer = ++transfers_;
  const std::uint64_t size = packed.size();
  std::vector<runtime::Future<void>> delivered =
      runtime::call_each<&Relay<T>::deliver>(relays_, transfer, size);
  const std::size_t most = piece_bytes(packed.size());
  for (std::size_t offset = 0; offset < packed.size(); offset += most) {
    const std::size_t length = std::min(most, packed.size() - offset);
    const Piece piece(transfer, offset, packed.slice(offset, length));
    co_await relays_.front().template send<&Relay<T>::pass>(piece);
  }
  for (runtime::Future<void>& each : delivered) co_await each;
}

template class Relay<float>;
template class Relay<double>;
template class Chain<float>;
template class Chain<double>;

}  // namespace wisp::actors
