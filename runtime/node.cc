#include "runtime/node.h"

#include "base/check.h"

namespace wisp::runtime {

namespace {
constexpr int kDrainMax = 256;  // frames taken in before the actors have their turn
constexpr const char* kEnded = "this node has stopped";
constexpr std::size_t kUnsentMax = 65'536;  // messages kept for a node that is not known yet
}  // namespace

std::chrono::nanoseconds Context::now() const { return node_.clock().steady(); }
Traffic Context::traffic() const { return node_.traffic(); }

Node::Node(NodeOptions options, const Registry& registry, std::unique_ptr<Transport> transport)
    : options_(std::move(options)), registry_(registry), transport_(std::move(transport)) {
  WISP_CHECK(options_.clock != nullptr && options_.make_log, "a node needs a clock and a log");
  log_ = options_.make_log("node-" + std::to_string(options_.id));
}

Node::~Node() {
  // Frames of coroutines refer to the node: they go while it is whole, and find no other actor any more.
  std::map<std::uint32_t, std::shared_ptr<Cell>> cells;
  {
    std::lock_guard lock(mutex_);
    cells.swap(cells_);
  }
  run_queue_.clear();
}

Traffic Node::traffic() const {
  Traffic traffic;
  traffic.sent = sent_bytes_;
  traffic.received = received_bytes_;
  return traffic;
}

// The threads that run actors, for as long as the loop does, however it ends.
class Node::Pool {
 public:
  explicit Pool(Node& node) : node_(node) {
    for (unsigned i = 0; i < node.options_.threads; ++i) threads_.emplace_back([&node] { node.work(); });
  }
  ~Pool() {
    node_.stop();
    for (std::thread& thread : threads_) thread.join();
    node_.end_calls();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

 private:
  Node& node_;
  std::vector<std::thread> threads_;
};

void Node::run(std::chrono::milliseconds linger) {
  loop_ = std::this_thread::get_id();
  {
    const Pool pool(*this);
    loop();
  }
  run_tasks();
  transport_->close(linger);
}

void Node::loop() {
  while (!stopping_) {
    run_tasks();
    const bool busy = options_.threads == 0 && run_one_cell();
    // A wait without end is safe: whatever turns up from another thread wakes the transport.
    auto received =
        transport_->receive(busy || broken_ ? std::optional(std::chrono::milliseconds(0)) : std::nullopt);
    for (int i = 0; received && i < kDrainMax; ++i) {
      receive(*received);
      received = transport_->receive(std::chrono::milliseconds(0));
    }
    if (received) receive(*received);
    if (const auto why = std::exchange(broken_, std::nullopt)) options_.on_broken_link(*why);
  }
}

void Node::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  runnable_.notify_all();
  transport_->wake();
}

void Node::post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  transport_->wake();
}

void Node::run_tasks() {
  std::deque<std::function<void()>> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) task();
}

void Node::schedule(std::shared_ptr<Cell> cell) {
  {
    std::lock_guard lock(mutex_);
    run_queue_.push_back(std::move(cell));
  }
  if (options_.threads > 0) {
    runnable_.notify_one();
  } else if (!on_loop()) {
    transport_->wake();
  }
}

// True if there may be more to run.
bool Node::run_one_cell() {
  std::shared_ptr<Cell> cell;
  {
    std::lock_guard lock(mutex_);
    if (run_queue_.empty()) return false;
    cell = std::move(run_queue_.front());
    run_queue_.pop_front();
  }
  cell->run();
  std::lock_guard lock(mutex_);
  return !run_queue_.empty() || !tasks_.empty();
}

void Node::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    runnable_.wait(lock, [this] { return stopping_ || !run_queue_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<Cell> cell = std::move(run_queue_.front());
    run_queue_.pop_front();
    lock.unlock();
    cell->run();
    lock.lock();
  }
}

ActorId Node::adopt(const std::string& name, std::unique_ptr<Actor> actor) {
  std::lock_guard lock(mutex_);
  ActorId id;
  id.node = options_.id;
  id.index = next_index_++;
  cells_[id.index] =
      std::make_shared<Cell>(*this, id, name, std::move(actor), options_.make_log(name),
                             [this](std::shared_ptr<Cell> cell) { schedule(std::move(cell)); });
  return id;
}

ActorId Node::construct(const std::string& class_name, const std::string& name, const Bytes& arguments) {
  const ClassEntry* entry = registry_.find_class(class_name);
  if (entry == nullptr) throw Error("no actor class is called " + class_name);
  const NodeScope scope(this);
  return adopt(name, entry->construct(arguments));
}

std::shared_ptr<Cell> Node::find(std::uint32_t index) const {
  std::lock_guard lock(mutex_);
  const auto found = cells_.find(index);
  return found == cells_.end() ? nullptr : found->second;
}

void Node::add_peer(NodeId peer, const Address& address) {
  const auto add = [this, peer, address] {
    Peer& known = peers_[peer];
    if (known.lost || known.connected) return;
    transport_->connect(peer, address);
    known.connected = true;
    std::deque<Message> unsent = std::move(known.unsent);
    for (Message& message : unsent) emit(peer, std::move(message));
  };
  on_loop() ? add() : post(add);
}

void Node::remove_peer(NodeId peer, const std::string& cause) {
  const auto remove = [this, peer, cause] {
    Peer& known = peers_[peer];
    if (known.lost) return;
    known.lost = cause;
    known.unsent.clear();
    transport_->disconnect(peer);
    fail_calls(peer, cause);
  };
  on_loop() ? remove() : post(remove);
}

std::shared_ptr<FutureState> Node::call(ActorId target, const std::string& name, MethodId method,
                                        Bytes arguments) {
  const MethodEntry* entry = registry_.find_method(method);
  auto state = std::make_shared<FutureState>(this, name + (entry == nullptr ? "" : "." + entry->name));
  const bool here = target.node == options_.id;
  if (here && Executor::current() != nullptr) {  // caller and actor end together
    deliver_here(target.index, method, std::move(arguments),
                 ReplySlot([state](Bytes body, const Failure* failure) {
                   failure == nullptr ? state->fulfil(std::move(body)) : state->fail(*failure);
                 }));
    return state;
  }
  Envelope envelope;
  envelope.kind = Envelope::Kind::kCall;
  envelope.actor = target.index;
  envelope.method = method;
  {
    std::unique_lock lock(mutex_);
    if (ended_) {
      lock.unlock();
      state->fail(Failure(Failure::Kind::kDied, name, kEnded));
      return state;
    }
    envelope.call = next_call_++;
    pending_.emplace(envelope.call, Pending{state, target.node, name});
  }
  if (here) {
    deliver_here(target.index, method, std::move(arguments),
                 ReplySlot([this, call = envelope.call](Bytes body, const Failure* failure) {
                   settle(call, std::move(body), failure);
                 }));
  } else {
    transmit(target.node, Message(envelope, std::move(arguments)));
  }
  return state;
}

void Node::tell(ActorId target, MethodId method, Bytes arguments) {
  if (target.node == options_.id)
    return deliver_here(target.index, method, std::move(arguments), ReplySlot());
  Envelope envelope;
  envelope.kind = Envelope::Kind::kTell;
  envelope.actor = target.index;
  envelope.method = method;
  transmit(target.node, Message(envelope, std::move(arguments)));
}

void Node::deliver_here(std::uint32_t index, MethodId method, Bytes arguments, ReplySlot reply) {
  const std::shared_ptr<Cell> cell = find(index);
  const MethodEntry* entry = registry_.find_method(method);
  if (cell == nullptr || entry == nullptr) {
    const std::string actor = cell == nullptr ? "actor " + std::to_string(index) : cell->name();
    const char* what = cell == nullptr ? "is not on this node" : "has no such method";
    if (!reply.wanted()) log_->warn("dropped a message: " + actor + " " + what);
    reply.failure(Failure(Failure::Kind::kRefused, actor, what));
    return;
  }
  cell->deliver(Delivery{entry, std::move(arguments), std::move(reply)});
}

void Node::transmit(NodeId peer, Message message) {
  if (on_loop()) return emit(peer, std::move(message));
  post([this, peer, message = std::move(message)]() mutable { emit(peer, std::move(message)); });
}

void Node::emit(NodeId peer, Message message) {
  Peer& known = peers_[peer];
  if (known.lost) {
    if (message.envelope.kind == Envelope::Kind::kCall) {
      if (auto pending = take_pending(message.envelope.call)) {
        pending->state->fail(Failure(Failure::Kind::kDied, pending->actor, *known.lost));
      }
    }
    return;
  }
  if (!known.connected) {
    if (known.unsent.size() == kUnsentMax) throw Error("too many messages for a node that is not known yet");
    known.unsent.push_back(std::move(message));
    return;
  }
  FrameHeader header;
  header.run = options_.run;
  header.source = options_.id;
  header.destination = peer;
  header.sequence = known.link.next_out();
  const Bytes frame = encode(header, message);
  sent_bytes_ += frame.size();
  if (transport_->send(peer, frame) != SendResult::kQueued) {
    broken_ = "the queue to node " + std::to_string(peer) + " is full";
  }
}

void Node::receive(const Received& received) {
  Frame frame;
  try {
    frame = decode_frame(received.frame);
  } catch (const DecodeError& error) {
    log_->warn(std::string("dropped a frame: ") + error.what());
    return;
  }
  const FrameHeader& header = frame.header;
  const bool forged = received.authenticated && *received.authenticated != header.source;
  if (forged || header.run != options_.run || header.destination != options_.id) {
    log_->warn("dropped a frame that names node " + std::to_string(header.source) + ": " +
               (forged ? "another node's key signed it" : "it is not of this run or not for this node"));
    return;
  }
  received_bytes_ += received.frame.size();
  Peer& peer = peers_[header.source];
  if (peer.lost) return;
  switch (peer.link.receive(header.sequence)) {
    case Link::Verdict::kDuplicate:
      return;
    case Link::Verdict::kGap:
      broken_ = "frames " + std::to_string(peer.link.received() + 1) + " to " +
                std::to_string(header.sequence - 1) + " from node " + std::to_string(header.source) +
                " were lost on the way";
      return;
    case Link::Verdict::kNext:
      break;
  }
  for (Message& message : frame.messages) dispatch(header.source, std::move(message));
}

void Node::dispatch(NodeId source, Message message) {
  const Envelope& envelope = message.envelope;
  switch (envelope.kind) {
    case Envelope::Kind::kTell:
      return deliver_here(envelope.actor, envelope.method, std::move(message.body), ReplySlot());
    case Envelope::Kind::kCall:
      return deliver_here(envelope.actor, envelope.method, std::move(message.body),
                          reply_to(source, envelope.call));
    case Envelope::Kind::kAnswer:
    case Envelope::Kind::kFailure:
      return answer(message);
  }
  log_->warn("dropped a message of an unknown kind from node " + std::to_string(source));
}

ReplySlot Node::reply_to(NodeId source, std::uint64_t call) {
  return ReplySlot([this, source, call](Bytes body, const Failure* failure) {
    Envelope envelope;
    envelope.kind = failure == nullptr ? Envelope::Kind::kAnswer : Envelope::Kind::kFailure;
    envelope.call = call;
    transmit(source, Message(envelope, failure == nullptr ? std::move(body) : pack(*failure)));
  });
}

void Node::answer(const Message& message) {
  const auto pending = take_pending(message.envelope.call);
  if (!pending) return;  // nobody waits any more
  if (message.envelope.kind == Envelope::Kind::kAnswer) return pending->state->fulfil(message.body);
  try {
    pending->state->fail(unpack<Failure>(message.body));
  } catch (const DecodeError& error) {
    pending->state->fail(Failure(Failure::Kind::kRefused, pending->actor, error.what()));
  }
}

std::optional<Node::Pending> Node::take_pending(std::uint64_t call) {
  std::lock_guard lock(mutex_);
  const auto found = pending_.find(call);
  if (found == pending_.end()) return std::nullopt;
  Pending pending = std::move(found->second);
  pending_.erase(found);
  return pending;
}

// From an actor of this node, to a caller outside.
void Node::settle(std::uint64_t call, Bytes body, const Failure* failure) {
  const auto pending = take_pending(call);
  if (!pending) return;
  failure == nullptr ? pending->state->fulfil(std::move(body)) : pending->state->fail(*failure);
}

void Node::end_calls() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  fail_calls(std::nullopt, kEnded);
}

void Node::fail_calls(std::optional<NodeId> peer, const std::string& cause) {
  std::vector<Pending> failed;
  {
    std::lock_guard lock(mutex_);
    for (auto each = pending_.begin(); each != pending_.end();) {
      if (!peer || each->second.node == *peer) {
        failed.push_back(std::move(each->second));
        each = pending_.erase(each);
      } else {
        ++each;
      }
    }
  }
  for (Pending& each : failed) each.state->fail(Failure(Failure::Kind::kDied, each.actor, cause));
}

}  // namespace wisp::runtime
