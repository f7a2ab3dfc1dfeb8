#include "runtime/node.h"

#include <malloc.h>

#include "base/check.h"
#include "runtime/builtin.h"
#include "runtime/call.h"
#include "runtime/limited_log.h"

namespace wisp::runtime {

namespace {

constexpr int kDrainMax = 64;            // frames taken in before the actors have their turn
constexpr int kTurnsMax = 64;            // actors' turns before the transport is looked at again
constexpr std::uint64_t kTellsMax = 32;  // messages of one mail
constexpr const char* kEnded = "this node has stopped";

// A message that came packed.
class PackedMail final : public Mail, public Pooled<PackedMail> {
 public:
  PackedMail(const MethodEntry& method, Bytes arguments, Reply reply, DrainNote note, ActorId sender,
             std::uint64_t number)
      : Mail(!method.urgent),
        method_(method),
        arguments_(std::move(arguments)),
        reply_(std::move(reply)),
        note_(std::move(note)),
        sender_(sender),
        number_(number) {}
  void run(Cell& cell) override {
    const bool wanted = !reply_.is_among(cell.node().cancelled_calls());
    if (wanted && (number_ == 0 || cell.take_in(sender_, number_, reply_)))
      method_.invoke(cell, arguments_, reply_);
    delete this;
  }
  void refuse(const Failure& why) override {
    reply_.fail(why);
    delete this;
  }

 private:
  const MethodEntry& method_;
  const Bytes arguments_;
  Reply reply_;
  DrainNote note_;
  const ActorId sender_;
  const std::uint64_t number_;  // of its stream; 0: of none
};

// Messages of one frame that follow one another and differ in their arguments only, as one mail: what a mail
// costs is paid once.
class TellsMail final : public Mail, public Pooled<TellsMail> {
 public:
  TellsMail(const MethodEntry& method, Bytes frame, const MessageReader::Run& run, DrainNote note)
      : method_(method), frame_(std::move(frame)), run_(run), note_(std::move(note)) {}
  void run(Cell& cell) override {
    Bytes arguments = frame_;
    const std::byte* message = frame_.data() + run_.begin;
    std::uint64_t left = run_.charge.messages;
    do {
      const std::span<const std::byte> body = read_body(message, run_.envelope_size);
      message = body.data() + body.size();
      arguments.aim_at(body);
      Reply nobody;
      method_.invoke(cell, arguments, nobody);
    } while (--left > 0 && cell.take_another());
    delete this;
  }
  void refuse(const Failure&) override { delete this; }

 private:
  const MethodEntry& method_;
  const Bytes frame_;
  const MessageReader::Run run_;
  DrainNote note_;
};

// Ends the coroutine that serves a call which nobody waits for any more. Comes after the call: when it is
// handled, the call has begun or will never begin.
class CancelMail final : public Mail, public Pooled<CancelMail> {
 public:
  CancelMail(CancelledCalls& all, NodeId caller, std::uint64_t call)
      : Mail(false), all_(all), caller_(caller), call_(call) {}
  void run(Cell& cell) override {
    if (cell.hold_until_open(*this)) return;
    cell.roots().cancel([this](const Reply& reply) { return reply.cancelled() || reply.is(caller_, call_); });
    end();
  }
  void refuse(const Failure&) override { end(); }

 private:
  void end() {
    all_.remove(caller_, call_);
    delete this;
  }
  CancelledCalls& all_;
  const NodeId caller_;
  const std::uint64_t call_;
};

}  // namespace

// A message of another thread on its way to the loop.
struct Node::Outgoing : Pooled<Node::Outgoing> {
  Outgoing* next = nullptr;
  NodeId peer = 0;
  Envelope envelope;
  Buffer head;
  Bytes tail;
};

Node::Node(NodeOptions options, const Registry& registry, std::unique_ptr<Transport> transport)
    : options_(std::move(options)),
      registry_(registry),
      transport_(std::move(transport)),
      timers_(*options_.clock, [this] { wake_if_parked(); }),
      scheduler_(options_.threads, [this] { wake_if_parked(); }),
      worker_(scheduler_, options_.threads == 0),
      deliveries_(options_.stream_window,
                  [this](const Deliveries::Outgoing& outgoing) { send_kept(outgoing); }),
      peers_(*this, *transport_, options_.threads > 0) {
  WISP_CHECK(options_.make_log, "a node needs a log");
  log_ =
      std::make_unique<LimitedLog>(options_.make_log("node-" + std::to_string(options_.id)), *options_.clock);
}

Node::~Node() {
  end();
  Outgoing* each = outgoing_.exchange(nullptr);
  while (each != nullptr) delete std::exchange(each, each->next);
}

LinkOptions Node::link_options(NodeId peer) const {
  LinkOptions options;
  options.run = options_.run;
  options.self = options_.id;
  options.peer = peer;
  options.limits = options_.limits;
  options.faults = options_.faults;
  return options;
}

void Node::warn(const std::string& text) { log_->warn(text); }

void Node::fenced(const std::string& why) {
  log_->error("fenced: " + why);
  if (options_.on_fenced) options_.on_fenced(why);
}

// The threads that run actors, for as long as the loop does, however it ends.
class Node::Threads {
 public:
  explicit Threads(Node& node) : node_(node) { node_.scheduler_.start(); }
  ~Threads() {
    node_.stop();
    node_.scheduler_.stop();
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  Node& node_;
};

void Node::run(std::chrono::milliseconds linger) {
  loop_ = std::this_thread::get_id();
  try {
    const Threads threads(*this);
    const Worker::Use use(worker_);
    const NodeScope scope(this);
    loop();
    worker_.flush();
    drain(linger);
  } catch (...) {
    worker_.flush();
    end();
    throw;
  }
  end();
  transport_->close(linger);
}

void Node::loop() {
  bool busy = false;
  while (!stopping_.load(std::memory_order_acquire)) {
    const bool received = receive_some(!busy);
    busy = work(kTurnsMax) || received;
  }
}

// What is to be done at the clock's time; true if there may be more.
bool Node::work(int turns) {
  run_tasks();
  send_outgoing();
  if (some_answered_.load(std::memory_order_relaxed) && some_answered_.exchange(false))
    deliveries_.answered();
  timers_.fire(clock().steady());
  worker_.flush();
  bool more = false;
  if (options_.threads == 0) {
    for (int i = 0; i < turns; ++i) {
      more = worker_.run_one();
      if (!more) break;
    }
  }
  peers_.flush(clock().steady());
  worker_.flush();  // who waited for room on a link
  return more || worker_.has_next() || has_tasks_.load(std::memory_order_acquire);
}

// Waits, if it may, until there is something to do.
bool Node::receive_some(bool may_wait) {
  std::optional<std::chrono::milliseconds> wait(0);
  if (may_wait) {
    parked_.store(true, std::memory_order_seq_cst);  // first: what turns up from now on wakes the transport
    wait = has_work() ? std::chrono::milliseconds(0) : wait_at_most();
  }
  std::optional<Received> received = transport_->receive(wait);
  parked_.store(false, std::memory_order_relaxed);
  if (!received) return false;
  peers_.receive(*received);
  // Where the actors run in this thread, they take a frame's messages while these are in its cache.
  for (int i = 1; options_.threads > 0 && i < kDrainMax; ++i) {
    received = transport_->receive(std::chrono::milliseconds(0));
    if (!received) break;
    peers_.receive(*received);
  }
  worker_.flush();
  return true;
}

bool Node::has_work() const {
  return has_tasks_.load(std::memory_order_seq_cst) || outgoing_.load(std::memory_order_seq_cst) != nullptr ||
         (options_.threads == 0 && !scheduler_.empty()) || stopping_.load(std::memory_order_seq_cst);
}

std::optional<std::chrono::nanoseconds> Node::deadline() const {
  const auto timer = timers_.deadline();
  const auto link = peers_.deadline();
  if (!timer || !link) return timer ? timer : link;
  return std::min(*timer, *link);
}

std::optional<std::chrono::milliseconds> Node::wait_at_most() const {
  const auto next = deadline();
  if (!next) return std::nullopt;  // whatever turns up from another thread wakes the transport
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - clock().steady());
  return std::clamp(left, std::chrono::milliseconds(0), std::chrono::milliseconds(std::chrono::hours(1)));
}

bool Node::step() {
  loop_ = std::this_thread::get_id();
  const Worker::Use use(worker_);
  const NodeScope scope(this);
  bool busy = false;
  while (receive_some(false)) busy = true;
  while (work(kTurnsMax)) busy = true;
  return busy;
}

bool Node::drain_step() {
  const Worker::Use use(worker_);
  const NodeScope scope(this);
  worker_.flush();
  send_outgoing();
  peers_.acknowledge();
  while (const auto received = transport_->receive(std::chrono::milliseconds(0))) {
    peers_.receive(*received);
    peers_.acknowledge();
  }
  peers_.flush(clock().steady());
  return peers_.settled();
}

// What was sent to peers that are there has arrived when this returns, or the time is over.
void Node::drain(std::chrono::milliseconds linger) {
  const auto end = clock().steady() + linger;
  send_outgoing();
  peers_.acknowledge();
  for (;;) {
    const auto now = clock().steady();
    peers_.flush(now);
    if (peers_.settled() || now >= end) return;
    const auto next = peers_.deadline().value_or(end);
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(next, end) - now);
    if (const auto received = transport_->receive(std::max(wait, std::chrono::milliseconds(0)))) {
      peers_.receive(*received);
      peers_.acknowledge();
    }
  }
}

void Node::end() {
  end_calls();
  recent_cell_ = nullptr;
  worker_.flush();  // what came while the node drained: it is refused with the rest
  std::vector<Ref<Cell>> cells;
  {
    std::lock_guard lock(mutex_);
    cells.swap(cells_);
    living_ = 0;
  }
  const NodeScope scope(this);
  for (const Ref<Cell>& cell : cells) {
    if (cell) cell->shut(kEnded);
  }
}

void Node::end_calls() {
  ended_.store(true, std::memory_order_seq_cst);
  for (const Calls::Taken& each : calls_.take_if([](NodeId) { return true; })) {
    each.state->fail(Failure(Failure::Kind::kDied, each.state->awaited().actor.str(), kEnded));
  }
  deliveries_.end_all(kEnded);
}

void Node::stop() {
  stopping_.store(true, std::memory_order_seq_cst);
  transport_->wake();
}

void Node::wake_if_parked() {
  if (parked_.load(std::memory_order_seq_cst) && parked_.exchange(false, std::memory_order_seq_cst))
    transport_->wake();
}

void Node::post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    has_tasks_.store(true, std::memory_order_seq_cst);
  }
  wake_if_parked();
}

void Node::run_tasks() {
  if (!has_tasks_.load(std::memory_order_acquire)) return;
  std::vector<std::function<void()>> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
    has_tasks_.store(false, std::memory_order_relaxed);
  }
  for (auto& task : tasks) task();
}

ActorId Node::adopt(const std::string& name, std::unique_ptr<Actor> actor, const CellOptions& options) {
  std::lock_guard lock(mutex_);
  const ActorId id(options_.id, static_cast<std::uint32_t>(cells_.size()));
  auto cell = make_ref<Cell>(*this, id, Name(name), std::move(actor), options);
  if (options.saved) {
    if (options_.disk == nullptr)
      throw Error(name + " can't be saved: this node has no folder for it", Fault::kConfig);
    cell->restore(std::make_unique<SavedState>(*options_.disk, options_.saved_folder, name, id,
                                               options_.saving_faults));
  }
  // Who drops the oldest may do it, and so take it, in any thread.
  if (options.own_thread || options.overflow == Overflow::kDropOldest) peers_.drained().use_threads();
  if (options.own_thread && !blocks_by_driving())
    scheduler_.give_thread(*cell);  // a simulated world has no threads
  cell->nudge();
  cells_.push_back(std::move(cell));
  ++living_;
  return id;
}

ActorId Node::construct(const std::string& class_name, const std::string& name, const Bytes& arguments,
                        const CellOptions& options) {
  const ClassEntry* entry = registry_.find_class(class_name);
  if (entry == nullptr) throw Error("no actor class is called " + class_name);
  const NodeScope scope(this);
  return adopt(name, entry->construct(arguments), options);
}

Ref<Cell> Node::find(std::uint32_t index) const {
  std::lock_guard lock(mutex_);
  return index < cells_.size() ? cells_[index] : nullptr;
}

std::size_t Node::actors() const {
  std::lock_guard lock(mutex_);
  return living_;
}

void Node::forget(Cell& cell, const std::string& cause) {
  Ref<Cell> forgotten;
  {
    std::lock_guard lock(mutex_);
    if (cell.id().index >= cells_.size()) return;
    forgotten = std::move(cells_[cell.id().index]);
    if (forgotten) --living_;
  }
  if (forgotten) deliveries_.drop_sender(cell.id().index);
  if (forgotten && options_.on_actor_ended) options_.on_actor_ended(cell.id(), cell.name(), cause);
}

void Node::add_peer(NodeId peer, const Address& address) {
  if (on_loop()) return peers_.add(peer, address);
  post([this, peer, address] { peers_.add(peer, address); });
}

void Node::allow(NodeId peer, const std::string& public_key) {
  if (public_key.empty()) return;
  std::lock_guard lock(mutex_);
  if (!lost_.contains(peer)) transport_->allow(peer, public_key);
}

void Node::remove_peer(NodeId peer, const std::string& cause) {
  if (!on_loop()) return post([this, peer, cause] { remove_peer(peer, cause); });
  {
    std::lock_guard lock(mutex_);
    lost_.insert(peer);
    transport_->forbid(peer);
  }
  deliveries_.lose(peer);
  const std::string why = peers_.remove(peer, cause);
  for (const Calls::Taken& each : calls_.take_if([peer](NodeId callee) { return callee == peer; })) {
    if (!each.kept) each.state->fail(Failure(Failure::Kind::kDied, each.state->awaited().actor.str(), why));
  }
  // Buffers and sockets of nodes that come and go leave holes, of which a process would grow for hours.
  ::malloc_trim(0);
}

bool Node::is_lost(NodeId peer) const {
  std::lock_guard lock(mutex_);
  return lost_.contains(peer);
}

void Node::call(ActorId target, MethodId method, Ref<FutureState> state, PackedView&& packed) {
  if (target.node == options_.id) {
    return deliver_here(target.index, method, packed.whole(), Reply::packed(std::move(state)), DrainNote(),
                        {});
  }
  Envelope envelope;
  envelope.kind = Envelope::Kind::kCall;
  envelope.receiver = target.index;
  envelope.method = method;
  envelope.call = calls_.add(state, target.node);
  state->set_callee(target.node, target.index, envelope.call);
  if (ended_.load(std::memory_order_seq_cst)) return end_calls();
  transmit(target.node, envelope, std::move(packed));
}

bool Node::tell(ActorId target, MethodId method, PackedView&& packed) {
  if (target.node == options_.id) {
    deliver_here(target.index, method, packed.whole(), Reply(), DrainNote(), {});
    return true;
  }
  if (!peers_.room(target.node)) return false;
  must_tell(target, method, std::move(packed));
  return true;
}

void Node::must_tell(ActorId target, MethodId method, PackedView&& packed) {
  if (target.node == options_.id)
    return deliver_here(target.index, method, packed.whole(), Reply(), DrainNote(), {{}, 0, true});
  Envelope envelope;
  envelope.kind = Envelope::Kind::kTell;
  envelope.receiver = target.index;
  envelope.method = method;
  transmit(target.node, envelope, std::move(packed));
}

void Node::publish() {
  if (Worker* worker = Worker::current()) worker->publish();
  if (on_loop()) {
    peers_.flush(clock().steady());
  } else {
    wake_if_parked();
  }
}

void Node::cancel(ActorId callee, std::uint64_t call) {
  if (callee.node == options_.id) {
    if (const Ref<Cell> cell = find(callee.index))
      cell->deliver(*new CancelMail(cancelled_calls_, Reply::kHere, 0));
    return;
  }
  if (!calls_.take(call, callee.node).state) return;
  Envelope envelope;
  envelope.kind = Envelope::Kind::kCancel;
  envelope.receiver = callee.index;
  envelope.call = call;
  transmit(callee.node, envelope, PackedView());
}

void Node::answer(NodeId caller, std::uint64_t call, PackedView&& packed) {
  if (caller == options_.id) return take_answer(caller, call, false, packed.whole());
  Envelope envelope;
  envelope.kind = Envelope::Kind::kAnswer;
  envelope.call = call;
  transmit(caller, envelope, std::move(packed));
}

void Node::fail(NodeId caller, std::uint64_t call, const Failure& failure) {
  if (caller == options_.id) return take_answer(caller, call, true, pack(failure));
  ScratchPacker packed;
  pack(packed.packer(), failure);
  Envelope envelope;
  envelope.kind = Envelope::Kind::kFailure;
  envelope.call = call;
  transmit(caller, envelope, packed.take());
}

Future<void> Node::room(NodeId peer) {
  const Promise<void> promise("room on the way to node " + std::to_string(peer), this);
  if (on_loop()) {
    peers_.when_room(peer, promise);
  } else {
    post([this, peer, promise] { peers_.when_room(peer, promise); });
  }
  return promise.future();
}

void Node::transmit(NodeId peer, const Envelope& envelope, PackedView&& packed) {
  if (on_loop()) return emit(peer, envelope, packed);
  auto* outgoing = new Outgoing();
  outgoing->peer = peer;
  outgoing->envelope = envelope;
  outgoing->tail = std::move(packed.tail);
  outgoing->head.append(packed.head);
  outgoing->next = outgoing_.load(std::memory_order_relaxed);
  while (!outgoing_.compare_exchange_weak(outgoing->next, outgoing, std::memory_order_seq_cst,
                                          std::memory_order_relaxed)) {
  }
  wake_if_parked();
}

void Node::send_outgoing() {
  if (outgoing_.load(std::memory_order_relaxed) == nullptr) return;
  Outgoing* newest = outgoing_.exchange(nullptr, std::memory_order_seq_cst);
  Outgoing* oldest = nullptr;
  while (newest != nullptr) {
    Outgoing* const older = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = older;
  }
  while (oldest != nullptr) {
    const std::unique_ptr<Outgoing> each(std::exchange(oldest, oldest->next));
    emit(each->peer, each->envelope, PackedView{std::as_const(each->head).span(), std::move(each->tail)});
  }
}

void Node::emit(NodeId peer, const Envelope& envelope, const PackedView& packed) {
  if (ended_.load(std::memory_order_relaxed)) return;  // nothing leaves any more
  const std::string* lost = peers_.send(peer, envelope, packed);
  if (lost == nullptr || envelope.kind != Envelope::Kind::kCall) return;
  const Calls::Taken call = calls_.take(envelope.call, peer);
  if (call.state && !call.kept)
    call.state->fail(Failure(Failure::Kind::kDied, call.state->awaited().actor.str(), *lost));
}

const Ref<Cell>& Node::find_recent(std::uint32_t index) {
  if (!recent_cell_ || recent_cell_->id().index != index) recent_cell_ = find(index);
  return recent_cell_;
}

const MethodEntry* Node::find_method_recent(MethodId method) {
  if (recent_entry_ == nullptr || recent_method_ != method) {
    recent_method_ = method;
    recent_entry_ = registry_.find_method(method);
  }
  return recent_entry_;
}

void Node::dispatch_tells(NodeId source, MessageReader& message, Drained& drained) {
  const Envelope& envelope = message.envelope();
  if (envelope.stream == 0) {
    const Ref<Cell>& cell = find_recent(envelope.receiver);
    const MethodEntry* method = find_method_recent(envelope.method);
    if (cell && !cell->is_bounded() && method != nullptr && !method->urgent) {
      const MessageReader::Run run = message.run(kTellsMax);
      if (run.charge.messages > 1) {
        return cell->deliver(
            *new TellsMail(*method, message.frame(), run, DrainNote(*this, drained, run.charge)));
      }
    }
  }
  deliver_here(envelope.receiver, envelope.method, message.shared_body(), Reply(),
               DrainNote(*this, drained, {1, envelope.body_size}),
               {ActorId(source, envelope.sender), envelope.stream});
}

void Node::dispatch(NodeId source, MessageReader& message, Drained& drained) {
  const Envelope& envelope = message.envelope();
  switch (envelope.kind) {
    case Envelope::Kind::kTell:
      return dispatch_tells(source, message, drained);
    case Envelope::Kind::kCall:
      return deliver_here(envelope.receiver, envelope.method, message.shared_body(),
                          Reply(*this, source, envelope.call),
                          DrainNote(*this, drained, {1, envelope.body_size}),
                          {ActorId(source, envelope.sender), envelope.stream});
    case Envelope::Kind::kAnswer:
    case Envelope::Kind::kFailure:
      return take_answer(source, envelope.call, envelope.kind == Envelope::Kind::kFailure,
                         envelope.body_size == 0 ? Bytes() : message.shared_body());
    case Envelope::Kind::kCancel:
      if (const Ref<Cell> cell = find(envelope.receiver)) {
        cancelled_calls_.add(source, envelope.call);
        cell->deliver(*new CancelMail(cancelled_calls_, source, envelope.call));
      }
      return;
    case Envelope::Kind::kDurable:
      return take_acknowledgement(message);
  }
}

void Node::deliver_here(std::uint32_t index, MethodId method, Bytes&& arguments, Reply&& reply,
                        DrainNote&& note, Manner manner) {
  const bool here = on_loop();
  Ref<Cell> found;
  if (!here) found = find(index);
  Cell* const cell = (here ? find_recent(index) : found).get();
  const MethodEntry* entry = here ? find_method_recent(method) : registry_.find_method(method);
  if (cell == nullptr || entry == nullptr) {
    const std::string actor = cell ? cell->name() : "actor " + std::to_string(index);
    const char* what = cell ? "has no such method" : "is not on this node";
    if (!reply.wanted()) warn("dropped a message: " + actor + " " + what);
    return reply.fail(Failure(cell ? Failure::Kind::kRefused : Failure::Kind::kDied, actor, what));
  }
  if (method == kKillMethod) return kill(*cell, arguments, reply);
  // A refused message would leave a gap in its stream; and of what its link's window holds a mailbox that
  // blocks is the last to refuse any.
  const bool insists = manner.insists || manner.number != 0 || (note.owes() && cell->blocks());
  auto* mail = new PackedMail(*entry, std::move(arguments), std::move(reply), std::move(note), manner.sender,
                              manner.number);
  if (insists) {
    cell->insist(*mail);
  } else {
    cell->deliver(*mail);
  }
}

// At once, whatever waits in its mailbox.
void Node::kill(Cell& cell, const Bytes& cause, Reply& reply) {
  try {
    cell.kill(unpack<std::string>(cause));
    reply.value();
  } catch (const DecodeError& error) {
    cell.refuse(reply, error.what());
  }
}

void Node::take_answer(NodeId callee, std::uint64_t call, bool failed, Bytes body) {
  const Calls::Taken taken = calls_.take(call, callee);
  if (!taken.state) return;  // nobody waits any more
  FutureState& state = *taken.state;
  if (!failed) {
    state.fulfil(std::move(body));
  } else {
    Failure failure;
    try {
      failure = unpack<Failure>(body);
    } catch (const DecodeError& error) {
      failure = Failure(Failure::Kind::kRefused, state.awaited().actor.str(), error.what());
    }
    if (taken.kept && failure.kind == Failure::Kind::kDied) return;  // the next incarnation answers
    state.fail(std::move(failure));
  }
  if (taken.kept) {
    some_answered_.store(true, std::memory_order_release);
    wake_if_parked();
  }
}

namespace {

// What a saving actor says to the node of a sender.
struct TakenIn {
  TakenIn() = default;
  std::string name;
  std::uint64_t applied = 0;
  std::uint64_t durable = 0;
  template <class F>
  void fields(F& f) {
    f(name, applied, durable);
  }
};

}  // namespace

bool Node::send_durably(const std::string& name, ActorId known, MethodId method, PackedView&& packed,
                        Ref<FutureState> call) {
  const Executor* sender = Executor::current();
  return deliveries_.send(sender == nullptr ? 0 : sender->index(), name, known, method, packed.whole(),
                          std::move(call));
}

// Under the lock of deliveries_, so that numbers leave in order.
void Node::send_kept(const Deliveries::Outgoing& outgoing) {
  Envelope envelope;
  envelope.kind = outgoing.call ? Envelope::Kind::kCall : Envelope::Kind::kTell;
  envelope.sender = outgoing.sender;
  envelope.receiver = outgoing.target.index;
  envelope.method = outgoing.method;
  envelope.stream = outgoing.number;
  if (outgoing.call) envelope.call = calls_.add(outgoing.call, outgoing.target.node, true);
  if (outgoing.target.node != options_.id) {
    return transmit(outgoing.target.node, envelope, PackedView{outgoing.body.span(), {}});
  }
  deliver_here(envelope.receiver, envelope.method, Bytes(outgoing.body),
               outgoing.call ? Reply(*this, options_.id, envelope.call) : Reply(), DrainNote(),
               {ActorId(options_.id, outgoing.sender), outgoing.number});
}

void Node::acknowledge(ActorId sender, const std::string& name, std::uint64_t applied,
                       std::uint64_t durable) {
  TakenIn taken;
  taken.name = name;
  taken.applied = applied;
  taken.durable = durable;
  if (sender.node == options_.id) {
    return post([this, sender, taken] {
      deliveries_.acknowledge(sender.index, taken.name, taken.applied, taken.durable);
    });
  }
  ScratchPacker packed;
  pack(packed.packer(), taken);
  Envelope envelope;
  envelope.kind = Envelope::Kind::kDurable;
  envelope.receiver = sender.index;
  envelope.stream = durable;
  transmit(sender.node, envelope, packed.take());
}

void Node::take_acknowledgement(const MessageReader& message) {
  try {
    const auto taken = unpack<TakenIn>(message.shared_body());
    deliveries_.acknowledge(message.envelope().receiver, taken.name, taken.applied, taken.durable);
  } catch (const DecodeError& error) {
    warn(std::string("dropped an acknowledgement: ") + error.what());
  }
}

}  // namespace wisp::runtime
