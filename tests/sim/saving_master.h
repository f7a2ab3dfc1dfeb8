#pragma once
// A world to look for lost and doubled effects in: a master that saves itself and is restarted by a
// one-for-one supervisor, three workers that send it updates, and all that networks, hosts and disks can do
// to them.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/simulated_world.h"
#include "tests/sim/exactly_once.h"

namespace wisp::runtime::sim {

// What happens to the master, beside the Plan.
struct MasterPlan {
  MasterPlan(std::uint64_t seed, nanoseconds calm_from) {
    Rng rng(seed, 1, 0, Purpose::kFaults);
    const auto when = [&] {
      return milliseconds(rng.below(static_cast<std::uint32_t>(calm_from / milliseconds(1))));
    };
    for (std::uint32_t i = rng.below(4); i > 0; --i) crashes.push_back(when());
    for (std::uint32_t i = rng.below(3); i > 0; --i) zombies.push_back(when());
    if (rng.below(3) == 0) power_cut = when();
    if (rng.below(4) == 0) failing_write = 1 + rng.below(20);
    commit_every = 1 + rng.below(10);
    stream_window = 1 + rng.below(8);
    commits_late = rng.below(2) == 0;
  }
  std::vector<nanoseconds> crashes;
  std::vector<nanoseconds> zombies;  // it stands still, is replaced, and wakes up
  std::optional<nanoseconds> power_cut;
  std::uint32_t failing_write = 0;  // the disk's, counted from 1; 0: none
  std::uint32_t commit_every = 1;   // updates
  std::uint32_t stream_window = 1;
  bool commits_late = false;  // some time after the update, when others may have come
};

// Sees what takes effect, across incarnations of the master.
class MasterWitness {
 public:
  struct Stream {
    std::uint32_t made = 0;
    bool lost = false;  // its worker
  };
  std::uint32_t open_stream() {
    streams_.emplace_back();
    return static_cast<std::uint32_t>(streams_.size() - 1);
  }
  Stream& stream(std::uint32_t stream) { return streams_.at(stream); }
  std::size_t streams() const { return streams_.size(); }
  void violated(const std::string& what) {
    if (violation_.empty()) violation_ = what;
  }
  const std::string& violation() const { return violation_; }
  static MasterWitness*& current() {
    static thread_local MasterWitness* witness = nullptr;
    return witness;
  }
  std::uint32_t commit_every = 1;
  bool commits_late = false;
  std::map<std::uint32_t, std::uint32_t> durable;  // by stream: what a commit has promised

 private:
  std::vector<Stream> streams_;
  std::string violation_;
};

struct Tally {
  Tally() = default;
  std::map<std::uint32_t, std::uint32_t> applied;  // by stream
  std::uint64_t sum = 0;
  template <class F>
  void fields(F& f) {
    f(applied, sum);
  }
};

class SavingLedger : public Actor {
 public:
  using Constructor = void();
  Task<std::uint64_t> add(std::uint32_t stream, std::uint32_t number, std::uint64_t contribution) {
    MasterWitness& witness = *MasterWitness::current();
    std::uint32_t& applied = tally_.applied[stream];
    if (number <= applied) witness.violated("an update took effect twice");
    if (number > applied + 1) witness.violated("an update was lost, or overtaken");
    applied = number;
    tally_.sum += contribution;
    if (++since_commit_ >= witness.commit_every) {
      since_commit_ = 0;
      if (witness.commits_late) co_await context().sleep(milliseconds(20));
      const Tally saved = tally_;
      co_await commit(saved);
    }
    co_return tally_.sum;
  }
  Tally tally() const { return tally_; }
  Task<void> finish() { co_await commit(tally_); }

  void save(Packer& packer) const override { pack(packer, tally_); }
  void restore(Unpacker& unpacker) override {
    unpack(unpacker, tally_);
    for (const auto& [stream, number] : MasterWitness::current()->durable) {
      if (tally_.applied[stream] < number) MasterWitness::current()->violated("a durable update was lost");
    }
  }

 private:
  // A commit that fails promises nothing, and may be tried again later.
  Task<void> commit(Tally saved) {
    try {
      Future<void> committed = context().commit();
      co_await committed;
    } catch (const Error&) {
      co_return;
    }
    for (const auto& [stream, number] : saved.applied) {
      std::uint32_t& durable = MasterWitness::current()->durable[stream];
      durable = std::max(durable, number);
    }
  }

  Tally tally_;
  std::uint32_t since_commit_ = 0;
};

class SavingSender : public Actor {
 public:
  using Constructor = void();
  Task<void> run(Handle<SavingLedger> ledger, std::uint32_t stream, std::uint32_t in_flight,
                 std::int64_t think) {
    std::deque<Future<std::uint64_t>> out;
    for (std::uint32_t number = 1; number <= kUpdates; ++number) {
      if (out.size() == in_flight) {
        co_await answer(std::move(out.front()));
        out.pop_front();
      }
      if (think > 0) co_await context().sleep(nanoseconds(think));
      MasterWitness::current()->stream(stream).made = number;
      out.push_back(ledger.call<&SavingLedger::add>(stream, number, Witness::contribution(stream, number)));
    }
    for (auto& each : out) co_await answer(std::move(each));
  }

 private:
  // A lost answer is as good as one: the update has taken effect.
  Task<void> answer(Future<std::uint64_t> call) {
    try {
      co_await call;
    } catch (const AppliedBefore&) {
    }
  }
};

inline const Registry& saving_registry() {
  static const std::unique_ptr<const Registry> all = [] {
    auto made = std::make_unique<Registry>();
    register_services(*made);
    made->actor<SavingLedger>("ledger")
        .method<&SavingLedger::add>("add")
        .method<&SavingLedger::tally>("tally")
        .method<&SavingLedger::finish>("finish");
    made->actor<SavingSender>("sender").method<&SavingSender::run>("run");
    return made;
  }();
  return *all;
}

class SavingMaster {
 public:
  SavingMaster(std::uint64_t seed, const SavingFaults& planted, bool keep_trace)
      : plan_(seed),
        master_plan_(seed, plan_.calm_from),
        planted_(planted),
        world_(world_options(seed, keep_trace), saving_registry()) {
    witness_.commit_every = master_plan_.commit_every;
    witness_.commits_late = master_plan_.commits_late;
    world_.on_ended([this](const Spawner::Ended& ended) {
      world_.system().lose(ended.node, ended.cause);
      note_end(ended.node);
    });
    arrange_faults();
  }

  std::string run() {
    MasterWitness::current() = &witness_;
    try {
      restart_master();
      for (std::uint32_t i = 0; i < kWorkers; ++i) begin("worker-" + std::to_string(i));
      while (!done()) {
        const bool goes_on =
            world_.run_until([this] { return done() || !ended_.empty() || violated(); }, left());
        if (violated()) return witness_.violation();
        if (!goes_on) return "stuck: the faults are over, and the run does not end";
        replace();
      }
      check_end();
    } catch (const Timeout& timeout) {
      return std::string("stuck: ") + timeout.what();
    } catch (const Error& error) {
      return error.what();
    }
    return witness_.violation();
  }
  const SimulatedWorld& world() const { return world_; }
  std::uint32_t restarts() const { return restarts_; }

 private:
  static constexpr seconds kPatience{600};
  static constexpr seconds kZombieKnownAfter{1};
  struct Running {
    NodeId node;
    std::uint32_t stream;
    Future<void> answer;
  };

  WorldOptions world_options(std::uint64_t seed, bool keep_trace) {
    WorldOptions options;
    options.seed = seed;
    options.network = plan_.network;
    options.compute = plan_.compute;
    options.limits = plan_.limits;
    options.keep_trace = keep_trace;
    options.equip = [this](NodeOptions& node, const std::string& host) {
      node.disk = &world_.disk(host);
      node.saved_folder = "/saved";
      node.saving_faults = planted_;
      node.stream_window = master_plan_.stream_window;
    };
    return options;
  }

  void arrange_faults() {
    world_.at(nanoseconds(0), [this] { world_.network().set_faults(plan_.faults); });
    world_.at(plan_.calm_from, [this] {  // crashes go on as long: nobody ends before
      world_.network().set_faults(NetworkFaults());
      world_.network().heal();
    });
    for (const Plan::Partition& each : plan_.partitions) {
      world_.network().cut(each.a, each.b, each.at, std::min(each.at + each.lasts, plan_.calm_from));
    }
    for (const nanoseconds at : master_plan_.crashes) {
      world_.at(at, [this] { world_.crash(master_); });
    }
    for (const nanoseconds at : master_plan_.zombies) {
      world_.at(at, [this] {
        const NodeId zombie = master_;
        world_.pause(zombie, seconds(3));
        world_.after(kZombieKnownAfter, [this, zombie] {
          if (zombie != master_) return;
          world_.system().lose(zombie, "it does not answer");
          note_end(zombie);
        });
      });
    }
    if (master_plan_.power_cut) {
      world_.at(*master_plan_.power_cut, [this] { world_.power_cut("host-master"); });
    }
    if (master_plan_.failing_write > 0) {
      world_.disk("host-master").fail_write(master_plan_.failing_write, 0);
    }
    if (plan_.crash) {
      world_.at(plan_.crash->at, [this] {
        if (plan_.crash->worker < running_.size()) world_.crash(running_[plan_.crash->worker].node);
      });
    }
  }

  void note_end(NodeId node) {
    if (node == master_) master_lost_ = true;
    ended_.push_back(node);
    for (Running& each : running_) {
      if (each.node == node) witness_.stream(each.stream).lost = true;
    }
  }

  // The supervisor, one for one: who has ended is started anew; a master comes back where its disk is.
  void restart_master() {
    do {
      master_lost_ = false;
      const std::string name = "master-" + std::to_string(restarts_++);
      master_ = world_.start_node(name, "host-master");
      try {
        wait_for(master_);
        ledger_ = world_.system().spawn<SavingLedger>(Options("ledger").on(name).saved()).get(left());
      } catch (const Timeout&) {
        throw;
      } catch (const Error&) {  // it crashed meanwhile, or its disk failed
        if (!master_lost_) world_.crash(master_);
        master_lost_ = true;
      }
    } while (master_lost_);
  }
  void wait_for(NodeId node) {
    world_.system().wait_for(
        {node}, std::chrono::ceil<milliseconds>(left()),
        [this](const auto&) {
          if (master_lost_) throw Error("the master is gone");
        },
        milliseconds(100));
  }
  void begin(const std::string& name) {
    const NodeId node = world_.start_node(name, "host-" + name);
    world_.system().wait_for(
        {node}, std::chrono::ceil<milliseconds>(left()), [](const auto&) {}, seconds(1));
    const auto sender =
        world_.system().spawn<SavingSender>(Options("sender-" + std::to_string(node)).on(name)).get(left());
    const std::uint32_t stream = witness_.open_stream();
    auto answer =
        sender.call<&SavingSender::run>(*ledger_, stream, plan_.in_flight, std::int64_t{plan_.think.count()});
    running_.push_back({node, stream, std::move(answer)});
  }
  void replace() {
    for (const NodeId node : std::exchange(ended_, {})) {
      if (node == master_ && master_lost_) restart_master();
      for (std::size_t i = 0; i < running_.size(); ++i) {
        if (running_[i].node == node && replaced_.insert(node).second) begin("spare-" + std::to_string(i));
      }
    }
  }

  nanoseconds left() const {
    return plan_.calm_from + kPatience - std::min(world_.now(), plan_.calm_from + kPatience);
  }
  bool violated() const { return !witness_.violation().empty(); }
  bool done() {
    return world_.now() > plan_.calm_from + kZombieKnownAfter && ended_.empty() && !master_lost_ &&
           std::ranges::all_of(running_, [this](const Running& each) {
             return witness_.stream(each.stream).lost || each.answer.ready();
           });
  }

  // The last incarnation has every update of every worker that is there, once.
  void check_end() {
    for (Running& each : running_) {
      if (!witness_.stream(each.stream).lost) each.answer.get(left());
    }
    // What was answered, and not saved by the last incarnation but one, is sent again.
    Tally tally = ledger_->call<&SavingLedger::tally>().get(left());
    while (!is_whole(tally) && !violated() && left() > nanoseconds(0)) {
      world_.run_for(milliseconds(500));
      tally = ledger_->call<&SavingLedger::tally>().get(left());
    }
    if (!is_whole(tally)) witness_.violated("an update was lost");
    std::uint64_t sum = 0;
    for (std::uint32_t stream = 0; stream < witness_.streams(); ++stream) {
      const auto found = tally.applied.find(stream);
      const std::uint32_t applied = found == tally.applied.end() ? 0 : found->second;
      if (applied > witness_.stream(stream).made) witness_.violated("an update that nobody made");
      for (std::uint32_t number = 1; number <= applied; ++number)
        sum += Witness::contribution(stream, number);
    }
    if (sum != tally.sum) witness_.violated("the sum is not that of the updates");
  }

  bool is_whole(const Tally& tally) {
    for (const Running& each : running_) {
      const auto found = tally.applied.find(each.stream);
      const std::uint32_t applied = found == tally.applied.end() ? 0 : found->second;
      if (!witness_.stream(each.stream).lost && applied != kUpdates) return false;
    }
    return true;
  }

  const Plan plan_;
  const MasterPlan master_plan_;
  const SavingFaults planted_;
  MasterWitness witness_;
  SimulatedWorld world_;
  NodeId master_ = 0;
  bool master_lost_ = false;
  std::uint32_t restarts_ = 0;
  std::optional<Handle<SavingLedger>> ledger_;
  std::vector<Running> running_;
  std::vector<NodeId> ended_;
  std::set<NodeId> replaced_;
};

}  // namespace wisp::runtime::sim
