#pragma once
// The simulated network as a kind of network for tests.
#include <memory>

#include "runtime/simulated_transport.h"
#include "tests/runtime/nodes.h"

namespace wisp::runtime::test {

class Simulated : public Network {
 public:
  Address address(NodeId id) const override { return SimulatedNetwork::address(id); }
  Channels attach_both(NodeId id) override {
    return Channels{network_.attach(id), network_.attach(id, Channel::kControl)};
  }
  bool authenticates() const override { return true; }
  const Clock& clock() const { return clock_; }

 private:
  SimulatedClock clock_;
  SimulatedNetwork network_{1, clock_, NetworkModel()};
};

inline const NetworkKind kSimulated{
    "Simulated", []() -> std::unique_ptr<Network> { return std::make_unique<Simulated>(); }};

// By which the waits of this network pass.
inline const Clock& clock_of(const Network& network) {
  static const SystemClock system_clock;
  const auto* simulated = dynamic_cast<const Simulated*>(&network);
  return simulated == nullptr ? static_cast<const Clock&>(system_clock) : simulated->clock();
}

}  // namespace wisp::runtime::test
