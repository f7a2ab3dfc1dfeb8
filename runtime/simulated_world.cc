#include "runtime/simulated_world.h"

#include <algorithm>
#include <cstdio>

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/control_frame.h"
#include "runtime/wire.h"

namespace wisp::runtime {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kNever = nanoseconds::max();
constexpr std::chrono::milliseconds kLinger{200};  // as Node::run() has it

}  // namespace

// A node that is there.
struct SimulatedWorld::Life {
  NodeId id = 0;
  std::string host;
  std::unique_ptr<Node> owned;  // the driver's is the System's
  Node* node = nullptr;
  std::unique_ptr<NodeHeart> owned_heart;
  Heart* heart = nullptr;  // if it beats
  bool stepping = false;
  bool nudged = true;  // it may have something to do, whatever its deadline says
  nanoseconds paused_until{0};
  nanoseconds busy_until{0};  // computes; its heart goes on
  nanoseconds deadline = kNever;
  nanoseconds drain_until = kNever;     // it was told to stop
  std::optional<std::string> ended;     // why; it goes when nobody is inside
  std::optional<std::string> gives_up;  // likewise: not joined, fenced, the driver is gone

  nanoseconds due(const SimulatedNetwork& network, nanoseconds now) const {
    const bool wanted = nudged || gives_up || network.has_mail(id);
    return std::max({wanted ? now : std::min(deadline, drain_until), busy_until, paused_until});
  }
  nanoseconds heart_due(const SimulatedNetwork& network, nanoseconds now) const {
    if (heart == nullptr) return kNever;
    const bool wanted = network.has_mail(id, Channel::kControl);
    return std::max(wanted ? now : heart->deadline().value_or(kNever), paused_until);
  }
};

// Writes to the trace as well.
class SimulatedWorld::TracedLog : public Log {
 public:
  TracedLog(SimulatedWorld& world, NodeId node, std::string actor, std::unique_ptr<Log> log)
      : Log(Level::kDebug), world_(world), node_(node), actor_(std::move(actor)), log_(std::move(log)) {}
  void write(Level level, std::string_view text) override {
    if (log_ != nullptr && log_->takes(level)) log_->write(level, text);
    if (world_.options_.keep_trace) {
      world_.write_line(node_, '|', actor_ + " " + to_string(level) + ": " + std::string(text));
    }
  }
  void set_round(std::uint64_t round) override {
    if (log_ != nullptr) log_->set_round(round);
  }

 private:
  SimulatedWorld& world_;
  const NodeId node_;
  const std::string actor_;
  const std::unique_ptr<Log> log_;
};

SimulatedWorld::SimulatedWorld(WorldOptions options, const Registry& registry)
    : options_(std::move(options)),
      registry_(registry),
      run_(options_.seed ^ 0x77697370),
      network_(options_.seed, clock_, options_.network),
      compute_(options_.seed, 0, 0, Purpose::kCompute) {
  network_.set_faults(options_.faults);
  network_.observe(this);
  SystemOptions system;
  system.run = run_;
  system.fingerprint = options_.fingerprint;
  system.clock = &clock_;
  system.make_log = [this](const std::string& actor) { return make_log(0, actor); };
  system.drive = [this](const FutureState& state, nanoseconds duration) { drive(state, duration); };
  system.limits = options_.limits;
  system.faults = options_.link_faults;
  system.failure = options_.failure;
  system.disk = &disk("");
  system.saved_folder = options_.saved_folder;
  system.saving_faults = options_.saving_faults;
  system.stream_window = options_.stream_window;
  system.on_dead = [this](NodeId node, const std::string& cause) {
    const Ended ended(node, names_[node], cause);
    after(nanoseconds(0), [this, ended] { report_(ended); });
  };
  Life& life = add_life(0, "driver", "");
  auto control = options_.heartbeats ? network_.attach(0, Channel::kControl) : nullptr;
  system_ = std::make_unique<System>(std::move(system), registry_, network_.attach(0), std::move(control));
  life.node = &system_->node();
  life.heart = system_->heart();
  report_ = [this](const Ended& ended) { system_->lose(ended.node, ended.cause); };
}

SimulatedWorld::~SimulatedWorld() { network_.observe(nullptr); }

SimulatedWorld::Life& SimulatedWorld::add_life(NodeId node, const std::string& name,
                                               const std::string& host) {
  if (node >= names_.size()) names_.resize(node + 1);
  names_[node] = name;
  Life& life = *lives_.emplace_back(std::make_unique<Life>());
  life.id = node;
  life.host = host;
  return life;
}

NodeId SimulatedWorld::start_node(const std::string& name, const std::string& host) {
  const NodeId node = system_->expect(name, host);
  if (node >= SimulatedNetwork::kNodesMax) throw endless(std::to_string(node) + " starts of nodes");
  start(node, name, host);
  return node;
}

void SimulatedWorld::start(NodeId node, const std::string& name, const std::string& host) {
  Life& life = add_life(node, name, host);
  NodeParameters parameters;
  parameters.name = name;
  parameters.run = run_;
  parameters.network.self = node;
  parameters.driver = SimulatedNetwork::address(0);
  parameters.fingerprint = options_.fingerprint;
  parameters.failure = options_.failure;
  NodeOptions options;
  options.clock = &clock_;
  options.make_log = [this, node](const std::string& actor) { return make_log(node, actor); };
  options.drive = [this](const FutureState& state, nanoseconds duration) { drive(state, duration); };
  options.limits = options_.limits;
  options.faults = options_.link_faults;
  options.disk = &disk(host);
  options.saved_folder = options_.saved_folder;
  options.saving_faults = options_.saving_faults;
  options.stream_window = options_.stream_window;
  if (options_.equip) options_.equip(options, host);
  ServingHooks hooks;
  hooks.on_join_failed = [&life](const std::string& why) { life.gives_up = why; };
  hooks.on_fenced = [&life](const std::string& why) { life.gives_up = "fenced: " + why; };
  hooks.on_joined = [&life] { life.heart = life.owned_heart.get(); };
  life.owned = make_node(parameters, std::move(options), registry_,
                         network_.attach(node, Channel::kData, host), options_.join_deadline, hooks);
  life.node = life.owned.get();
  if (options_.heartbeats) life.owned_heart = make_heart(life, parameters);
  on_node(life, "started");
}

std::unique_ptr<NodeHeart> SimulatedWorld::make_heart(Life& life, const NodeParameters& parameters) {
  return make_node_heart(
      parameters, clock_, *life.node, network_.attach(life.id, Channel::kControl, life.host),
      [&life](const std::string& why) { life.gives_up = "fenced: " + why; },
      [&life](const std::string& why) { life.gives_up = why; });
}

Node* SimulatedWorld::find(NodeId node) {
  for (const auto& life : lives_) {
    if (life->id == node) return life->ended ? nullptr : life->node;
  }
  return nullptr;
}

std::unique_ptr<Log> SimulatedWorld::make_log(NodeId node, const std::string& actor) {
  std::unique_ptr<Log> log;
  if (options_.make_log) log = options_.make_log(names_[node], actor);
  if (options_.keep_trace) return std::make_unique<TracedLog>(*this, node, actor, std::move(log));
  return log == nullptr ? std::make_unique<SilentLog>() : std::move(log);
}

void SimulatedWorld::crash(NodeId node, const std::string& cause) {
  WISP_CHECK(node != 0, "the driver does not crash: the world ends with it");
  for (const auto& life : lives_) {
    if (life->id != node || life->ended) continue;
    network_.remove(node);
    end(*life, cause);
  }
  sweep();
}

void SimulatedWorld::power_cut(const std::string& host) {
  for (const auto& life : lives_) {
    if (life->id == 0 || life->host != host || life->ended) continue;
    network_.remove(life->id);
    end(*life, "its host has lost power");
  }
  disk(host).power_cut();
  sweep();
}

SimulatedDisk& SimulatedWorld::disk(const std::string& host) { return disks_[host]; }

void SimulatedWorld::pause(NodeId node, nanoseconds duration) {
  for (const auto& life : lives_) {
    if (life->id != node || life->ended) continue;
    life->paused_until = std::max(life->paused_until, now() + duration);
    on_node(*life, "paused");
  }
}

void SimulatedWorld::at(nanoseconds time, std::function<void()> task) {
  tasks_.emplace(std::pair(std::max(time, now()), task_number_++), std::move(task));
}

// The node itself goes when nobody is inside it.
void SimulatedWorld::end(Life& life, const std::string& cause) {
  life.ended = cause;
  on_node(life, "ended: " + cause);
  const Ended ended(life.id, names_[life.id], cause);
  after(options_.report_after, [this, ended] { report_(ended); });
}

void SimulatedWorld::sweep() {
  std::erase_if(lives_, [](const auto& life) { return life->ended && !life->stepping; });
}

void SimulatedWorld::run_for(nanoseconds duration) {
  (void)run_until([] { return false; }, duration);
}

bool SimulatedWorld::run_until(const std::function<bool()>& done, nanoseconds duration) {
  const nanoseconds limit = duration > kForever - now() ? kForever : now() + duration;
  nudge_all();  // whoever calls this may have talked to nodes
  while (!done()) {
    if (advance(limit)) continue;
    if (limit < kForever) clock_.advance_to(limit);
    return false;
  }
  return true;
}

void SimulatedWorld::drive(const FutureState& state, nanoseconds duration) {
  if (run_until([&state] { return state.ready(); }, duration) || duration < kForever) return;
  throw Error("seed " + std::to_string(seed()) + ": nothing is left to happen, and there is no answer from " +
              state.what());
}

void SimulatedWorld::nudge_all() {
  for (const auto& life : lives_) life->nudged = true;
}

nanoseconds SimulatedWorld::next_event() const {
  nanoseconds next = network_.next_arrival().value_or(kNever);
  if (!tasks_.empty()) next = std::min(next, tasks_.begin()->first.first);
  for (const auto& life : lives_) {
    next = std::min({next, life->due(network_, now()), life->heart_due(network_, now())});
  }
  return next;
}

bool SimulatedWorld::advance(nanoseconds limit) {
  WISP_CHECK(!running_, "nobody waits inside a simulated world");
  const nanoseconds next = next_event();
  if (next > limit || next >= kForever) return false;
  running_ = true;
  try {
    clock_.advance_to(std::max(next, now()));
    count(network_.deliver());
    run_tasks();
    for (std::size_t i = 0; i < lives_.size(); ++i) {  // a step may start nodes
      Life& life = *lives_[i];
      if (life.due(network_, now()) <= now()) step(life);
      if (life.heart_due(network_, now()) <= now()) step_heart(life);
    }
    sweep();
  } catch (...) {
    running_ = false;
    throw;
  }
  running_ = false;
  return true;
}

Error SimulatedWorld::endless(const std::string& most) const {
  return Error("seed " + std::to_string(seed()) + ": more than " + most + ", and no end");
}

void SimulatedWorld::count(std::uint64_t events) {
  events_ += events;
  if (events_ <= options_.events_most) return;
  throw endless(std::to_string(options_.events_most) + " events");
}

void SimulatedWorld::run_tasks() {
  while (!tasks_.empty() && tasks_.begin()->first.first <= now()) {
    const auto task = tasks_.extract(tasks_.begin());
    count(1);
    task.mapped()();
    nudge_all();
  }
}

void SimulatedWorld::step(Life& life) {
  if (life.ended) return;
  count(1);
  life.nudged = false;
  life.stepping = true;
  try {
    const bool goes_on = life.node->stopping() ? drain(life) : serve(life);
    if (!goes_on && !life.ended) end(life, life.gives_up.value_or("it was told to stop"));
  } catch (...) {
    life.stepping = false;
    throw;
  }
  life.stepping = false;
  if (life.ended) network_.remove(life.id);
}

void SimulatedWorld::step_heart(Life& life) {
  if (life.ended) return;
  count(1);
  life.heart->step(now());
  lives_.front()->nudged = true;  // the driver's may have told it of somebody's end
}

// False: it is to end, like the next.
bool SimulatedWorld::serve(Life& life) {
  if (life.gives_up) return false;
  const bool computes = !options_.compute.none();
  const std::uint64_t before = life.node->progress();
  if (computes) network_.hold(life.id);
  life.node->step();
  if (life.ended) return true;
  life.deadline = life.node->deadline().value_or(kNever);
  if (computes) {
    nanoseconds until = now();
    for (std::uint64_t i = before; i < life.node->progress(); ++i) until += options_.compute.draw(compute_);
    life.busy_until = std::max(life.busy_until, until);
    network_.release(life.id, until);
  }
  if (life.node->stopping()) {
    life.nudged = true;
    life.drain_until = std::max(now(), life.busy_until) + kLinger;
  }
  return !life.gives_up;
}

bool SimulatedWorld::drain(Life& life) {
  if (life.drain_until == kNever) life.drain_until = now() + kLinger;
  if (life.node->drain_step() || now() >= life.drain_until) return false;
  life.deadline = life.node->deadline().value_or(kNever);
  return true;
}

void SimulatedWorld::mix(std::uint64_t fact) {
  hash_ = (hash_ ^ fact) * 0x9e3779b97f4a7c15;
  hash_ ^= hash_ >> 29;
}

void SimulatedWorld::on_frame(FrameFate fate, Channel channel, NodeId from, NodeId to, const Bytes& frame) {
  FrameHeader header;
  const bool of_link = channel == Channel::kData && read_header(frame.span(), header) == WireError::kNone;
  mix(static_cast<std::uint64_t>(now().count()));
  mix(static_cast<std::uint64_t>(fate) << 56 | static_cast<std::uint64_t>(channel) << 48 | frame.size());
  mix(std::uint64_t{from} << 32 | to);
  if (of_link) {
    mix(static_cast<std::uint64_t>(header.kind) << 1 | static_cast<std::uint64_t>(header.gap));
    mix(header.sequence << 32 ^ header.acknowledged);
  }
  if (!options_.keep_trace) return;
  const auto words_with = [&](const std::string& whom) {
    return of_link ? frame_words(header, whom, to, frame) : control_words(frame) + whom;
  };
  if (fate == FrameFate::kArrived) return write_line(to, '<', words_with(" from " + name_of(from)));
  const std::string words = words_with(" to " + name_of(to));
  switch (fate) {
    case FrameFate::kSent:
    case FrameFate::kArrived:
      return write_line(from, '>', words);
    case FrameFate::kDropped:
      return write_line(from, 'x', words + " (dropped)");
    case FrameFate::kCut:
      return write_line(from, 'x', words + " (cut)");
    case FrameFate::kDuplicated:
      return write_line(from, 'x', words + " (doubled)");
    case FrameFate::kMissed:
      return write_line(from, 'x', words + " (nobody there)");
  }
}

void SimulatedWorld::on_node(const Life& life, const std::string& what) {
  mix(static_cast<std::uint64_t>(now().count()));
  mix(std::uint64_t{life.id} << 32 | what.size());
  if (options_.keep_trace) write_line(life.id, '*', what);
}

void SimulatedWorld::write_line(NodeId node, char sign, const std::string& text) {
  char time[32];
  std::snprintf(time, sizeof(time), "[%9.3f] ", static_cast<double>(now().count()) / 1e6);
  trace_.push_back(time + name_of(node) + " " + sign + " " + text);
}

std::string SimulatedWorld::name_of(NodeId node) const {
  return node < names_.size() && !names_[node].empty() ? names_[node] : "node-" + std::to_string(node);
}

std::string SimulatedWorld::control_words(const Bytes& frame) {
  const ControlFrame control = decode_control_frame(frame);
  if (const auto* beat = std::get_if<Beat>(&control.body)) return "beat " + std::to_string(beat->sequence);
  if (const auto* pulse = std::get_if<Pulse>(&control.body))
    return "pulse " + std::to_string(pulse->sequence);
  return "fencing";
}

std::string SimulatedWorld::frame_words(const FrameHeader& header, const std::string& whom, NodeId receiver,
                                        const Bytes& frame) {
  switch (header.kind) {
    case FrameKind::kProbe:
      return "probe after " + std::to_string(header.sequence) + whom;
    case FrameKind::kAcknowledgement:
      return (header.gap ? "gap after " : "acknowledgement of ") + std::to_string(header.acknowledged) + whom;
    case FrameKind::kFenced:
      return "fenced" + whom;
    case FrameKind::kData:
      break;
  }
  std::vector<std::string> messages;
  MessageReader reader(frame);
  while (reader.next()) messages.push_back(message_words(reader.envelope(), receiver));
  return "data " + std::to_string(header.sequence) + whom + ": " + join(messages, ", ");
}

std::string SimulatedWorld::message_words(const Envelope& envelope, NodeId receiver) {
  switch (envelope.kind) {
    case Envelope::Kind::kAnswer:
      return "answer";
    case Envelope::Kind::kFailure:
      return "failure";
    case Envelope::Kind::kDurable:
      return "durable " + std::to_string(envelope.stream);
    case Envelope::Kind::kTell:
    case Envelope::Kind::kCall:
    case Envelope::Kind::kCancel:
      break;
  }
  const Node* node = find(receiver);
  const Ref<Cell> cell = node == nullptr ? nullptr : node->find(envelope.receiver);
  const std::string actor = cell ? cell->name() : "actor " + std::to_string(envelope.receiver);
  if (envelope.kind == Envelope::Kind::kCancel) return "cancel " + actor;
  const MethodEntry* method = registry_.find_method(envelope.method);
  const std::string word = method == nullptr ? "a method" : method->name.substr(method->name.rfind('.') + 1);
  return (envelope.kind == Envelope::Kind::kCall ? "call " : "tell ") + actor + "." + word;
}

}  // namespace wisp::runtime
