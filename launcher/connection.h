#pragma once
// Connection: the driver's end of one host: an agent, or the program that leads to it.
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "launcher/bundle.h"
#include "launcher/child.h"
#include "launcher/fleet.h"
#include "launcher/messages.h"
#include "launcher/spec.h"
#include "launcher/way.h"
#include "launcher/wire.h"

namespace wisp::launcher {

// What all connections of a fleet share.
struct ConnectionSettings {
  LauncherSpec spec;
  std::vector<std::string> local_agent;
  std::map<std::string, std::string> local_environment;
  std::string job;  // whose logs the hosts keep copies of; empty: they keep none
  Bundle bundle;    // empty where the only host is this machine
  // As it travels: made by the polling thread when the first host needs it, which most don't.
  mutable std::optional<Bytes> packed_bundle = {};
};

// Not thread-safe. open() and step() belong to the thread that polls: nothing else opens or closes
// descriptors.
class Connection {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Stage {
    kWaiting,     // for its turn
    kConnecting,  // until the bootstrap answers
    kAsking,      // whether the host has the program
    kSending,     // the program
    kGreeting,    // until the agent has answered
    kReady,
    kStopping,  // Stop was sent
    kEnding,    // its client is about to end, by itself or by us
    kClosed,
  };

  Connection(const ConnectionSettings& settings, const HostSpec& host);

  // Before open(): its ssh client will share the connection at `socket`.
  void share(std::filesystem::path socket) { socket_ = std::move(socket); }

  void open(Time now);
  void add_descriptors(std::vector<pollfd>& fds) const;
  // Reads, writes, and does what is due; never waits. Appends what happened.
  void step(Time now, std::vector<Event>& events);
  // When step() is due even if no descriptor is ready.
  Time due(Time now) const;

  // A message to the agent; only when ready.
  template <class Body>
  void send(message::Down kind, const Body& body) {
    to_agent_.push_frame(pack_message(kind, body));
  }
  // Before the agent is ready this gives up on it.
  void stop(std::chrono::milliseconds grace);
  // Asks an agent that is ready whether it is there: unless it answers within `patience`, it has failed. Not
  // on this machine, where the pipe's end tells.
  void doubt(Time now, std::chrono::milliseconds patience);
  // No more patience: the client gets KILL at the next step.
  void kill() { kill_at_ = Time(); }

  Stage stage() const { return stage_; }
  bool starting() const { return stage_ > Stage::kWaiting && stage_ < Stage::kReady; }
  bool closed() const { return stage_ == Stage::kClosed; }
  bool doubted() const { return answer_due_ != Time::max(); }  // no answer yet
  // Why it did not become ready or was lost, a whole text for people. Set when it is closed.
  const std::optional<std::string>& failure() const { return failure_; }
  // After closed(): nothing of the job can be alive there.
  bool verified() const { return !was_ready_ || (stopped_ && survivors_.empty()); }
  const std::vector<std::string>& survivors() const { return survivors_; }
  // "ssh connecting (4 s of 60 s)".
  std::string waiting_for(Time now) const;

  const HostInfo& info() const { return info_; }
  const HostSpec& host() const { return host_; }
  const std::filesystem::path& socket() const { return socket_; }
  std::size_t pending() const { return to_agent_.size(); }  // bytes that the pipe has not taken yet
  std::optional<message::File> file;  // the last answer about a file; the asker resets it

 private:
  void read_errors();
  void read_output(Time now, std::vector<Event>& events);
  void read_boot_lines(std::vector<std::byte>& bytes);
  void obey_boot_line(const std::string& line);
  void push_text(const std::string& text);
  void check_machine(const std::string& line);
  void say_hello();
  void obey(const Bytes& message, std::vector<Event>& events);
  void greet(const message::Greeting& greeting);
  void settle_clock(const message::Pong& pong);
  void keep_alive(Time now);
  void fail(const std::string& what, const std::string& remedy = "");
  void begin_ending(Time now);
  void finish(const Ended& ended, std::vector<Event>& events);
  bool failing() const { return !what_.empty(); }

  const ConnectionSettings& settings_;
  const HostSpec host_;
  std::filesystem::path socket_;  // empty: not shared
  Way way_;                       // of a host that is not this machine
  HostInfo info_;
  Stage stage_ = Stage::kWaiting;
  Child client_;
  SendQueue to_agent_;
  FrameReader from_agent_;
  std::string boot_text_;       // of an unfinished line
  std::size_t boot_noise_ = 0;  // bytes that were not ours
  std::string errors_;          // the end of its stderr
  Time opened_;
  Time pinged_;
  Time kill_at_ = Time::max();
  Time answer_due_ = Time::max();
  int pings_unanswered_ = 0;
  int clock_readings_ = 0;
  std::chrono::microseconds clock_error_ = std::chrono::microseconds::max();
  bool was_ready_ = false;
  bool booted_ = false;
  bool stopped_ = false;
  std::vector<std::string> survivors_;
  std::string what_;  // the first thing that failed, and what to do about it
  std::string remedy_;
  std::optional<std::string> failure_;
};

}  // namespace wisp::launcher
