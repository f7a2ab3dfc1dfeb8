#include "cli/driver.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <future>
#include <limits>

#include <fmt/format.h>

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/node.h"
#include "config/resolve.h"

namespace wisp::cli {

namespace {

constexpr std::chrono::milliseconds kTick{250};
constexpr std::chrono::seconds kDyingMax{3};  // from KILL to a process's end
constexpr std::chrono::milliseconds kEndingTick{20};
constexpr std::chrono::seconds kSilenceMax{3};  // then every wait says what it waits for
constexpr std::chrono::milliseconds kStateEvery{500};
constexpr std::chrono::milliseconds kAnswerMax{1500};     // for the agent of a node that is taken for dead
constexpr std::chrono::milliseconds kFailureGrace{1000};  // for those who are well when another has failed
constexpr std::chrono::milliseconds kPartingMax{1000};    // for nodes to end by themselves after a run
constexpr std::chrono::milliseconds kDeafMax{500};  // for the conductor, once nothing answers it any more
constexpr std::size_t kCauseMax = 500;              // bytes of what a node says of its end

Descriptor open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int status_of(const std::string& status, int signal) {
  if (status == "converged" || status == "finished") return 0;
  return status == "cancelled" ? 128 + signal : 1;
}

bool is_host_fault(const launcher::Exited& exited) {
  return exited.pid != 0 && exited.signal == 0 && exited.status == kNodeHostFault;
}

}  // namespace

Driver::Driver(const config::Experiment& experiment, const Inventory& inventory, launcher::JobFolder& folder,
               Display& display, DriverOptions options)
    : experiment_(experiment),
      inventory_(inventory),
      folder_(folder),
      display_(display),
      options_(std::move(options)),
      signals_(open_signals()),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  WISP_CHECK(signals_ && wake_, "descriptors for signals and events");
  state_.job = experiment_.job.name;
  state_.id = folder_.id();
  state_.file = options_.job_file;
  state_.status = "starting";
  state_.started = clock_.wall();
  news_at_ = std::chrono::steady_clock::now();
  progress_.loss = std::numeric_limits<double>::quiet_NaN();  // until it is known
}

Driver::~Driver() = default;

Outcome Driver::run() {
  folder_.write("job.yaml", config::to_yaml(experiment_));
  write_state(true);
  launcher::FleetOptions fleet_options;
  fleet_options.job = folder_.id();
  fleet_options.local_environment["WISP_JOB_ID"] = state_.job + "-" + folder_.id();
  fleet_options.progress = [this](const std::string& text) { display_.say(text); };
  fleet_ = std::make_unique<launcher::Fleet>(experiment_.launcher, std::move(fleet_options),
                                             [this](const launcher::Event& event) { on_agent(event); });
  conductor_ = std::thread([this] { conduct(); });
  see_events_until([this] { return done_.has_value() || abandoned_; },
                   std::chrono::steady_clock::time_point::max());
  tear_down();
  return conclude();
}

// Handles events and signals until `done` or the deadline; whether it is done.
bool Driver::see_events_until(const std::function<bool()>& done,
                              std::chrono::steady_clock::time_point deadline) {
  while (!done()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    Event event;
    if (wait_for_event(event, until_chaos(ending_ ? kEndingTick : kTick))) {
      std::visit([this](const auto& each) { handle(each); }, event);
    }
    tick();
  }
  return true;
}

void Driver::push(Event event) {
  {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);  // full: it is awake anyway
}

void Driver::on_agent(const launcher::Event& event) {
  if (const auto* line = std::get_if<launcher::Line>(&event)) return take_line(*line);
  if (const auto* started = std::get_if<launcher::Started>(&event)) return push(*started);
  if (const auto* exited = std::get_if<launcher::Exited>(&event)) return push(*exited);
  if (const auto* lost = std::get_if<launcher::HostLost>(&event)) push(*lost);
}

void Driver::take_line(const launcher::Line& line) {
  folder_.log(launcher::log_line(line));
  if (line.level != to_string(Level::kError)) return;
  std::lock_guard lock(mutex_);
  last_errors_[line.process] = escape_text(line.text, kCauseMax);
}

bool Driver::wait_for_event(Event& event, std::chrono::milliseconds wait) {
  const auto pop = [&] {
    std::lock_guard lock(mutex_);
    if (events_.empty()) return false;
    event = std::move(events_.front());
    events_.pop_front();
    return true;
  };
  if (pop()) return true;
  pollfd descriptors[2] = {{signals_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  ::poll(descriptors, 2, static_cast<int>(wait.count()));
  std::uint64_t count = 0;
  [[maybe_unused]] const auto drained = ::read(wake_.get(), &count, sizeof count);
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info)
    handle_signal(static_cast<int>(info.ssi_signo));
  return pop();
}

const NodePlan* Driver::find_node(const std::string& name) const {
  for (const NodePlan& node : layout_.nodes) {
    if (node.name == name) return &node;
  }
  return nullptr;
}

const NodePlan* Driver::find_node(runtime::NodeId id) const {
  for (std::size_t i = 0; i < node_ids_.size(); ++i) {
    if (node_ids_[i] == id) return &layout_.nodes[i];
  }
  return nullptr;
}

void Driver::handle(const launcher::Started& started) {
  folder_.append("events.jsonl", event_json(clock_.wall(), "started", started.process, started.host, ""));
  std::lock_guard lock(mutex_);
  for (const launcher::HostInfo& host : fleet_->hosts()) {  // known before the first process starts
    state_.clock_offsets[host.name] = host.clock_offset;
    if (!host.address.empty()) state_.addresses[host.name] = host.address;
  }
  const NodePlan* node = find_node(started.process);
  if (node == nullptr) return;
  for (const std::string& name : node->actors) {
    launcher::ActorState actor;
    actor.name = name;
    actor.class_name = layout_.classes.at(name);
    actor.host = started.host;
    actor.pid = started.pid;
    actor.attempt = started.attempt;
    actor.state = "running";
    actor.started = clock_.wall();
    actor.node = node->name;
    const auto before = std::find_if(state_.actors.begin(), state_.actors.end(),
                                     [&](const auto& each) { return each.name == name; });
    if (before == state_.actors.end()) {
      state_.actors.push_back(std::move(actor));
    } else {
      *before = std::move(actor);
    }
  }
  state_dirty_ = true;
}

std::string Driver::cause_of(const launcher::Exited& exited) const {
  std::lock_guard lock(mutex_);
  const auto words = last_errors_.find(exited.process);
  if (is_host_fault(exited) && words != last_errors_.end()) return words->second;
  const bool chaos = killed_by_chaos_.contains(exited.process) && exited.signal == SIGKILL;
  return launcher::describe(exited) + (is_asked_to_end(exited.process) ? ", as wisp kill had asked"
                                       : chaos                         ? ", as chaos had asked"
                                                                       : "");
}

void Driver::handle(const launcher::Exited& exited) {
  if (exited.signal == SIGTERM && hold_back(exited)) return;
  const auto dying = dying_.extract(exited.process);
  const std::string cause = dying ? dying.mapped().cause : cause_of(exited);
  folder_.append("events.jsonl", event_json(clock_.wall(), "exited", exited.process, exited.host, cause));
  std::optional<NodePlan> node = node_of(exited.process, exited.attempt);
  endings_.erase(exited.process);
  killed_by_chaos_.erase(exited.process);
  if (!node) return;  // one before the present one: its end is known
  for (const std::string& actor : node->actors) set_state(actor, ending_ ? "exited" : "failed", cause);
  if (ending_) return;
  report_end(*node, cause, is_host_fault(exited) ? Fault::kHost : Fault::kFailed);
}

// A process that not even KILL ends: its successor does not wait for it any longer.
void Driver::give_up_the_dying(std::chrono::steady_clock::time_point now) {
  for (auto each = dying_.begin(); each != dying_.end();) {
    if (now < each->second.until) {
      ++each;
      continue;
    }
    const auto gone = dying_.extract(each++);
    std::optional<NodePlan> node;
    {
      std::lock_guard lock(mutex_);
      if (const NodePlan* found = find_node(gone.key())) node = *found;
    }
    if (node && !ending_) report_end(*node, gone.mapped().cause, Fault::kFailed);
  }
}

// The node called so, if this is its present attempt.
std::optional<NodePlan> Driver::node_of(const std::string& name, std::uint32_t attempt) const {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < layout_.nodes.size(); ++i) {
    if (layout_.nodes[i].name == name && attempts_[i] == attempt) return layout_.nodes[i];
  }
  return std::nullopt;
}

// The end of a node that nobody has asked for: its supervisor's to answer, or the end of the job.
void Driver::report_end(const NodePlan& node, const std::string& cause, Fault fault) {
  const auto is_it = [&](const NodePlan& each) { return each.name == node.name; };
  if (!is_supervised()) {
    lose_nodes(is_it, cause);
    return fail(RootCause{node.actors.front(), node.host, attempt_of(node.actors.front()), cause, fault});
  }
  display_.say(fmt::format("{}@{} has ended: {}", node.name, node.host, cause));
  std::lock_guard lock(mutex_);  // over both: whoever's call fails by the loss finds the word of the end
  for (std::size_t i = 0; i < layout_.nodes.size(); ++i) {
    if (!is_it(layout_.nodes[i])) continue;
    actors::Stage::Ended ended;
    ended.node = node.name;
    ended.id = node_ids_[i];
    ended.cause = cause;
    ended.fault = fault;
    ended_.push_back(std::move(ended));
    ended_changed_.notify_all();
    if (system_) system_->lose(node_ids_[i], cause);
  }
}

bool Driver::is_supervised() const {
  std::lock_guard lock(mutex_);
  return supervised_;
}

std::uint32_t Driver::attempt_of(const std::string& actor) const {
  for (const launcher::ActorState& each : state_.actors) {
    if (each.name == actor) return each.attempt;
  }
  return 1;
}

void Driver::handle(const launcher::HostLost& lost) {
  if (hold_back(lost)) return;
  folder_.append("events.jsonl", event_json(clock_.wall(), "host lost", "", lost.host, lost.cause));
  const std::string cause = "host " + lost.host + " was lost: " + lost.cause;
  std::vector<NodePlan> there;
  {
    std::lock_guard lock(mutex_);
    lost_hosts_[lost.host] = cause;
    for (const NodePlan& node : layout_.nodes) {
      if (node.host == lost.host) there.push_back(node);
    }
  }
  for (const NodePlan& node : there) {
    dying_.erase(node.name);
    for (const std::string& actor : node.actors) set_state(actor, "lost", lost.cause);
  }
  if (ending_) return;
  const bool is_the_end = !is_supervised() || experiment_.job.failure.on_host_lost == "fail";
  for (const NodePlan& node : there) report_end(node, cause, Fault::kHost);
  if (!is_the_end) return;
  const std::string actor = there.empty() ? "" : there.front().actors.front();
  fail(RootCause{actor, lost.host, attempt_of(actor), cause, Fault::kHost});
}

void Driver::handle(const Running& running) {
  stop_run_ = running.stop;
  if (signal_count_ > 0 && stop_run_) return stop_run_();
  state_.status = "running";
  {
    std::lock_guard lock(mutex_);
    state_.addresses = addresses_;
  }
  state_.control = ControlSocket::path_in(runtime_folder_->path()).string();
  write_state(true);
  begin_chaos();
  if (options_.on_started) options_.on_started();
}

void Driver::handle(const CannotWrite& event) {
  if (!done_) fail(RootCause{"", "", 1, event.why});
}

void Driver::handle(const Silent& silent) {
  std::lock_guard lock(mutex_);
  const NodePlan* node = find_node(silent.node);
  if (node == nullptr || ending_) return;
  folder_.append("events.jsonl", event_json(clock_.wall(), silent.no_longer ? "heard again" : "silent",
                                            node->name, node->host, "heartbeats"));
  const auto limit = std::chrono::duration_cast<std::chrono::seconds>(runtime::FailureLimits().dead);
  display_.say(silent.no_longer ? fmt::format("{}@{} sends heartbeats again", node->name, node->host)
                                : fmt::format("{}@{} sends no heartbeats; after {} s it is taken for dead",
                                              node->name, node->host, limit.count()));
}

void Driver::handle(const Dead& dead) {
  std::optional<NodePlan> found;
  {
    std::lock_guard lock(mutex_);
    if (const NodePlan* node = find_node(dead.node); node != nullptr && !ending_) found = *node;
  }
  if (!found) return;
  const NodePlan& node = *found;
  folder_.append("events.jsonl", event_json(clock_.wall(), "dead", node.name, node.host, dead.cause));
  for (const std::string& each : node.actors) set_state(each, "lost", dead.cause);
  if (signal_count_ == 0) {
    if (!is_supervised()) return report_end(node, dead.cause, Fault::kFailed);
    // It is not to wake up beside its successor: that is started when it is gone, or its host is.
    fleet_->signal(node.host, node.name, SIGKILL);
    fleet_->doubt(node.host, kAnswerMax);
    lose_nodes([&](const NodePlan& each) { return each.name == node.name; }, dead.cause);
    dying_[node.name] = {dead.cause, std::chrono::steady_clock::now() + kDyingMax};
    return;
  }
  // What does not answer when it is to stop has not failed: the grace period would have ended it.
  display_.say(fmt::format("{}@{}: {}; stopping without it", node.actors.front(), node.host, dead.cause));
  give_up();
  kill_at_ = std::chrono::steady_clock::now();
}

void Driver::handle(const actors::Progress& progress) {
  // What is replayed gives the same bits once more.
  if (progressed_at_ && progress.staleness.count() == 0 && progress.updates <= progress_.updates) {
    news_at_ = std::chrono::steady_clock::now();
    return;
  }
  progress_ = progress;
  news_at_ = std::chrono::steady_clock::now();
  progressed_at_ = news_at_;
  folder_.append("metrics.jsonl", metrics_json(progress));
  display_.progress(progress);
}

void Driver::handle(const Done& done) {
  if (done.error && hold_back(done)) return;
  if (done_) return;
  done_ = done;
  std::lock_guard lock(mutex_);
  if (done.error && !root_ && abort_reason_.empty()) root_ = root_of(done.error);  // not for being stopped
}

// The first failure is the one to tell; what follows from it is not.
void Driver::fail(RootCause root) {
  if (!root_) root_ = std::move(root);
  give_up();
  if (!kill_at_) kill_at_ = std::chrono::steady_clock::now() + kFailureGrace;
}

void Driver::give_up() {
  std::lock_guard lock(mutex_);
  if (abort_reason_.empty()) abort_reason_ = root_ ? root_->cause : "asked to stop";
  ended_changed_.notify_all();
}

void Driver::lose_nodes(const std::function<bool(const NodePlan&)>& which, const std::string& cause) {
  std::lock_guard lock(mutex_);
  if (!system_) return;
  for (std::size_t i = 0; i < node_ids_.size(); ++i) {
    if (which(layout_.nodes[i])) system_->lose(node_ids_[i], cause);
  }
}

void Driver::handle_signal(int signal) {
  ++signal_count_;
  if (signal_ == 0) signal_ = signal;
  const std::string job = state_.job + "-" + state_.id;
  if (signal_count_ >= 3) {
    display_.warn("leaving at once; if anything is left: wisp down -j " + job);
    ::_exit(128 + signal);
  }
  if (signal_count_ == 2) {
    display_.warn("stopping at once");
    kill_at_ = std::chrono::steady_clock::now();
    return;
  }
  state_.status = "stopping";
  write_state(true);
  const auto grace = experiment_.launcher.timeouts.shutdown_grace;
  kill_at_ = std::chrono::steady_clock::now() + (stop_run_ ? grace : std::min(grace, kFailureGrace));
  if (stop_run_) {
    const char* when = experiment_.plain() ? "" : " after this round";
    display_.say(fmt::format("stopping{} (Ctrl-C again: stop at once)", when));
    stop_run_();
  } else {
    display_.say("stopping (Ctrl-C again: stop at once)");
    give_up();
  }
}

void Driver::tick() {
  const auto now = std::chrono::steady_clock::now();
  if (state_dirty_) write_state(false);
  release_held(now);
  give_up_the_dying(now);
  kill_the_stubborn(now);
  carry_on_chaos(now);
  if (kill_at_ && now >= *kill_at_ && !done_ && !ending_) end_by_force();
  if (abandon_at_ && now >= *abandon_at_ && !done_) abandoned_ = true;
  if (now - news_at_ < kSilenceMax || done_) return;
  news_at_ = now;
  say_what_is_waited_for(now);
}

void Driver::say_what_is_waited_for(std::chrono::steady_clock::time_point now) {
  const auto seconds_since = [now](std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(now - begin).count();
  };
  if (progressed_at_) {
    const std::uint64_t rounds = experiment_.job.evaluate.every_rounds;
    const std::string next =
        rounds != 0 ? fmt::format("round {}", progress_.round + rounds) : "an evaluation";
    return display_.say(fmt::format("waiting for {}: no progress since round {} ({:.0f} s)", next,
                                    progress_.round, seconds_since(*progressed_at_)));
  }
  std::lock_guard lock(mutex_);
  if (!phase_.empty()) display_.say(fmt::format("{} ({:.0f} s)", phase_, seconds_since(phase_since_)));
}

// Whoever still waits for an answer has it now.
void Driver::end_by_force() {
  ending_ = true;
  give_up();
  lose_nodes([](const NodePlan&) { return true; }, root_ ? root_->cause : "the job was stopped");
  stop_fleet(std::chrono::milliseconds(0));
  abandon_at_ = std::chrono::steady_clock::now() + kDeafMax;
}

void Driver::stop_fleet(std::chrono::milliseconds grace) {
  try {
    fleet_->stop(grace);
  } catch (const Error& error) {
    std::lock_guard lock(teardown_mutex_);
    teardown_problem_ = error.what();
  }
}

bool Driver::any_node_left() const {
  return std::any_of(state_.actors.begin(), state_.actors.end(),
                     [](const auto& actor) { return actor.state == "running"; });
}

void Driver::tear_down() {
  using std::chrono::steady_clock;
  const bool orderly = done_ && done_->summary;
  ending_ = true;
  end_chaos();
  const auto hurried = [this] { return kill_at_ && steady_clock::now() >= *kill_at_; };
  if (orderly) {
    {
      std::lock_guard lock(mutex_);
      for (const runtime::NodeId id : node_ids_) system_->stop(id);
    }
    see_events_until([&] { return !any_node_left() || hurried(); }, steady_clock::now() + kPartingMax);
  }
  if (orderly && !root_ && signal_ == 0 && deployment_ && status_of(done_->summary->status, signal_) == 0) {
    deployment_->succeeded();
    forget_copies();
  }
  auto stopped = std::async(std::launch::async, [&, orderly] {
    stop_fleet(orderly ? experiment_.launcher.timeouts.shutdown_grace : kFailureGrace);
  });
  const auto is_over = [&] { return stopped.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
  see_events_until([&] { return is_over() || hurried(); }, steady_clock::time_point::max());
  if (!is_over()) stop_fleet(std::chrono::milliseconds(0));
  stopped.get();
  if (abandoned_) return;
  conductor_.join();
  const auto goes_on = [](const auto& future) {
    return future.valid() && future.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  };
  abandoned_ = goes_on(optimum_) || goes_on(digest_);
  drain_events();
  std::unique_ptr<runtime::System> system;
  {
    std::lock_guard lock(mutex_);
    system = std::move(system_);
  }
  system.reset();  // not under the lock: its loop may be pushing a last event
  drain_events();
  control_.reset();  // nobody is told any more what it takes
  runtime_folder_.reset();
}

void Driver::drain_events() {
  for (Event event; wait_for_event(event, std::chrono::milliseconds(0));) {
    std::visit([this](const auto& each) { handle(each); }, event);
  }
}

RootCause Driver::root_of(const std::exception_ptr& thrown) const {
  try {
    std::rethrow_exception(thrown);
  } catch (const runtime::ActorError& error) {
    std::string host;
    for (const auto& actor : state_.actors) {
      if (actor.name == error.actor()) host = actor.host;
    }
    return RootCause{error.actor(), host, attempt_of(error.actor()), error.failure().text, error.fault()};
  } catch (const Error& error) {
    return RootCause{"", "", 1, error.what(), error.fault()};
  } catch (const std::exception& error) {
    return RootCause{"", "", 1, error.what()};
  }
}

Outcome Driver::conclude() {
  Outcome outcome;
  outcome.job = state_.job;
  outcome.job_id = state_.job + "-" + state_.id;
  outcome.method = experiment_.job.method.kind;
  outcome.dtype = experiment_.job.dtype;
  outcome.plain = experiment_.plain();
  if (outcome.plain) {
    for (const actors::GroupSpec& group : experiment_.groups) outcome.actors += group.actor.replicas;
  } else {
    outcome.summary.workers = experiment_.job.worker.replicas;
  }
  outcome.summary.last = progress_;
  outcome.status = "failed";
  if (done_ && done_->summary && !root_) {
    outcome.summary = *done_->summary;
    if (outcome.summary.iterate_hash.empty()) outcome.summary.last = progress_;  // no master could tell
    const bool asked = outcome.plain && signal_ != 0;  // its main does not say why it returned
    outcome.status = asked ? "cancelled" : outcome.summary.status;
    outcome.reason = asked ? "asked to stop" : outcome.summary.reason;
    exit_status_ = status_of(outcome.status, signal_);
  } else if (signal_ != 0 && !root_) {
    outcome.status = "cancelled";
    outcome.reason = "stopped before its end";
    exit_status_ = 128 + signal_;
  } else {
    if (!root_) root_ = root_of(done_->error);
    exit_status_ = cli::exit_status(root_->fault);
    outcome.reason = root_->cause;
  }
  // A lost host says already that its end could not be seen.
  if (!teardown_problem_.empty() && exit_status_ != cli::exit_status(Fault::kHost)) {
    exit_status_ = cli::exit_status(Fault::kTeardown);
  }
  outcome.exit_status = exit_status_;
  write_records(outcome);
  display_.finish();
  if (!teardown_problem_.empty()) display_.warn(teardown_problem_);
  if (outcome.status == "failed") {
    // A fault of the job file or of a host is a plain message; the block is for actors that failed.
    const bool plain = root_->actor.empty() && root_->fault != Fault::kFailed;
    display_.warn(plain ? root_->cause : failure_report(*root_, progress_.round, state_.job, folder_));
  }
  return outcome;
}

void Driver::write_records(const Outcome& outcome) {
  state_.status = outcome.status;
  state_.control.clear();
  try {
    folder_.write("result.json", result_json(outcome) + "\n");
    if (!outcome.summary.iterate.empty())
      folder_.write("model.npy", npy(outcome.summary.iterate, outcome.dtype));
    std::vector<launcher::HostInfo> hosts;
    if (!layout_.nodes.empty()) hosts = fleet_->hosts();
    folder_.write("provenance.json", provenance_json(experiment_, hosts, data_sha256_));
    write_state(true);
  } catch (const Error& error) {
    display_.warn(error.what());
    exit_status_ = std::max(exit_status_, 1);
  }
}

void Driver::set_state(const std::string& actor, const std::string& state, const std::string& cause) {
  for (launcher::ActorState& each : state_.actors) {
    if (each.name != actor) continue;
    each.state = state;
    each.cause = cause;
  }
  state_dirty_ = true;
}

void Driver::write_state(bool now) {
  const auto time = std::chrono::steady_clock::now();
  if (!now && time - state_written_ < kStateEvery) return;
  state_written_ = time;
  state_dirty_ = false;
  try {
    folder_.write_state(state_);
  } catch (const Error& error) {
    fail(RootCause{"", "", 1, error.what()});
  }
}

}  // namespace wisp::cli
