#pragma once
// A world to look for faults in: a master, three workers that send it updates, and everything that a network
// and its hosts can do to them, drawn from one seed.
#include <cstdint>
#include <deque>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "runtime/simulated_world.h"

namespace wisp::runtime::sim {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

inline constexpr std::uint32_t kWorkers = 3;
inline constexpr std::uint32_t kUpdates = 60;  // of each worker

// All that is drawn for a seed.
struct Plan {
  explicit Plan(std::uint64_t seed) {
    Rng rng(seed, 0, 0, Purpose::kFaults);
    const auto part = [&rng](double most) { return rng.below(3) == 0 ? 0 : most * rng.uniform(); };
    faults.drop = part(0.5);
    faults.duplicate = part(0.5);
    faults.full = part(0.3);
    faults.delay = part(1);
    faults.delay_most = milliseconds(1 + rng.below(1000));
    faults.reorder = rng.below(2) == 0;
    rough_start = rng.below(2) == 0;
    in_flight = 1 + rng.below(8);
    limits.window = {rng.below(2) == 0 ? 64 : 1 + rng.below(4), 200 + rng.below(2000)};
    limits.frame_size = 100 + rng.below(1000);
    if (rng.below(2) == 0) compute = Delay::exponential(milliseconds(1 + rng.below(5)));
    network.latency = rng.below(2) == 0 ? Delay::uniform(nanoseconds(0), milliseconds(5))
                                        : Delay::lognormal(milliseconds(1), 1);
    if (rng.below(2) == 0) network.bytes_per_second = 1e5;
    calm_from = milliseconds(500 + rng.below(15'000));
    if (rng.below(2) == 0) think = calm_from / (kUpdates / 2 + rng.below(2 * kUpdates));
    const auto when = [&] {
      return milliseconds(rng.below(static_cast<std::uint32_t>(calm_from / milliseconds(1))));
    };
    for (std::uint32_t i = rng.below(3); i > 0; --i) {
      const std::uint32_t a = rng.below(kWorkers + 2);
      const std::uint32_t b = (a + 1 + rng.below(kWorkers + 1)) % (kWorkers + 2);
      partitions.push_back({a, b, when(), milliseconds(rng.below(3000))});
    }
    for (std::uint32_t i = rng.below(3); i > 0; --i) {
      pauses.push_back({rng.below(kWorkers + 1), when(), milliseconds(rng.below(3000))});
    }
    if (rng.below(3) == 0) crash = {rng.below(kWorkers), when()};
    if (rng.below(3) == 0) zombie = {rng.below(kWorkers), when()};
  }

  struct Partition {
    NodeId a, b;  // 0: the driver, 1: the master, 2...: the first workers
    nanoseconds at, lasts;
  };
  struct Pause {
    std::uint32_t of;  // 0: the master, 1...: the workers
    nanoseconds at, lasts;
  };
  struct Victim {
    std::uint32_t worker;
    nanoseconds at;
  };
  NetworkModel network;
  NetworkFaults faults;
  Delay compute;
  LinkLimits limits;
  bool rough_start = false;     // the network's faults begin before anybody has joined
  std::uint32_t in_flight = 1;  // updates that a worker has out
  nanoseconds think{0};         // a worker waits so long before each update
  nanoseconds calm_from{0};     // no fault comes later
  std::vector<Partition> partitions;
  std::vector<Pause> pauses;
  std::optional<Victim> crash;
  std::optional<Victim> zombie;  // stands still, is given up, and wakes up
};

// Sees what workers do and what takes effect, without a network in between. A worker's updates are a stream;
// who replaces it begins another.
class Witness {
 public:
  explicit Witness(std::uint32_t in_flight) : in_flight_(in_flight) {}

  std::uint32_t open_stream() {
    streams_.emplace_back();
    return static_cast<std::uint32_t>(streams_.size() - 1);
  }
  void made(std::uint32_t stream) {
    Stream& each = streams_[stream];
    if (++each.made - each.answered > in_flight_) violated("a worker has too many updates out");
  }
  void answered(std::uint32_t stream) { ++streams_[stream].answered; }
  void applied(std::uint32_t stream, std::uint32_t number) {
    Stream& each = streams_.at(stream);
    if (number != each.applied + 1) violated("an update was lost, doubled or overtaken");
    if (each.retired) violated("an update of a worker that was given up took effect");
    if (number > each.made) violated("an update that nobody made");
    each.applied = number;
    sum_ += contribution(stream, number);
    std::uint64_t queued = 0;
    for (const Stream& any : streams_) queued += any.lost ? 0 : any.made - any.applied;
    if (queued >= std::uint64_t{in_flight_} * kWorkers) violated("an update is staler than it may be");
  }
  // Its node is gone; what it had out may or may not take effect.
  void lost(std::uint32_t stream) { streams_[stream].lost = true; }
  // The master has been told: nothing of it takes effect any more.
  void retire(std::uint32_t stream) { streams_[stream].retired = true; }
  void violated(const std::string& what) {
    if (violation_.empty()) violation_ = what;
  }
  void check_end(std::uint64_t sum) {
    for (const Stream& each : streams_) {
      if (!each.lost && each.applied != kUpdates) violated("an update was lost");
      if (each.answered > each.applied) violated("an update was answered that took no effect");
    }
    if (sum != sum_) violated("the sum is not that of the updates");
  }
  const std::string& violation() const { return violation_; }

  // Differs for each update.
  static std::uint64_t contribution(std::uint32_t stream, std::uint32_t number) {
    return (std::uint64_t{stream} << 32 | number) * 0x9e3779b97f4a7c15;
  }
  // The one of this thread's world: actors are constructed by class, far from the test.
  static Witness*& current() {
    static thread_local Witness* witness = nullptr;
    return witness;
  }

 private:
  struct Stream {
    std::uint32_t made = 0;
    std::uint32_t answered = 0;
    std::uint32_t applied = 0;
    bool lost = false;
    bool retired = false;
  };
  const std::uint32_t in_flight_;
  std::vector<Stream> streams_;
  std::uint64_t sum_ = 0;
  std::string violation_;
};

class Ledger : public Actor {
 public:
  using Constructor = void();
  std::uint64_t add(std::uint32_t stream, std::uint32_t number, std::uint64_t contribution) {
    Witness::current()->applied(stream, number);
    return sum_ += contribution;
  }
  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0;
};

class Sender : public Actor {
 public:
  using Constructor = void();
  Task<void> run(Handle<Ledger> ledger, std::uint32_t stream, std::uint32_t in_flight, std::int64_t think) {
    std::deque<Future<std::uint64_t>> out;
    for (std::uint32_t number = 1; number <= kUpdates; ++number) {
      if (out.size() == in_flight) {
        co_await out.front();
        out.pop_front();
        Witness::current()->answered(stream);
      }
      if (think > 0) co_await context().sleep(nanoseconds(think));
      Witness::current()->made(stream);
      out.push_back(ledger.call<&Ledger::add>(stream, number, Witness::contribution(stream, number)));
    }
    for (auto& each : out) {
      co_await each;
      Witness::current()->answered(stream);
    }
  }
};

inline const Registry& registry() {
  static const std::unique_ptr<const Registry> all = [] {
    auto made = std::make_unique<Registry>();
    register_services(*made);
    made->actor<Ledger>("ledger").method<&Ledger::add>("add").method<&Ledger::sum>("sum");
    made->actor<Sender>("sender").method<&Sender::run>("run");
    return made;
  }();
  return *all;
}

// A node that says that the window was exceeded has seen a fault.
class WindowLog : public Log {
 public:
  explicit WindowLog(Witness& witness) : Log(Level::kWarn), witness_(witness) {}
  void write(Level, std::string_view text) override {
    if (text.find("more than the window allows") != text.npos)
      witness_.violated("a link's window was exceeded");
  }

 private:
  Witness& witness_;
};

class ExactlyOnce {
 public:
  ExactlyOnce(std::uint64_t seed, const LinkFaults& planted, bool keep_trace)
      : plan_(seed), witness_(plan_.in_flight), world_(world_options(seed, planted, keep_trace), registry()) {
    world_.on_ended([this](const Spawner::Ended& ended) {
      lose(ended.node, ended.cause);
      ended_.push_back(ended.node);
      if (ended.cause.starts_with("fenced")) ++fenced_;
    });
    arrange_faults();
  }

  // To the end; what was violated, or nothing.
  std::string run() {
    Witness::current() = &witness_;
    try {
      start();
      while (!done()) {
        const bool goes_on = world_.run_until([this] { return done() || has_lost() || violated(); }, left());
        if (violated()) break;
        if (!goes_on) return "stuck: the faults are over, and the run does not end";
        replace_lost();
      }
      if (!violated()) witness_.check_end(ledger_->call<&Ledger::sum>().get(left()));
    } catch (const Timeout& timeout) {
      return std::string("stuck: ") + timeout.what();
    } catch (const Error& error) {
      return error.what();
    }
    return witness_.violation();
  }
  const SimulatedWorld& world() const { return world_; }
  std::size_t replaced() const { return replaced_.size(); }  // workers
  std::size_t fenced() const { return fenced_; }             // of those, the zombies that heard of it

 private:
  static constexpr seconds kPatience{600};  // virtual: what a run may take once the faults are over

  struct Running {
    std::string name;
    NodeId node;
    std::uint32_t stream;
    Future<void> answer;
    bool lost = false;
  };

  WorldOptions world_options(std::uint64_t seed, const LinkFaults& planted, bool keep_trace) {
    WorldOptions options;
    options.seed = seed;
    options.network = plan_.network;
    if (plan_.rough_start) options.faults = plan_.faults;
    options.compute = plan_.compute;
    options.limits = plan_.limits;
    options.link_faults = planted;
    options.keep_trace = keep_trace;
    options.make_log = [this](const std::string&, const std::string&) {
      return std::make_unique<WindowLog>(witness_);
    };
    return options;
  }

  void arrange_faults() {
    world_.at(plan_.calm_from, [this] {
      world_.network().set_faults(NetworkFaults());
      world_.network().heal();
    });
    for (const Plan::Partition& each : plan_.partitions) {
      world_.network().cut(each.a, each.b, each.at, std::min(each.at + each.lasts, plan_.calm_from));
    }
    for (const Plan::Pause& each : plan_.pauses) {
      world_.at(each.at, [this, each] { world_.pause(each.of + 1, each.lasts); });
    }
    if (plan_.crash) {
      world_.at(plan_.crash->at, [this] {
        if (const auto node = node_of(plan_.crash->worker)) world_.crash(*node);
      });
    }
    if (plan_.zombie) world_.at(plan_.zombie->at, [this] { make_zombie(); });
  }

  void make_zombie() {
    const auto node = node_of(plan_.zombie->worker);
    if (!node) return;
    world_.pause(*node, seconds(3));
    world_.after(seconds(1), [this, node] {
      lose(*node, "it does not answer");
      ended_.push_back(*node);
    });
  }

  std::optional<NodeId> node_of(std::uint32_t worker) const {
    if (worker >= running_.size() || running_[worker].lost) return std::nullopt;
    return running_[worker].node;
  }

  void lose(NodeId node, const std::string& cause) {
    world_.system().lose(node, cause);
    for (Running& each : running_) {
      if (each.node != node) continue;
      each.lost = true;
      witness_.lost(each.stream);
    }
  }

  void start() {
    master_ = world_.start_node("master", "host-0");
    std::vector<NodeId> workers;
    for (std::uint32_t i = 0; i < kWorkers; ++i) {
      workers.push_back(world_.start_node("worker-" + std::to_string(i), "host-" + std::to_string(i)));
    }
    if (!plan_.rough_start) {
      wait_for(workers);
      if (world_.now() < plan_.calm_from) world_.network().set_faults(plan_.faults);
    }
    wait_for({master_});
    ledger_ = world_.system().spawn<Ledger>(Options("ledger").on("master")).get(left());
    for (std::uint32_t i = 0; i < kWorkers; ++i) begin(workers[i], "worker-" + std::to_string(i));
  }
  void wait_for(const std::vector<NodeId>& nodes) {
    world_.system().wait_for(
        nodes, std::chrono::ceil<milliseconds>(left()), [](const auto&) {}, seconds(1));
  }
  void begin(NodeId node, const std::string& name) {
    wait_for({node});
    const auto sender =
        world_.system().spawn<Sender>(Options("sender-" + std::to_string(node)).on(name)).get(left());
    const std::uint32_t stream = witness_.open_stream();
    auto answer =
        sender.call<&Sender::run>(*ledger_, stream, plan_.in_flight, std::int64_t{plan_.think.count()});
    running_.push_back({name, node, stream, std::move(answer)});
  }

  nanoseconds left() const {
    return plan_.calm_from + kPatience - std::min(world_.now(), plan_.calm_from + kPatience);
  }
  bool violated() const { return !witness_.violation().empty(); }
  bool has_lost() const { return !ended_.empty(); }
  bool done() const {
    return std::ranges::all_of(running_,
                               [](const Running& each) { return each.lost || each.answer.ready(); }) &&
           ended_.empty();
  }

  void replace_lost() {
    for (const NodeId node : std::exchange(ended_, {})) {
      const auto lost = std::ranges::find(running_, node, &Running::node);
      if (lost == running_.end() || !replaced_.insert(node).second) continue;
      service_of(world_.system().node(), master_).ready().get(left());  // by now it knows
      witness_.retire(lost->stream);
      const std::string name = lost->name;
      begin(world_.start_node(name, "host-0"), name);
    }
  }

  const Plan plan_;
  Witness witness_;
  SimulatedWorld world_;
  NodeId master_ = 0;
  std::optional<Handle<Ledger>> ledger_;
  std::vector<Running> running_;
  std::vector<NodeId> ended_;
  std::set<NodeId> replaced_;
  std::size_t fenced_ = 0;
};

}  // namespace wisp::runtime::sim
