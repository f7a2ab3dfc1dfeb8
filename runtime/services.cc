#include "runtime/services.h"

namespace wisp::runtime {

namespace {

// Keeps a name from being taken for as long as it lives.
class Reservation {
 public:
  Reservation(std::set<std::string>& names, const std::string& name)
      : names_(names), name_(names.insert(name).first) {}
  ~Reservation() { names_.erase(name_); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

 private:
  std::set<std::string>& names_;
  const std::set<std::string>::iterator name_;
};

}  // namespace

void register_services(Registry& registry) {
  registry.actor<NodeService>("wisp.node")
      .method<&NodeService::spawn>("spawn")
      .method<&NodeService::add_peers>("add_peers")
      .method<&NodeService::remove_peer>("remove_peer")
      .method<&NodeService::stop>("stop");
  registry.actor<DriverService>("wisp.driver")
      .method<&DriverService::join>("join")
      .method<&DriverService::spawn>("spawn")
      .method<&DriverService::lose>("lose")
      .method<&DriverService::get_actor>("get_actor")
      .method<&DriverService::enter>("enter");
}

ActorId NodeService::spawn(std::string class_name, std::string name, Bytes arguments) {
  return context().node().construct(class_name, name, arguments);
}

void NodeService::add_peers(std::vector<PeerInfo> peers) {
  for (const PeerInfo& peer : peers) {
    if (peer.node != context().node().id()) context().node().add_peer(peer.node, peer.address);
  }
}

void NodeService::remove_peer(NodeId peer, std::string cause) { context().node().remove_peer(peer, cause); }

void NodeService::stop() { context().node().stop(); }

NodeId Directory::expect(const std::string& name) {
  std::lock_guard lock(mutex_);
  const NodeId node = next_++;
  entries_[node].name = name;
  return node;
}

void Directory::join(const Hello& hello) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(hello.node);
  if (found == entries_.end() || found->second.lost || found->second.joined) {
    throw Error("node " + std::to_string(hello.node) + " is not expected");
  }
  found->second.joined = PeerInfo(hello.node, hello.address);
  ++version_;
  changed_.notify_all();
}

void Directory::lose(NodeId node) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(node);
  if (found == entries_.end()) return;
  found->second.lost = true;
  ++version_;
  changed_.notify_all();
}

std::vector<std::string> Directory::missing(const std::vector<NodeId>& wanted) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const NodeId node : wanted) {
    const Entry& entry = entries_.at(node);
    if (!entry.joined) names.push_back(entry.name);
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
    if (entry.joined && !entry.lost) peers.push_back(*entry.joined);
  }
  return peers;
}

std::optional<NodeId> Directory::find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  for (const auto& [node, entry] : entries_) {
    if (entry.name == name && !entry.lost) return node;
  }
  return std::nullopt;
}

std::vector<PeerInfo> DriverService::join(Hello hello) {
  Node& node = context().node();
  node.add_peer(hello.node, hello.address);  // a refusal has to find its way too
  if (hello.fingerprint != fingerprint_) {
    throw Error("it was started for '" + hello.fingerprint + "', the driver for '" + fingerprint_ + "'");
  }
  const std::vector<PeerInfo> before = directory_->joined();
  directory_->join(hello);
  const std::vector<PeerInfo> newcomer = {PeerInfo(hello.node, hello.address)};
  for (const PeerInfo& peer : before) service_of(node, peer.node).tell<&NodeService::add_peers>(newcomer);
  return before;
}

Task<ActorRef> DriverService::spawn(SpawnRequest request) {
  if (actors_.contains(request.name) || spawning_.contains(request.name)) {
    throw Error("an actor is called " + request.name + " already");
  }
  const Reservation name(spawning_, request.name);  // others may ask for it while this waits
  Node& node = context().node();
  ActorId id;
  if (request.node.empty()) {
    id = node.construct(request.class_name, request.name, request.arguments);
  } else {
    const auto where = directory_->find(request.node);
    if (!where) throw Error("no node is called " + request.node);
    const auto service = service_of(node, *where);
    auto answer = service.call<&NodeService::spawn>(request.class_name, request.name, request.arguments);
    const ActorId spawned = co_await answer;
    id = spawned;
  }
  const ActorRef actor(id, request.name);
  actors_[request.name] = actor;
  co_return actor;
}

void DriverService::lose(NodeId lost, std::string cause) {
  directory_->lose(lost);
  Node& node = context().node();
  node.remove_peer(lost, cause);
  for (const PeerInfo& peer : directory_->joined()) {
    service_of(node, peer.node).tell<&NodeService::remove_peer>(lost, cause);
  }
}

ActorRef DriverService::get_actor(std::string name) {
  const auto found = actors_.find(name);
  if (found == actors_.end()) throw Error("no actor is called " + name);
  return found->second;
}

void DriverService::enter(ActorRef actor) { actors_[actor.name] = actor; }

}  // namespace wisp::runtime
