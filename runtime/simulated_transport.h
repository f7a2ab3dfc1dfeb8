#pragma once
// SimulatedNetwork: a network in virtual time, with the faults of real ones.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "base/simulated_clock.h"
#include "runtime/delay.h"
#include "runtime/disturbances.h"
#include "runtime/transport.h"

namespace wisp::runtime {

struct NetworkModel {
  NetworkModel() = default;
  Delay latency = Delay::constant(std::chrono::milliseconds(1));
  double bytes_per_second = 0;     // from one node to another; 0: no limit
  std::size_t queue_max = 65'536;  // frames under way from one node to another, or not taken in there
};

// Chances are of each frame, from 0 to 1.
struct NetworkFaults {
  NetworkFaults() = default;
  double drop = 0;
  double duplicate = 0;
  double full = 0;                         // the sender is told that there is no room
  double delay = 0;                        // it is held up by
  std::chrono::nanoseconds delay_most{0};  // at most this
  bool reorder = false;                    // else frames from one node to another stay in order
};

// What became of a frame.
enum class FrameFate : std::uint8_t {
  kSent,
  kDropped,     // on its way, by chance
  kCut,         // by a partition
  kDuplicated,  // it will arrive twice
  kArrived,
  kMissed,  // there was nobody
};

class FrameObserver {
 public:
  virtual ~FrameObserver() = default;
  virtual void on_frame(FrameFate fate, Channel channel, NodeId from, NodeId to, const Bytes& frame) = 0;
};

// Single-threaded, but for Transport::wake(). All chance comes from the seed. A transport that waits advances
// the clock: to the next arrival, or to the end of its wait; where nothing is under way and the wait has no
// end, it waits for wake().
//
// A frame for a node that is yet to come waits for it; one for a node that has gone is lost.
class SimulatedNetwork {
 public:
  static constexpr NodeId kNodesMax = 65'536;

  SimulatedNetwork(std::uint64_t seed, SimulatedClock& clock, const NetworkModel& model);
  ~SimulatedNetwork();
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

  // A channel of node `self`, once for each number below kNodesMax. The network must outlive it.
  std::unique_ptr<Transport> attach(NodeId self, Channel channel = Channel::kData,
                                    const std::string& host = "");
  static Address address(NodeId node);
  // Told of each frame; null: nobody.
  void observe(FrameObserver* observer) { observer_ = observer; }

  // For frames that leave from now on.
  void set_faults(const NetworkFaults& faults) { faults_ = faults; }
  // Frames that leave meanwhile, in either direction, are lost. An empty host is that of nodes that have
  // none.
  void cut(NodeId a, NodeId b, std::chrono::nanoseconds from, std::chrono::nanoseconds until);
  void cut(const std::string& host_a, const std::string& host_b, std::chrono::nanoseconds from,
           std::chrono::nanoseconds until);
  // Frames from and to `node` that leave from now on.
  void disturb(NodeId node, const Disturbance& disturbance);
  // No cut is in force any more, or will be.
  void heal() { cuts_.clear(); }

  // When the next frame leaves or arrives.
  std::optional<std::chrono::nanoseconds> next_arrival() const;
  // What has arrived by now is put before its node. How many frames moved.
  std::size_t deliver();
  bool has_mail(NodeId node, Channel channel = Channel::kData) const;
  // The node is gone at once: what would have left later, or would arrive, is lost.
  void remove(NodeId node);
  // What the node sends as data is held back, until it is released to leave at `departure`.
  void hold(NodeId node);
  void release(NodeId node, std::chrono::nanoseconds departure);

 private:
  friend class SimulatedTransport;
  class Port;
  struct Route;
  struct Arrival {
    std::chrono::nanoseconds at;
    std::uint64_t number;  // equal times are in the order of sending
    Route* route;
    bool departs;  // it was held back, and leaves now
    Bytes frame;
  };
  struct Cut {
    bool of_hosts;
    std::uint32_t a, b;  // nodes, or hosts by number
    std::chrono::nanoseconds from, until;
  };
  static bool later(const Arrival& a, const Arrival& b) {
    return a.at != b.at ? a.at > b.at : a.number > b.number;
  }

  Port& port(NodeId node, Channel channel);
  static void close(Port& port);
  std::uint32_t host_number(const std::string& host);
  void add_cut(const Cut& cut);
  SendResult send(Route& route, const Bytes& frame);
  void depart(Route& route, const Bytes& frame);
  void travel(Route& route, const Bytes& frame, std::chrono::nanoseconds delay);
  std::chrono::nanoseconds arrival(Route& route, std::size_t size, std::chrono::nanoseconds delay);
  // Of both ends.
  Disturbances::Effect disturbed(const Route& route);
  void push(Arrival arrival);
  void arrive(Route& route, Bytes frame);
  bool is_cut(const Route& route) const;
  bool chance(double of) { return of > 0 && rng_.uniform() < of; }
  void tell(FrameFate fate, const Route& route, const Bytes& frame);

  SimulatedClock& clock_;
  const NetworkModel model_;
  NetworkFaults faults_;
  Rng rng_;
  FrameObserver* observer_ = nullptr;
  std::map<std::string, std::uint32_t> hosts_;
  std::vector<std::unique_ptr<Port>> ports_;  // by node, its two channels side by side
  std::vector<Cut> cuts_;
  std::map<NodeId, Disturbances> disturbances_;
  std::vector<Arrival> arrivals_;  // a heap: the first arrives next
  std::uint64_t number_ = 0;
};

}  // namespace wisp::runtime
