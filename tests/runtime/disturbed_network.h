#pragma once
// A network whose every transport can be disturbed, as a kind of network for tests.
#include <memory>

#include "runtime/disturbed_transport.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/simulated_network.h"

namespace wisp::runtime::test {

template <class Inner>
class Disturbed : public Network {
 public:
  Disturbed() {
    for (NodeId id = 0; id < kNodes; ++id) nodes_.push_back(std::make_unique<Disturbances>(clock()));
  }
  Address address(NodeId id) const override { return inner_.address(id); }
  Channels attach_both(NodeId id) override {
    Channels channels = inner_.attach_both(id);
    const auto wrap = [&](std::unique_ptr<Transport> transport, Channel channel) {
      return std::make_unique<DisturbedTransport>(std::move(transport), *nodes_[id], clock(), 1, id, channel);
    };
    return Channels{wrap(std::move(channels.data), Channel::kData),
                    wrap(std::move(channels.control), Channel::kControl)};
  }
  bool authenticates() const override { return inner_.authenticates(); }
  const Clock& clock() const { return clock_of(inner_); }
  Disturbances& of(NodeId id) { return *nodes_[id]; }

 private:
  Inner inner_;
  std::vector<std::unique_ptr<Disturbances>> nodes_;
};

inline const NetworkKind kDisturbed{
    "Disturbed", []() -> std::unique_ptr<Network> { return std::make_unique<Disturbed<InProcess>>(); }};

}  // namespace wisp::runtime::test
