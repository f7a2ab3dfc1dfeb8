#pragma once
// The actors through which nodes speak to each other about nodes and actors: actor 0 of each node.
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/handle.h"

namespace wisp::runtime {

struct PeerInfo {
  PeerInfo() = default;
  PeerInfo(NodeId peer, Address where) : node(peer), address(std::move(where)) {}
  NodeId node = 0;
  Address address;
  template <class F>
  void fields(F& f) {
    f(node, address);
  }
};

// What a node says when it joins.
struct Hello {
  Hello() = default;
  NodeId node = 0;
  std::uint64_t pid = 0;
  Address address;
  std::string fingerprint;  // the program and the job it was started for
  template <class F>
  void fields(F& f) {
    f(node, pid, address, fingerprint);
  }
};

// An actor as it is known to the driver, by name.
struct ActorRef {
  ActorRef() = default;
  ActorRef(ActorId actor, std::string actor_name) : id(actor), name(std::move(actor_name)) {}
  ActorId id;
  std::string name;
  template <class F>
  void fields(F& f) {
    f(id, name);
  }  // the layout of Handle
};

struct SpawnRequest {
  SpawnRequest() = default;
  std::string class_name;
  std::string name;
  std::string node;  // the node's name; empty: the driver's
  Bytes arguments;
  template <class F>
  void fields(F& f) {
    f(class_name, name, node, arguments);
  }
};

// Actor 0 of every node but the driver's.
class NodeService : public Actor {
 public:
  using Constructor = void();
  ActorId spawn(std::string class_name, std::string name, Bytes arguments);
  void add_peers(std::vector<PeerInfo> peers);
  void remove_peer(NodeId peer, std::string cause);
  void stop();
};

// Who may be there, who is, and who is called what. Shared by the driver's service and the thread that waits
// for nodes; thread-safe.
class Directory {
 public:
  struct Entry {
    std::string name;
    std::optional<PeerInfo> joined;
    bool lost = false;
  };

  NodeId expect(const std::string& name);
  // Throws Error if nobody expects such a node, or it has joined before.
  void join(const Hello& hello);
  void lose(NodeId node);
  // Nodes of `wanted` that have not joined.
  std::vector<std::string> missing(const std::vector<NodeId>& wanted) const;
  bool wait_for_change(std::chrono::milliseconds deadline);
  std::vector<PeerInfo> joined() const;  // and not lost
  std::optional<NodeId> find(const std::string& name) const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t version_ = 0;
  std::uint64_t seen_ = 0;
  std::map<NodeId, Entry> entries_;
  NodeId next_ = 1;
};

// Actor 0 of the driver: the name service.
class DriverService : public Actor {
 public:
  using Constructor = void();
  DriverService() = default;
  DriverService(Directory& directory, std::string fingerprint)
      : directory_(&directory), fingerprint_(std::move(fingerprint)) {}
  // Answers with the nodes that have joined so far; they learn of the new one.
  std::vector<PeerInfo> join(Hello hello);
  Task<ActorRef> spawn(SpawnRequest request);
  void lose(NodeId node, std::string cause);
  // Throws Error if no actor has that name.
  ActorRef get_actor(std::string name);
  void enter(ActorRef actor);

 private:
  Directory* directory_ = nullptr;
  std::string fingerprint_;
  std::map<std::string, ActorRef> actors_;
  std::set<std::string> spawning_;  // names whose actor is on its way
};

// Makes both known; every registry that nodes use needs it.
void register_services(Registry& registry);

inline Handle<NodeService> service_of(Node& node, NodeId of) {
  ActorId id;
  id.node = of;
  return Handle<NodeService>(node, id, "node-" + std::to_string(of));
}
inline Handle<DriverService> driver_of(Node& node) {
  return Handle<DriverService>(node, ActorId(), "driver");
}

}  // namespace wisp::runtime
