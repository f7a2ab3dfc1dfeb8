#pragma once
// Relay: passes the model on to the next host in pieces while it receives it, and whole to the workers of its
// own host. Chain: the master's end of the relays.
//
// A star sends a model of d bytes n times from one machine. Through a chain of relays, one a host, it enters
// each host once and leaves each host, the master's too, once: about d plus a piece a host, in time, whatever
// the number of hosts. That is the cheap broadcast that P2 assumes (section 2.2).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "actors/messages.h"
#include "actors/worker.h"
#include "base/bytes.h"
#include "runtime/handle.h"

namespace wisp::actors {

template <class T>
class Relay;

template <class T>
struct RelayParameters {
  RelayParameters() = default;
  std::optional<runtime::Handle<Relay<T>>> next;  // none: it is the last of the chain
  std::vector<runtime::Handle<Worker<T>>> workers;
  template <class F>
  void fields(F& f) {
    f(next, workers);
  }
};

// One a host. T is float or double ("relay/float32", "relay/float64"). Holds one model at a time, and of
// those that its successor has no room for yet what has come so far.
template <class T>
class Relay : public runtime::Actor {
 public:
  using Constructor = void(RelayParameters<T>);
  explicit Relay(RelayParameters<T> parameters)
      : next_(std::move(parameters.next)), workers_(std::move(parameters.workers)) {}

  runtime::Task<void> on_start() override;
  // The next piece of what passes; pieces come in order, transfer after transfer.
  runtime::Task<void> pass(Piece piece);
  // Returns when all `size` bytes of `transfer` have come, and the model that they are is on its way to the
  // workers. Throws Error if pieces are missing, or are no model. Whether workers live is not its concern.
  runtime::Task<void> deliver(std::uint64_t transfer, std::uint64_t size);

 private:
  void begin(std::uint64_t transfer);
  runtime::Task<void> pass_on(Piece piece);

  const std::optional<runtime::Handle<Relay<T>>> next_;
  const std::vector<runtime::Handle<Worker<T>>> workers_;
  std::uint64_t transfer_ = 0;
  Buffer model_;       // of `transfer_`, what has come
  bool whole_ = true;  // without a gap
  std::vector<runtime::Promise<void>> waiting_;
  std::deque<Piece> queue_;  // that the successor has not taken yet
  bool passing_ = false;
};

// What the master does with the relays of its job; in its turns only.
template <class T>
class Chain {
 public:
  // In the order of the chain. None: there is no chain.
  explicit Chain(std::vector<runtime::Handle<Relay<T>>> relays) : relays_(std::move(relays)) {}

  std::size_t hosts() const { return relays_.size(); }
  // Returns when every relay has the model and has given it to its workers. Throws ActorDied or ActorError of
  // the first relay, in the order of the chain, that failed. One at a time.
  runtime::Task<void> send(Model<T> model);

 private:
  const std::vector<runtime::Handle<Relay<T>>> relays_;
  std::uint64_t transfers_ = 0;
};

// Of a model of so many bytes: a 32nd, so that the last of several hosts has it little later than the first;
// not so small that a frame's head and a turn of each relay count, nor larger than what a link should hold.
constexpr std::size_t piece_bytes(std::size_t model) {
  return std::clamp(model / 32, std::size_t{4} << 10, std::size_t{128} << 10);
}

extern template class Relay<float>;
extern template class Relay<double>;
extern template class Chain<float>;
extern template class Chain<double>;

}  // namespace wisp::actors
