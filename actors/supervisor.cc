#include "actors/supervisor.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "actors/async_master.h"
#include "actors/cast.h"
#include "actors/round_master.h"
#include "base/check.h"
#include "base/failpoint.h"
#include "runtime/restarts.h"

namespace wisp::actors {

namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kLook{20};    // at what has happened
constexpr std::chrono::seconds kNoticeMost{15};   // from an actor's end to the word of its node's
constexpr std::chrono::seconds kJoinMost{60};     // from a node's start to its joining
constexpr std::chrono::seconds kNoHostWait{1};    // before a host is looked for again
constexpr std::chrono::seconds kPartingMost{10};  // for a master that is relieved
constexpr int kReplaceMost = 3;                   // tries, each with a later checkpoint

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

// An actor whose node is not heard of at present gets the word later: workers refuse what it sends till then.
template <class A>
void dismiss(const runtime::Handle<A>& actor) {
  actor.kill("the run is led anew");
  try {
    actor.monitor().get(kPartingMost);
  } catch (const runtime::Timeout&) {
  }
}

// A node of the job, and the actors that live there.
struct Member {
  enum class State : std::uint8_t { kUp, kDown, kStarting };

  Member(std::string node, runtime::NodeId number, runtime::RestartSpec restart)
      : name(std::move(node)), id(number), restarts(restart) {}
  std::string first_actor() const {
    if (leads) return "master";
    return workers.empty() ? "relay-" + std::to_string(relays.front()) : worker_name(workers.front());
  }

  std::string name;
  runtime::NodeId id;
  runtime::Restarts restarts;
  std::string restart_key = "actors.worker.restart";
  bool leads = false;  // the master lives there
  std::vector<std::uint32_t> workers;
  std::vector<std::size_t> relays;
  State state = State::kUp;
  std::uint32_t attempt = 1;
  nanoseconds since{0};  // in this state; if it is down: when it is to be started
  nanoseconds ended_at{0};
};

}  // namespace

class Supervisor::Impl {
 public:
  virtual ~Impl() = default;
  virtual void start(const std::map<std::string, runtime::NodeId>& nodes) = 0;
  virtual Summary run() = 0;
  void stop() { stopping_ = true; }

 protected:
  std::atomic<bool> stopping_{false};
};

template <class T>
class Supervisor::Of final : public Supervisor::Impl {
 public:
  Of(runtime::System& system, JobSpec job, Layout layout, std::optional<double> optimum,
     Supervision supervision)
      : system_(system),
        job_(std::move(job)),
        layout_(std::move(layout)),
        optimum_(optimum),
        stage_(*supervision.stage),
        supervision_(std::move(supervision)) {}

  void start(const std::map<std::string, runtime::NodeId>& nodes) override {
    gather(nodes);
    monitor_ =
        system_.adopt("monitor", std::make_unique<Monitor>(std::move(supervision_.on_progress),
                                                           std::move(supervision_.recording.on_record)));
    if (supervision_.checkpoints) {
      const auto workers = static_cast<std::uint32_t>(layout_.worker_nodes.size());
      runtime::CellOptions own_thread;
      own_thread.own_thread = true;
      keeper_ = system_.adopt("keeper",
                              std::make_unique<Keeper>(std::move(supervision_.checkpoints), workers,
                                                       std::move(supervision_.traits),
                                                       std::move(supervision_.on_failed_checkpoint),
                                                       std::move(supervision_.copy), supervision_.faults),
                              own_thread);
    }
    began_at_ = stage_.now();
    const std::uint64_t ends = ends_;
    std::vector<runtime::Future<runtime::Handle<Worker<T>>>> spawned;
    for (std::uint32_t i = 0; i < layout_.worker_nodes.size(); ++i) {
      spawned.push_back(spawn_worker<T>(system_, job_, layout_, i, keeper_, supervision_.faults));
    }
    bool all = true;
    for (auto& each : spawned) {
      workers_.emplace_back();
      try {
        workers_.back() = each.get();
      } catch (const runtime::ActorError&) {
        if (!died_or_node_has_ended(ends)) throw;
        interrupted();
        all = false;
      }
    }
    if (all) lead();
  }

  Summary run() override {
    for (;;) {
      if (stopping_ && stop_master_ && !std::exchange(told_to_stop_, true)) stop_master_();
      if (running_) {
        if (auto summary = look_for_summary()) return *std::move(summary);
      } else if (stopping_) {
        return cancelled();
      } else {
        stage_.wait(kLook);
      }
      attend();
    }
  }

 private:
  Summary cancelled() const;
  void gather(const std::map<std::string, runtime::NodeId>& nodes);
  std::optional<Summary> look_for_summary();
  void attend();
  void take_end(const Stage::Ended& ended);
  [[noreturn]] void give_up(const Member& member, const Stage::Ended& ended);
  void start_again(Member& member);
  void take_up(Member& member);
  bool all_are_up() const;
  bool survives(const Member& lost) const;
  void replace(std::uint32_t worker);
  void lead();
  void relieve();
  void interrupted();
  void take_ends();
  bool died_or_node_has_ended(std::uint64_t ends);
  template <class Master>
  void lead_by(MasterParameters<T> parameters);
  Kept last_checkpoint();
  std::optional<Bytes> part_of(const Kept& kept, const std::string& actor) const;

  runtime::System& system_;
  const JobSpec job_;
  Layout layout_;
  const std::optional<double> optimum_;
  Stage& stage_;
  Supervision supervision_;
  std::vector<Member> members_;
  std::optional<runtime::Handle<Monitor>> monitor_;
  std::optional<runtime::Handle<Keeper>> keeper_;
  std::vector<runtime::Handle<Worker<T>>> workers_;
  std::vector<runtime::Handle<Relay<T>>> relays_;
  nanoseconds began_at_{0};

  // The master that leads the run, if there is one: what can be done with it.
  std::optional<runtime::Future<Summary>> running_;
  std::function<void()> stop_master_;
  std::function<void()> end_master_;
  std::function<runtime::Future<bool>(std::uint32_t, const runtime::Handle<Worker<T>>&)> replace_;
  std::uint32_t attempt_ = 0;
  std::uint64_t of_other_workers_ = 0;  // the number of such a checkpoint
  bool told_to_stop_ = false;
  std::uint64_t ends_ = 0;           // of nodes, so far
  std::uint64_t ends_at_lead_ = 0;   // when the last master was made
  std::exception_ptr interruption_;  // what the last master ended by
  nanoseconds interrupted_at_{0};
};

template <class T>
void Supervisor::Of<T>::gather(const std::map<std::string, runtime::NodeId>& nodes) {
  const auto member = [&](const std::string& node) -> Member& {
    const auto found =
        std::find_if(members_.begin(), members_.end(), [&](const Member& each) { return each.name == node; });
    if (found != members_.end()) return *found;
    const auto id = nodes.find(node);  // "" is the driver's
    return members_.emplace_back(node, id == nodes.end() ? runtime::NodeId() : id->second,
                                 job_.worker.restart);
  };
  for (std::uint32_t i = 0; i < layout_.worker_nodes.size(); ++i) {
    member(layout_.worker_nodes[i]).workers.push_back(i);
  }
  for (std::size_t i = 0; i < layout_.relays.size(); ++i) member(layout_.relays[i].node).relays.push_back(i);
  Member& leading = member(layout_.master_node);
  leading.leads = true;
  leading.restarts = runtime::Restarts(job_.master.restart);
  leading.restart_key = "actors.master.restart";
}

// There is no master that could end the run: its checkpoints are what is left of it.
template <class T>
Summary Supervisor::Of<T>::cancelled() const {
  Summary summary;
  summary.status = "cancelled";
  summary.reason = "asked to stop while it was brought back";
  summary.workers = static_cast<std::uint32_t>(layout_.worker_nodes.size());
  return summary;
}

template <class T>
std::optional<Summary> Supervisor::Of<T>::look_for_summary() {
  const bool is_there = running_->ready();
  try {
    return running_->get(kLook);
  } catch (const runtime::Timeout&) {
    if (is_there) throw;  // it is the answer
  } catch (const runtime::ActorDied&) {
    interrupted();
  }
  return std::nullopt;
}

// By the exception that is being handled; the word of a node's end follows.
template <class T>
void Supervisor::Of<T>::interrupted() {
  interruption_ = std::current_exception();
  interrupted_at_ = stage_.now();
  running_.reset();
}

template <class T>
void Supervisor::Of<T>::take_ends() {
  for (const Stage::Ended& ended : stage_.take_ended()) take_end(ended);
}

// Of the exception that is being handled, since `ends` nodes had ended. Who asks for a node that has just
// ended is told that there is none.
template <class T>
bool Supervisor::Of<T>::died_or_node_has_ended(std::uint64_t ends) {
  take_ends();
  if (ends_ > ends) return true;
  try {
    throw;
  } catch (const runtime::ActorDied&) {
    return true;
  } catch (...) {
    return false;
  }
}

template <class T>
void Supervisor::Of<T>::attend() {
  take_ends();
  const nanoseconds now = stage_.now();
  for (Member& member : members_) {
    if (member.state == Member::State::kDown && now >= member.since) start_again(member);
    if (member.state == Member::State::kStarting) take_up(member);
  }
  if (running_ || !all_are_up()) return;
  if (ends_ > ends_at_lead_) return lead();
  // An actor has ended, and its node lives as far as anybody knows.
  if (now - interrupted_at_ > kNoticeMost) std::rethrow_exception(interruption_);
}

template <class T>
void Supervisor::Of<T>::take_end(const Stage::Ended& ended) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& each) {
    return supervision_.faults.ends_by_name ? each.name == ended.node : each.id == ended.id;
  });
  if (found == members_.end()) return;
  Member& member = *found;
  if (member.state == Member::State::kDown) return;
  ++ends_;
  member.ended_at = stage_.now();
  const auto due = ended.may_return ? member.restarts.next(member.ended_at) : std::nullopt;
  if (!due) give_up(member, ended);
  member.state = Member::State::kDown;
  member.since = *due;
  if (const nanoseconds left = *due - member.ended_at; left.count() > 0) {
    stage_.tell(member.name, "waits",
                fmt::format("{} is started again in {:.1f} s ({}.backoff)", member.name, seconds(left),
                            member.restart_key));
  }
  if (!survives(member)) running_.reset();
}

// Whether the run goes on meanwhile.
template <class T>
bool Supervisor::Of<T>::survives(const Member& lost) const {
  return replace_ && keeper_ && !lost.leads;
}

template <class T>
void Supervisor::Of<T>::give_up(const Member& member, const Stage::Ended& ended) {
  const runtime::RestartSpec& restart = member.leads ? job_.master.restart : job_.worker.restart;
  const bool was_tried = ended.may_return && restart.max > 0;
  const std::string why = was_tried ? "; " + member.restarts.why_not(member.restart_key) : "";
  throw runtime::ActorDied(
      runtime::Failure(runtime::Failure::Kind::kDied, member.first_actor(), ended.cause + why, ended.fault));
}

template <class T>
void Supervisor::Of<T>::start_again(Member& member) {
  const auto id = stage_.start(member.name, member.attempt + 1);
  member.since = stage_.now();
  if (!id) {
    member.since += kNoHostWait;
    return;
  }
  member.id = *id;
  ++member.attempt;
  member.state = Member::State::kStarting;
}

// When it has joined, its actors are made anew; those of a run that is interrupted begin with it.
template <class T>
void Supervisor::Of<T>::take_up(Member& member) {
  if (system_.endpoint_of(member.id).empty()) {
    if (stage_.now() - member.since < kJoinMost) return;
    Stage::Ended ended;
    ended.node = member.name;
    ended.id = member.id;
    ended.cause = fmt::format("it has not joined within {:.0f} s", seconds(kJoinMost));
    return take_end(ended);
  }
  member.state = Member::State::kUp;
  const std::uint64_t ends = ends_;
  try {
    for (const std::uint32_t worker : member.workers) {
      layout_.sources[worker] = stage_.rows(worker);
      if (!layout_.tests.empty()) layout_.tests[worker] = stage_.test_rows(worker);
      workers_[worker] = spawn_worker<T>(system_, job_, layout_, worker, keeper_, supervision_.faults).get();
    }
    for (const std::uint32_t worker : member.workers) {
      if (running_) replace(worker);
    }
  } catch (const runtime::ActorError&) {
    if (!died_or_node_has_ended(ends)) throw;
    return;
  }
  stage_.tell(member.name, "back",
              fmt::format("{} is back after {:.2f} s, attempt {}", member.name,
                          seconds(stage_.now() - member.ended_at), member.attempt));
}

template <class T>
bool Supervisor::Of<T>::all_are_up() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const Member& each) { return each.state == Member::State::kUp; });
}

template <class T>
void Supervisor::Of<T>::replace(std::uint32_t worker) {
  for (int i = 0; i < kReplaceMost; ++i) {
    const Kept kept = last_checkpoint();
    workers_[worker].template call<&Worker<T>::rewind>(attempt_, part_of(kept, worker_name(worker))).get();
    if (replace_(worker, workers_[worker]).get()) return;
  }
  running_.reset();  // the whole run goes on from the last checkpoint
}

template <class T>
Kept Supervisor::Of<T>::last_checkpoint() {
  if (!keeper_) return {};
  Kept kept = keeper_->template call<&Keeper::last>(attempt_).get();
  for (const std::string& each : kept.passed_over) stage_.tell("", "passed over", each);
  return kept;
}

template <class T>
std::optional<Bytes> Supervisor::Of<T>::part_of(const Kept& kept, const std::string& actor) const {
  if (kept.number == 0) return std::nullopt;
  if (kept.number == of_other_workers_ && actor != "master") return std::nullopt;
  const auto found = kept.parts.find(actor);
  if (found == kept.parts.end()) {
    throw Error(fmt::format("checkpoint {} has no part of {}: it is of another job", kept.number, actor));
  }
  return found->second;
}

// Has the run go on from the last checkpoint, led by a new master.
template <class T>
void Supervisor::Of<T>::lead() {
  const bool first = attempt_ == 0;
  ends_at_lead_ = ends_;
  try {
    relieve();
    ++attempt_;
    const Kept kept = last_checkpoint();
    if (supervision_.other_workers && attempt_ == 1) of_other_workers_ = kept.number;
    std::vector<runtime::Future<void>> rewound;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      rewound.push_back(
          workers_[i].template call<&Worker<T>::rewind>(attempt_, part_of(kept, worker_name(i))));
    }
    for (auto& each : rewound) each.get();
    failpoint("supervisor.rewound");
    relays_ = spawn_relays<T>(system_, layout_, workers_);
    MasterParameters<T> parameters;
    parameters.optimum = optimum_;
    parameters.workers = workers_;
    parameters.monitor = *monitor_;
    parameters.replay = supervision_.recording.replay;
    parameters.relays = relays_;
    parameters.keeper = keeper_;
    parameters.attempt = attempt_;
    parameters.state = part_of(kept, "master");
    parameters.elapsed = stage_.now() - began_at_;
    parameters.faults = supervision_.faults;
    is_in_rounds(job_) ? lead_by<RoundMaster<T>>(std::move(parameters))
                       : lead_by<AsyncMaster<T>>(std::move(parameters));
    failpoint("supervisor.led");
    if (kept.number != 0) {
      stage_.tell("", "resumed", fmt::format("goes on from the checkpoint at update {}", kept.updates));
    } else if (!first) {
      stage_.tell("", "resumed",
                  kept.none_left ? "begins again: none of its checkpoints is left that could be used"
                                 : "begins again: there was no checkpoint yet");
    }
  } catch (const runtime::ActorError&) {
    if (!died_or_node_has_ended(ends_at_lead_)) throw;
    interrupted();
  }
}

// Ends the master before, and its relays, where they live: they know workers that are no more.
template <class T>
void Supervisor::Of<T>::relieve() {
  running_.reset();
  stop_master_ = nullptr;
  told_to_stop_ = false;
  if (end_master_) end_master_();
  for (const auto& relay : relays_) dismiss(relay);
  relays_.clear();
}

template <class T>
template <class Master>
void Supervisor::Of<T>::lead_by(MasterParameters<T> parameters) {
  const auto master = spawn_master<Master>(system_, job_, layout_, parameters).get();
  end_master_ = [master] { dismiss(master); };
  stop_master_ = [master] { master.template tell<&Master::stop>(); };
  if constexpr (std::is_same_v<Master, AsyncMaster<T>>) {
    replace_ = [master](std::uint32_t worker, const runtime::Handle<Worker<T>>& successor) {
      return master.template call<&Master::replace>(worker, successor);
    };
  }
  running_.emplace(master.template call<&Master::run>());
}

Supervisor::Supervisor(runtime::System& system, JobSpec job, Layout layout, std::optional<double> optimum,
                       Supervision supervision) {
  WISP_CHECK(supervision.stage != nullptr, "a supervisor has a stage");
  if (job.dtype == Dtype::kFloat64) {
    impl_ = std::make_unique<Of<double>>(system, std::move(job), std::move(layout), optimum,
                                         std::move(supervision));
  } else {
    impl_ = std::make_unique<Of<float>>(system, std::move(job), std::move(layout), optimum,
                                        std::move(supervision));
  }
}

Supervisor::~Supervisor() = default;

void Supervisor::start(const std::map<std::string, runtime::NodeId>& nodes) { impl_->start(nodes); }
Summary Supervisor::run() { return impl_->run(); }
void Supervisor::stop() { impl_->stop(); }

}  // namespace wisp::actors
