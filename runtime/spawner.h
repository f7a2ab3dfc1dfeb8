#pragma once
// Spawner: by which the runtime asks for nodes, and hears of their ends.
#include <functional>
#include <string>

#include "runtime/transport.h"

namespace wisp::runtime {

class Spawner {
 public:
  // A node's process is gone.
  struct Ended {
    Ended() = default;
    Ended(NodeId which, std::string its_name, std::string why)
        : node(which), name(std::move(its_name)), cause(std::move(why)) {}
    NodeId node = 0;
    std::string name;
    std::string cause;  // in words
  };

  virtual ~Spawner() = default;
  // Starts a node on `host` that joins the driver as `node` (System::expect). Does not wait for it. Throws
  // Error if that can't even be tried.
  virtual void start(NodeId node, const std::string& name, const std::string& host) = 0;
  // Ends it by force, if it is there.
  virtual void kill(NodeId node) = 0;
  // Who is told of each end, of its own accord or not, once; on a thread of the spawner's. Before the first
  // start.
  virtual void on_ended(std::function<void(const Ended& ended)> report) = 0;
};

}  // namespace wisp::runtime
