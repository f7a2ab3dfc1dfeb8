#include "runtime/services.h"

#include <algorithm>

namespace wisp::runtime {

// Keeps a name from being taken for as long as it lives; then tells who waits for it.
class DriverService::Reservation {
 public:
  Reservation(DriverService& service, std::string name) : service_(service), name_(std::move(name)) {
    service_.spawning_[name_];
  }
  ~Reservation() {
    const auto waiting = service_.spawning_.extract(name_);
    for (const Promise<void>& each : waiting.mapped()) each.set();
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

 private:
  DriverService& service_;
  const std::string name_;
};

void register_services(Registry& registry) {
  registry.actor<NodeService>("wisp.node")
      .method<&NodeService::spawn>("spawn")
      .method<&NodeService::add_peers>("add_peers")
      .method<&NodeService::remove_peer>("remove_peer")
      .method<&NodeService::move>("move")
      .method<&NodeService::end>("end")
      .method<&NodeService::sync>("sync")
      .method<&NodeService::find_unreachable>("find_unreachable")
      .method<&NodeService::disturb>("disturb")
      .method<&NodeService::stop>("stop");
  registry.actor<DriverService>("wisp.driver")
      .method<&DriverService::join>("join")
      .method<&DriverService::spawn>("spawn")
      .method<&DriverService::lose>("lose")
      .method<&DriverService::get_actor>("get_actor")
      .method<&DriverService::enter>("enter")
      .method<&DriverService::leave>("leave")
      .method<&DriverService::give_up>("give_up");
}

// Not awaited by the start: the driver may want something of this node before it answers.
Task<void> NodeService::on_start() {
  if (on_failure_) context().begin(join());
  return {};
}

Task<void> NodeService::join() {
  try {
    auto answer = driver_of(context().node()).call<&DriverService::join>(hello_);
    answer.within(deadline_);
    const std::vector<PeerInfo> peers = co_await answer;
    add_peers(peers);
    if (on_joined_) on_joined_();
  } catch (const Error& error) {
    on_failure_(error.what());
  }
}

ActorId NodeService::spawn(SpawnRequest request) {
  return context().node().construct(request.class_name, request.name, request.arguments, request.cell);
}

void NodeService::add_peers(std::vector<PeerInfo> peers) {
  Node& node = context().node();
  for (const PeerInfo& peer : peers) {
    if (peer.node == node.id()) continue;
    node.allow(peer.node, peer.address.public_key);
    node.add_peer(peer.node, peer.address);
  }
}

void NodeService::remove_peer(NodeId peer, std::string cause) { context().node().remove_peer(peer, cause); }

void NodeService::move(std::string name, ActorId id) { context().node().deliveries().move(name, id); }
void NodeService::end(std::string name, std::string cause) { context().node().deliveries().end(name, cause); }

void NodeService::disturb(Disturbance disturbance) {
  if (on_disturbed_) on_disturbed_(disturbance);
}

void NodeService::stop() { context().node().stop(); }

Task<std::vector<NodeId>> NodeService::find_unreachable(std::vector<NodeId> peers, std::int64_t deadline) {
  std::vector<Future<void>> answers;
  for (const NodeId peer : peers) {
    answers.push_back(service_of(context().node(), peer).call<&NodeService::sync>());
  }
  const std::vector<std::size_t> heard =
      co_await wait(answers, answers.size(), std::chrono::milliseconds(deadline));
  for (auto each = heard.rbegin(); each != heard.rend(); ++each) {
    peers.erase(peers.begin() + static_cast<std::ptrdiff_t>(*each));
  }
  co_return peers;
}

NodeId Directory::expect(const std::string& name, const std::string& host, const std::string& public_key) {
  std::lock_guard lock(mutex_);
  const NodeId node = next_++;
  Entry& entry = entries_[node];
  entry.name = name;
  entry.host = host;
  entry.public_key = public_key;
  return node;
}

void Directory::join(const Hello& hello) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(hello.node);
  if (found == entries_.end() || found->second.lost || found->second.joined) {
    throw Error("node " + std::to_string(hello.node) + " is not expected");
  }
  const std::string& key = found->second.public_key;
  if (!key.empty() && key != hello.address.public_key) {
    throw Error("node " + std::to_string(hello.node) + " has another public key than it was given");
  }
  found->second.joined = PeerInfo(hello.node, hello.address);
  ++version_;
  changed_.notify_all();
}

void Directory::lose(NodeId node) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(node);
  if (found == entries_.end()) return;
  if (found->second.joined) {
    entries_.erase(found);  // or they would pile up where nodes come and go
  } else {
    found->second.lost = true;  // whoever waits for it asks for its name
  }
  ++version_;
  changed_.notify_all();
}

std::vector<std::string> Directory::missing(const std::vector<NodeId>& wanted) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const NodeId node : wanted) {
    const auto found = entries_.find(node);  // those that have joined and are lost are not there
    if (found != entries_.end() && !found->second.joined) names.push_back(found->second.name);
  }
  return names;
}

bool Directory::wait_for_change(std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  const bool changed = changed_.wait_for(lock, deadline, [this] { return version_ != seen_; });
  seen_ = version_;
  return changed;
}

std::vector<PeerInfo> Directory::joined() const {
  std::lock_guard lock(mutex_);
  std::vector<PeerInfo> peers;
  for (const auto& [node, entry] : entries_) {
    if (entry.joined) peers.push_back(*entry.joined);
  }
  return peers;
}

std::string Directory::endpoint_of(NodeId node) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(node);
  return found == entries_.end() || !found->second.joined ? "" : found->second.joined->address.endpoint;
}

std::optional<NodeId> Directory::find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  for (const auto& [node, entry] : entries_) {
    if (entry.name == name && !entry.lost) return node;
  }
  return std::nullopt;
}

std::vector<NodeId> Directory::on_host(const std::string& host) const {
  std::lock_guard lock(mutex_);
  std::vector<NodeId> nodes;
  for (const auto& [node, entry] : entries_) {
    if (entry.joined && (host.empty() || entry.host == host)) nodes.push_back(node);
  }
  return nodes;
}

std::vector<PeerInfo> DriverService::join(Hello hello) {
  Node& node = context().node();
  node.add_peer(hello.node, hello.address);  // a refusal has to find its way too
  if (hello.fingerprint != fingerprint_) {
    throw Error("it was started for '" + hello.fingerprint + "', the driver for '" + fingerprint_ + "'");
  }
  const std::vector<PeerInfo> before = directory_->joined();
  directory_->join(hello);
  if (heart_ != nullptr) heart_->watch(hello.node);
  const std::vector<PeerInfo> newcomer = {PeerInfo(hello.node, hello.address)};
  for (const PeerInfo& peer : before)
    service_of(node, peer.node).must_tell<&NodeService::add_peers>(newcomer);
  for (const auto& [name, actor] : actors_) {
    if (actor.saved) service_of(node, hello.node).must_tell<&NodeService::move>(name, actor.id);
  }
  return before;
}

std::size_t DriverService::actors_of(NodeId node) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(actors_, [node](const auto& each) { return each.second.id.node == node; }));
}

NodeId DriverService::choose(const Where& where) const {
  if (!where.node.empty()) {
    if (const auto node = directory_->find(where.node)) return *node;
    throw Error("no node is called " + where.node);
  }
  if (where.host.empty() && where.kind.empty()) return context().node().id();
  const std::vector<NodeId> nodes = directory_->on_host(where.host);
  if (nodes.empty())
    throw Error(where.host.empty() ? "there is no node yet" : "no node runs on host " + where.host);
  if (where.kind == "pack") {
    const auto used = std::ranges::find_if(nodes, [this](NodeId node) { return actors_of(node) > 0; });
    return used == nodes.end() ? nodes.front() : *used;
  }
  if (!where.kind.empty() && where.kind != "spread")
    throw Error("no placement is called " + where.kind + " (spread | pack)", Fault::kConfig);
  return *std::ranges::min_element(nodes, {}, [this](NodeId node) { return actors_of(node); });
}

// Whether the actor that bears the name has ended: who was told so may ask for the name before the word is
// here.
Task<void> DriverService::hear_of(std::string name) {
  const auto found = actors_.find(name);
  if (found == actors_.end() || found->second.id.node == context().node().id()) co_return;
  try {
    auto answer = service_of(context().node(), found->second.id.node).call<&NodeService::sync>();
    co_await answer;
  } catch (const ActorDied&) {  // the name went with its node
  }
}

Task<ActorRef> DriverService::spawn(SpawnRequest request) {
  co_await hear_of(request.name);
  while (request.get_if_exists && spawning_.contains(request.name)) {
    const Promise<void> made("the actor " + request.name);
    spawning_[request.name].push_back(made);
    auto waited = made.future();
    co_await waited;
  }
  const auto existing = actors_.find(request.name);
  if (existing != actors_.end() && request.get_if_exists) co_return existing->second;
  if (existing != actors_.end() || spawning_.contains(request.name)) {
    throw Error("an actor is called " + request.name + " already");
  }
  const Reservation name(*this, request.name);  // others may ask for it while this waits
  ActorRef actor = co_await make(std::move(request));
  actors_[actor.name] = actor;
  if (actor.saved) {
    Node& node = context().node();
    node.deliveries().move(actor.name, actor.id);
    for (const PeerInfo& peer : directory_->joined())
      service_of(node, peer.node).must_tell<&NodeService::move>(actor.name, actor.id);
  }
  co_return actor;
}

Task<ActorRef> DriverService::make(SpawnRequest request) {
  Node& node = context().node();
  const NodeId where = choose(request.where);
  ActorRef actor(ActorId(), request.name, request.cell.saved);
  if (where == node.id()) {
    actor.id = node.construct(request.class_name, request.name, request.arguments, request.cell);
  } else {
    auto answer = service_of(node, where).call<&NodeService::spawn>(std::move(request));
    actor.id = co_await answer;
    const bool is_lost =
        std::ranges::none_of(directory_->joined(), [&](const auto& each) { return each.node == where; });
    if (is_lost) throw ActorDied(Failure(Failure::Kind::kDied, actor.name, "its node has ended"));
  }
  co_return actor;
}

void DriverService::lose(NodeId lost, std::string cause) {
  directory_->lose(lost);
  std::erase_if(actors_, [lost](const auto& each) { return each.second.id.node == lost; });
  Node& node = context().node();
  node.remove_peer(lost, cause);
  for (const PeerInfo& peer : directory_->joined()) {
    service_of(node, peer.node).must_tell<&NodeService::remove_peer>(lost, cause);
  }
}

ActorRef DriverService::get_actor(std::string name) {
  const auto found = actors_.find(name);
  if (found == actors_.end()) throw Error("no actor is called " + name);
  return found->second;
}

void DriverService::enter(ActorRef actor) { actors_[actor.name] = actor; }

void DriverService::leave(ActorId actor, std::string name, std::string cause) {
  const auto found = actors_.find(name);
  if (found == actors_.end() || found->second.id != actor) return;
  const bool for_good = found->second.saved && cause == kStopped;
  actors_.erase(found);
  if (for_good) give_up(name, cause);
}

void DriverService::give_up(std::string name, std::string cause) {
  Node& node = context().node();
  node.deliveries().end(name, cause);
  for (const PeerInfo& peer : directory_->joined())
    service_of(node, peer.node).must_tell<&NodeService::end>(name, cause);
}

}  // namespace wisp::runtime
