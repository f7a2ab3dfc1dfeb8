#pragma once
// What the tests of this room share: networks of every kind, nodes that serve on a thread, logs that can be
// read.
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/in_process_transport.h"
#include "runtime/node.h"
#include "runtime/zmq_transport.h"

namespace wisp::runtime::test {

// A deadline that only a hang reaches.
inline constexpr std::chrono::seconds kHang{30};

// How often a test of races tries: WISP_REPEATS raises it.
inline int repeats() {
  const char* wanted = getenv("WISP_REPEATS");
  return wanted == nullptr ? 50 : std::stoi(wanted);
}

inline std::vector<std::byte> to_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}
inline Bytes frame_of(std::string_view text) { return Bytes(to_bytes(text)); }
inline std::string text_of(const Bytes& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// The next frame; throws if none comes.
inline Received next(Transport& transport) {
  const auto deadline = std::chrono::steady_clock::now() + kHang;
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto received = transport.receive(std::chrono::milliseconds(1000))) return std::move(*received);
  }
  throw Error("no frame came");
}
inline std::string next_text(Transport& transport) { return text_of(next(transport).frame); }

// A private folder (0700) that goes with its owner.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = testing::TempDir() + "wisp-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw Error("cannot make " + pattern);
    path_ = pattern;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Lines of all logs, as "actor level text".
class Journal {
 public:
  std::function<std::unique_ptr<Log>(const std::string&)> logs() {
    return [this](const std::string& actor) { return std::make_unique<Sink>(*this, actor); };
  }
  std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }
  bool holds(std::string_view part) const {
    for (const std::string& line : lines()) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  class Sink : public Log {
   public:
    Sink(Journal& journal, std::string actor) : journal_(journal), actor_(std::move(actor)) {}
    void write(Level level, std::string_view text) override {
      std::lock_guard lock(journal_.mutex_);
      journal_.lines_.push_back(actor_ + " " + to_string(level) + " " + std::string(text));
    }

   private:
    Journal& journal_;
    const std::string actor_;
  };
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

inline constexpr std::uint64_t kRun = 77;

inline NodeOptions node_options(NodeId id, Journal& journal, unsigned threads = 0) {
  static const SystemClock clock;
  NodeOptions options;
  options.id = id;
  options.run = kRun;
  options.threads = threads;
  options.clock = &clock;
  options.make_log = journal.logs();
  return options;
}

// Serves a node on a thread of its own; stops it at the end.
class Serving {
 public:
  explicit Serving(Node& node) : node_(node), loop_([&node] { node.run(); }) {}
  ~Serving() {
    node_.stop();
    loop_.join();
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

 private:
  Node& node_;
  std::thread loop_;
};

// A kind of network, for up to kNodes nodes.
class Network {
 public:
  static constexpr NodeId kNodes = 4;
  struct Channels {
    std::unique_ptr<Transport> data;
    std::unique_ptr<Transport> control;
  };
  virtual ~Network() = default;
  // Where node `id` is or will be.
  virtual Address address(NodeId id) const = 0;
  virtual Channels attach_both(NodeId id) = 0;
  virtual bool authenticates() const = 0;
  // One channel alone.
  std::unique_ptr<Transport> attach(NodeId id, Channel channel = Channel::kData) {
    Channels channels = attach_both(id);
    return std::move(channel == Channel::kData ? channels.data : channels.control);
  }
};

class InProcess : public Network {
 public:
  Address address(NodeId id) const override {
    const std::string endpoint = "in-process://" + std::to_string(id);
    return Address(endpoint, "", endpoint + "/control");
  }
  Channels attach_both(NodeId id) override {
    return Channels{network_.attach(id), network_.attach(id, Channel::kControl)};
  }
  bool authenticates() const override { return true; }

 private:
  InProcessNetwork network_;
};

// Its nodes listen where their options say.
class Zmq : public Network {
 public:
  Channels attach_both(NodeId id) override {
    ZmqSockets sockets(options(id));
    return Channels{sockets.data(), sockets.control()};
  }

 protected:
  virtual ZmqOptions options(NodeId id) const = 0;
};

class Ipc : public Zmq {
 public:
  Address address(NodeId id) const override {
    const std::string endpoint = "ipc://" + (folder_.path() / ("node-" + std::to_string(id))).string();
    return Address(endpoint, "", endpoint + ZmqOptions::kControlSuffix);
  }
  bool authenticates() const override { return false; }

 private:
  ZmqOptions options(NodeId id) const override {
    ZmqOptions options;
    options.self = id;
    options.binds = {address(id).endpoint};
    return options;
  }
  TempFolder folder_;
};

// An address of loopback for this process alone: several test programs run at once, and a port that one of
// them has let go to bind it again might be taken by another.
inline std::string own_loopback() {
  const auto process = static_cast<unsigned>(::getpid());
  return "127." + std::to_string(1 + process / (254 * 256) % 254) + "." +
         std::to_string(process / 254 % 256) + "." + std::to_string(1 + process % 254);
}

class Tcp : public Zmq {
 public:
  explicit Tcp(bool curve) : curve_(curve) {
    for (NodeId id = 0; id < kNodes; ++id) keys_.push_back(CurveKeys::make());
    std::vector<std::unique_ptr<ZmqSockets>> holders;  // all at once, so that the ports differ
    for (NodeId id = 0; id < kNodes; ++id) {
      ZmqOptions any = options(id);
      any.binds = {"tcp://" + own_loopback()};
      holders.push_back(std::make_unique<ZmqSockets>(any));
      addresses_.push_back(holders.back()->addresses().front());
    }
  }
  Address address(NodeId id) const override { return addresses_[id]; }
  bool authenticates() const override { return curve_; }

 private:
  ZmqOptions options(NodeId id) const override {
    ZmqOptions options;
    options.self = id;
    if (id < addresses_.size()) {
      options.binds = {addresses_[id].endpoint};
      options.control_binds = {addresses_[id].control};
    }
    if (curve_) {
      options.keys = keys_[id];
      for (NodeId each = 0; each < kNodes; ++each) options.allowed[each] = keys_[each].public_key;
    }
    return options;
  }

  const bool curve_;
  std::vector<CurveKeys> keys_;
  std::vector<Address> addresses_;
};

struct NetworkKind {
  const char* name;
  std::unique_ptr<Network> (*make)();
};
inline const NetworkKind kInProcess{
    "InProcess", []() -> std::unique_ptr<Network> { return std::make_unique<InProcess>(); }};
inline const NetworkKind kIpc{"Ipc", []() -> std::unique_ptr<Network> { return std::make_unique<Ipc>(); }};
inline const NetworkKind kTcp{"Tcp",
                              []() -> std::unique_ptr<Network> { return std::make_unique<Tcp>(false); }};
inline const NetworkKind kCurve{"Curve",
                                []() -> std::unique_ptr<Network> { return std::make_unique<Tcp>(true); }};

inline std::string network_name(const testing::TestParamInfo<NetworkKind>& info) { return info.param.name; }
inline void PrintTo(const NetworkKind& kind, std::ostream* out) { *out << kind.name; }

}  // namespace wisp::runtime::test
