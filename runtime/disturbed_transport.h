#pragma once
// DisturbedTransport: a channel of a node whose frames can be lost or late on purpose.
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/rng.h"
#include "runtime/disturbances.h"
#include "runtime/transport.h"

namespace wisp::runtime {

// Another transport, as it is while there is no disturbance. It lies below the links, which send again what
// is lost here. Both directions are disturbed, so that only one of two nodes has to be; frames that are late
// keep their order.
class DisturbedTransport final : public Transport {
 public:
  // What is lost is drawn from the seed, by node and channel. `disturbances` and `clock` must outlive it.
  DisturbedTransport(std::unique_ptr<Transport> inner, Disturbances& disturbances, const Clock& clock,
                     std::uint64_t seed, NodeId self, Channel channel);

  Address address() const override { return inner_->address(); }
  void allow(NodeId peer, const std::string& public_key) override { inner_->allow(peer, public_key); }
  void forbid(NodeId peer) override { inner_->forbid(peer); }
  void connect(NodeId peer, const Address& address) override { inner_->connect(peer, address); }
  void disconnect(NodeId peer) override;
  SendResult send(NodeId peer, const Bytes& frame) override;
  // May return early with nothing.
  std::optional<Received> receive(std::optional<std::chrono::milliseconds> wait) override;
  void wake() override { inner_->wake(); }
  std::unique_ptr<Tap> open_tap(const std::string& endpoint, const TapLimits& limits) override {
    return inner_->open_tap(endpoint, limits);
  }
  void hand_over() override { inner_->hand_over(); }
  // What is late is sent at once.
  void close(std::chrono::milliseconds linger) override;

 private:
  struct Late {
    std::chrono::nanoseconds due;
    NodeId peer;
    Bytes frame;
  };
  struct LateArrival {
    std::chrono::nanoseconds due;
    Received received;
  };

  bool is_lost(const Disturbances::Effect& effect);
  NodeId sender_of(const Received& received) const;
  // Sends what is due by then, as far as the other transport takes it.
  void send_late(std::chrono::nanoseconds now);
  std::optional<Received> take_late(std::chrono::nanoseconds now);
  std::optional<std::chrono::milliseconds> until_next(std::chrono::nanoseconds now) const;
  std::optional<Received> disturb(Received received, std::chrono::nanoseconds now);

  const std::unique_ptr<Transport> inner_;
  Disturbances& disturbances_;
  const Clock& clock_;
  const Channel channel_;
  Rng rng_;
  std::deque<Late> leaving_;
  std::deque<LateArrival> arriving_;
};

}  // namespace wisp::runtime
