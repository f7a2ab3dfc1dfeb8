#pragma once
// SimulatedWorld: a driver and its nodes in virtual time, on one thread, all chance from one seed.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/simulated_clock.h"
#include "base/simulated_disk.h"
#include "runtime/delay.h"
#include "runtime/simulated_transport.h"
#include "runtime/spawner.h"
#include "runtime/system.h"
#include "runtime/wire.h"

namespace wisp::runtime {

struct WorldOptions {
  WorldOptions() = default;
  std::uint64_t seed = 1;
  std::string fingerprint;
  NetworkModel network;
  NetworkFaults faults;
  // What a node computes for, for each message that its actors handle: it takes nothing in meanwhile, and
  // what it sends leaves afterwards.
  Delay compute;
  LinkLimits limits;
  LinkFaults link_faults;
  // Nodes beat, so that the driver notices which of them are silent; pauses and partitions of more than
  // failure.dead then end a node: that is reported once when it is taken for dead, and once when it is gone.
  bool heartbeats = false;
  FailureLimits failure;
  // Of saving actors, whose files are on the disk of the node's host.
  std::filesystem::path saved_folder = "saved";
  SavingFaults saving_faults;
  std::uint32_t stream_window = 1024;
  std::chrono::milliseconds join_deadline = std::chrono::minutes(10);
  std::chrono::nanoseconds report_after =
      std::chrono::milliseconds(100);   // from a node's end to Spawner::on_ended()
  std::uint64_t events_most = 200'000;  // a world that has more has no end
  bool keep_trace = false;
  // Null: nobody reads logs.
  std::function<std::unique_ptr<Log>(const std::string& node, const std::string& actor)> make_log;
  // What else a node is to have.
  std::function<void(NodeOptions& options, const std::string& host)> equip;
};

// The product's own System, Node, Link and actors on simulated transports, clock and disks. The world runs
// while somebody waits in it: in Future::get() and System::wait_for() outside of actors, or in the run
// functions below; never from within an actor. Time passes only where nothing is left to do at the present
// time.
//
// Without a report of its own (on_ended) a node's end is told to the driver: System::lose().
//
// Same seed, options and calls: same trace, same hash. A line of the trace is
//   [   12.345] worker-1 > data 3 to master: call ledger.add
// the time in virtual milliseconds; the node; what it did; the frame by kind, number, and the other node; the
// messages in it. What it did: '>' sent, '<' received, 'x' lost on the way (dropped | cut | nobody there |
// doubled),
// '*' came to or left the world, '|' wrote to a log.
class SimulatedWorld final : public Spawner, private FrameObserver {
 public:
  // `registry` must outlive it, and know the services.
  SimulatedWorld(WorldOptions options, const Registry& registry);
  ~SimulatedWorld() override;

  System& system() { return *system_; }
  // A new node, which joins the driver.
  NodeId start_node(const std::string& name, const std::string& host);
  void start(NodeId node, const std::string& name, const std::string& host) override;
  void kill(NodeId node) override { crash(node); }
  void on_ended(std::function<void(const Ended& ended)> report) override { report_ = std::move(report); }
  // Null: it has ended.
  Node* find(NodeId node);

  // It is gone at once, with all that it had in hand; frames that have left it may arrive.
  void crash(NodeId node, const std::string& cause = "its process has crashed");
  // It stands still, and then goes on as if nothing had been.
  void pause(NodeId node, std::chrono::nanoseconds duration);
  // All nodes of the host crash, and its disk forgets what was not synced.
  void power_cut(const std::string& host);
  SimulatedDisk& disk(const std::string& host);
  SimulatedNetwork& network() { return network_; }

  std::chrono::nanoseconds now() const { return clock_.steady(); }
  const SimulatedClock& clock() const { return clock_; }
  std::uint64_t seed() const { return options_.seed; }
  // Does something when its time has come, outside of all nodes. It must not wait.
  void at(std::chrono::nanoseconds time, std::function<void()> task);
  void after(std::chrono::nanoseconds duration, std::function<void()> task) {
    at(now() + duration, std::move(task));
  }

  void run_for(std::chrono::nanoseconds duration);
  // False: `duration` is over, or nothing is left that could happen.
  bool run_until(const std::function<bool()>& done, std::chrono::nanoseconds duration = kForever);
  // The next thing that happens, and all that happens at the same time. False: nothing is left.
  bool run_once() { return advance(kForever); }

  // Frames moved, steps of nodes, and tasks, so far. More than events_most is an Error, which names the seed.
  std::uint64_t events() const { return events_; }
  // Of all that the trace would say of frames and nodes.
  std::uint64_t trace_hash() const { return hash_; }
  // Empty unless it is kept.
  const std::vector<std::string>& trace() const { return trace_; }
  // Its first lines go.
  void forget_trace(std::size_t lines) {
    trace_.erase(trace_.begin(),
                 trace_.begin() + static_cast<std::ptrdiff_t>(std::min(lines, trace_.size())));
  }

 private:
  class TracedLog;
  struct Life;

  void drive(const FutureState& state, std::chrono::nanoseconds duration);
  bool advance(std::chrono::nanoseconds limit);
  std::chrono::nanoseconds next_event() const;
  void nudge_all();
  void count(std::uint64_t events);
  Error endless(const std::string& most) const;
  void run_tasks();
  void step(Life& life);
  void step_heart(Life& life);
  std::unique_ptr<NodeHeart> make_heart(Life& life, const NodeParameters& parameters);
  bool serve(Life& life);
  bool drain(Life& life);
  void end(Life& life, const std::string& cause);
  void sweep();
  std::unique_ptr<Log> make_log(NodeId node, const std::string& actor);
  Life& add_life(NodeId node, const std::string& name, const std::string& host);

  void on_frame(FrameFate fate, Channel channel, NodeId from, NodeId to, const Bytes& frame) override;
  void on_node(const Life& life, const std::string& what);
  void mix(std::uint64_t fact);
  void write_line(NodeId node, char sign, const std::string& text);
  std::string name_of(NodeId node) const;
  static std::string control_words(const Bytes& frame);
  std::string frame_words(const FrameHeader& header, const std::string& whom, NodeId receiver,
                          const Bytes& frame);
  std::string message_words(const Envelope& envelope, NodeId receiver);

  const WorldOptions options_;
  const Registry& registry_;
  const std::uint64_t run_;
  SimulatedClock clock_;
  SimulatedNetwork network_;
  Rng compute_;
  std::map<std::string, SimulatedDisk> disks_;
  std::function<void(const Ended& ended)> report_;
  std::map<std::pair<std::chrono::nanoseconds, std::uint64_t>, std::function<void()>> tasks_;
  std::uint64_t task_number_ = 0;
  std::vector<std::string> names_;  // by node, also of those that have ended
  std::vector<std::string> trace_;
  std::uint64_t hash_ = 0;
  std::uint64_t events_ = 0;
  bool running_ = false;
  std::vector<std::unique_ptr<Life>> lives_;  // in the order of their numbers
  std::unique_ptr<System> system_;            // last: it goes first
};

}  // namespace wisp::runtime
