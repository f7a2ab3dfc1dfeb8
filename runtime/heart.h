#pragma once
// Heart: heartbeats between a node and the driver, on the control channel.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "runtime/control_frame.h"
#include "runtime/failure_detector.h"
#include "runtime/transport.h"

namespace wisp::runtime {

// Owns the control transport of a node. In the real world run() has a thread of its own, which no computation
// starves; in the simulated world one calls step() whenever a frame has come, deadline() is there, or another
// method was called. What is not marked otherwise belongs to that thread, which is also the one that calls
// back; callbacks may call any method of the heart.
class Heart {
 public:
  // Frames that were not for us, from outsiders, or no frames at all.
  struct Dropped {
    std::uint64_t foreign = 0;    // of another run, or to another node
    std::uint64_t forged = 0;     // the sender is not the one that the transport has authenticated
    std::uint64_t malformed = 0;  // not a frame, or not one that a node of this kind is sent
  };

  virtual ~Heart() = default;
  Heart(const Heart&) = delete;
  Heart& operator=(const Heart&) = delete;

  // Until stop(); then sends what is queued for at most `linger` and closes the transport.
  void run(std::chrono::milliseconds linger = std::chrono::milliseconds(100));
  // Any thread.
  void stop();

  // Takes what has come, then does what is due.
  void step(std::chrono::nanoseconds now);
  // When step() is to be called at the latest; none: when something happens.
  virtual std::optional<std::chrono::nanoseconds> deadline() const = 0;

  Dropped dropped() const;  // any thread

 protected:
  // `clock` must outlive the heart.
  Heart(NodeId self, std::uint64_t run, const Clock& clock, std::unique_ptr<Transport> control);

  virtual void receive(const ControlFrame& frame, std::chrono::nanoseconds now) = 0;
  virtual void advance(std::chrono::nanoseconds now) = 0;

  Transport& transport() const { return *transport_; }
  const Clock& clock() const { return clock_; }
  void send(NodeId node, ControlFrame::Body body);
  void drop_malformed() { ++malformed_; }

 private:
  void take(const Received& received, std::chrono::nanoseconds now);

  const NodeId self_;
  const std::uint64_t run_;
  const Clock& clock_;
  const std::unique_ptr<Transport> transport_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> foreign_{0};
  std::atomic<std::uint64_t> forged_{0};
  std::atomic<std::uint64_t> malformed_{0};
};

struct NodeHeartOptions {
  NodeId self = 0;
  std::uint64_t run = 0;
  Address driver;
  FailureLimits limits;
  const Clock* clock = nullptr;
  // Read at each beat, on the heart's thread. `progress` grows while the node gets on with its work, so that
  // busy is not taken for stuck.
  std::function<std::uint64_t()> progress;
  std::function<std::uint64_t()> queued;
  // The driver has given this node up: it is to end. Once; no beat follows.
  std::function<void(const std::string& why)> on_fenced;
  // The driver has been silent for limits.dead. Once.
  std::function<void(std::chrono::nanoseconds silent_for)> on_driver_lost;
};

// A node's: beats to the driver every interval, the first at once, and listens for the answers.
class NodeHeart : public Heart {
 public:
  NodeHeart(NodeHeartOptions options, std::unique_ptr<Transport> control);

  std::optional<std::chrono::nanoseconds> deadline() const override;
  // From a beat to its answer, the last time. Any thread.
  std::optional<std::chrono::nanoseconds> round_trip() const;

 private:
  void receive(const ControlFrame& frame, std::chrono::nanoseconds now) override;
  void advance(std::chrono::nanoseconds now) override;
  void beat(std::chrono::nanoseconds now);

  const NodeHeartOptions options_;
  FailureDetector detector_;  // watches the driver
  bool started_ = false;
  bool fenced_ = false;
  std::uint64_t sequence_ = 0;
  std::chrono::nanoseconds next_beat_{0};
  std::atomic<std::int64_t> round_trip_{-1};  // nanoseconds; -1: none yet
};

struct NodeHealth {
  FailureDetector::State state;
  std::uint64_t queued = 0;
};

struct DriverHeartOptions {
  std::uint64_t run = 0;
  FailureLimits limits;
  const Clock* clock = nullptr;
  std::function<void(NodeId node, std::chrono::nanoseconds silent_for)> on_suspect;
  std::function<void(NodeId node, std::chrono::nanoseconds had_been_silent_for)> on_well;  // again
  std::function<void(NodeId node, std::chrono::nanoseconds silent_for)> on_dead;
};

// The driver's: answers beats, and tells who is silent. A beat of a node that is dead, or that nobody
// watches, is answered by Fenced.
class DriverHeart : public Heart {
 public:
  DriverHeart(DriverHeartOptions options, std::unique_ptr<Transport> control);

  // Expects beats of `node` from now on: to be called before the node is told to begin. Any thread.
  void watch(NodeId node);
  // It leaves in good order: its heart has stopped, or does not mind that a beat under way is answered by
  // Fenced. Any thread.
  void forget(NodeId node);
  // Its process has ended: no need to wait. on_dead is not called. Any thread.
  void declare_dead(NodeId node);
  // Of those watched, and of the dead. Any thread.
  std::map<NodeId, NodeHealth> health() const;

  std::optional<std::chrono::nanoseconds> deadline() const override;

 private:
  struct Connected {
    bool stranger = false;  // to be fenced
    std::chrono::nanoseconds heard{0};
  };
  void receive(const ControlFrame& frame, std::chrono::nanoseconds now) override;
  void advance(std::chrono::nanoseconds now) override;
  bool connect(NodeId node, const Address& address, bool stranger, std::chrono::nanoseconds now);
  void hang_up(std::chrono::nanoseconds now);
  ControlFrame::Body answer_to(NodeId node, const Beat& beat, std::chrono::nanoseconds now);

  const DriverHeartOptions options_;
  mutable std::mutex mutex_;  // guards the two that follow
  FailureDetector detector_;
  std::map<NodeId, std::uint64_t> queued_;

  std::map<NodeId, Connected> connected_;  // whom we can answer
  std::chrono::nanoseconds hung_up_{0};
};

}  // namespace wisp::runtime
