#pragma once
// Nodes of one process: frames pass through plain queues. For tests and for programs without a network.
#include <memory>
#include <string>

#include "runtime/transport.h"

namespace wisp::runtime {

// What the nodes of one process share. Thread-safe.
class InProcessNetwork {
 public:
  InProcessNetwork();
  ~InProcessNetwork();
  // A transport for node `self`, once for each number and channel. The network must outlive it.
  std::unique_ptr<Transport> attach(NodeId self, Channel channel = Channel::kData);

  struct Shared;

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace wisp::runtime
