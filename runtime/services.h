#pragma once
// The actors through which nodes speak to each other about nodes and actors: actor 0 of each node.
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/disturbances.h"
#include "runtime/handle.h"
#include "runtime/heart.h"

namespace wisp::runtime {

// Its address has the public key by which it is let in.
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
  ActorRef(ActorId actor, std::string actor_name, bool is_saved = false)
      : id(actor), name(std::move(actor_name)), saved(is_saved) {}
  ActorId id;
  std::string name;
  bool saved = false;
  template <class F>
  void fields(F& f) {
    f(id, name, saved);
  }  // the layout of Handle
};

// Where an actor goes: at most one of them is set; none: the driver's node.
struct Where {
  Where() = default;
  std::string node;  // of this name
  std::string host;  // the node of this host that has the fewest actors
  std::string kind;  // spread: the node that has the fewest | pack: the first that has any, else the first
  template <class F>
  void fields(F& f) {
    f(node, host, kind);
  }
};

struct SpawnRequest {
  SpawnRequest() = default;
  std::string class_name;
  std::string name;
  Where where;
  bool get_if_exists = false;
  CellOptions cell;
  Bytes arguments;
  template <class F>
  void fields(F& f) {
    f(class_name, name, where, get_if_exists, cell, arguments);
  }
};

// Actor 0 of every node but the driver's. Joins the driver when it starts.
class NodeService : public Actor {
 public:
  using Constructor = void();
  NodeService() = default;
  // `on_failure` is called, in a turn, if the driver refuses or does not answer within `deadline`.
  NodeService(Hello hello, std::chrono::nanoseconds deadline, std::function<void()> on_joined,
              std::function<void(const std::string& why)> on_failure,
              std::function<void(const Disturbance&)> on_disturbed = nullptr)
      : hello_(std::move(hello)),
        deadline_(deadline),
        on_joined_(std::move(on_joined)),
        on_failure_(std::move(on_failure)),
        on_disturbed_(std::move(on_disturbed)) {}

  Task<void> on_start() override;
  ActorId spawn(SpawnRequest request);
  // They are let in, and can be sent to.
  void add_peers(std::vector<PeerInfo> peers);
  void remove_peer(NodeId peer, std::string cause);
  // A saving actor has a new incarnation; or has ended for good.
  void move(std::string name, ActorId id);
  void end(std::string name, std::string cause);
  // Answers: what this node has told the caller before has come by then.
  void sync() {}
  // Which of `peers` do not answer within so many milliseconds: one of the two ways between them and here is
  // closed.
  Task<std::vector<NodeId>> find_unreachable(std::vector<NodeId> peers, std::int64_t deadline);
  // Of the frames of this node, if it was started to be disturbed.
  void disturb(Disturbance disturbance);
  void stop();

 private:
  Task<void> join();

  Hello hello_;
  std::chrono::nanoseconds deadline_{0};
  std::function<void()> on_joined_;
  std::function<void(const std::string& why)> on_failure_;
  std::function<void(const Disturbance&)> on_disturbed_;
};

// Who may be there, who is, and who is called what. Shared by the driver's service and the thread that waits
// for nodes; thread-safe.
class Directory {
 public:
  struct Entry {
    std::string name;
    std::string host;
    std::string public_key;  // by which it will prove who it is; empty: not known
    std::optional<PeerInfo> joined;
    bool lost = false;  // before it joined; those that had joined are forgotten
  };

  NodeId expect(const std::string& name, const std::string& host, const std::string& public_key = "");
  // Throws Error if nobody expects such a node, it has joined before, or names a key that is not its own.
  void join(const Hello& hello);
  void lose(NodeId node);
  // Nodes of `wanted` that have not joined.
  std::vector<std::string> missing(const std::vector<NodeId>& wanted) const;
  bool wait_for_change(std::chrono::milliseconds deadline);
  std::vector<PeerInfo> joined() const;  // and not lost
  // Empty unless it has joined, and is not lost.
  std::string endpoint_of(NodeId node) const;
  std::optional<NodeId> find(const std::string& name) const;
  // Nodes that have joined and are not lost, of that host, or of all where it is empty.
  std::vector<NodeId> on_host(const std::string& host) const;

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
  // `heart` may be null.
  DriverService(Directory& directory, std::string fingerprint, DriverHeart* heart)
      : directory_(&directory), fingerprint_(std::move(fingerprint)), heart_(heart) {}
  // Answers with the nodes that have joined so far; they learn of the new one.
  std::vector<PeerInfo> join(Hello hello);
  Task<ActorRef> spawn(SpawnRequest request);
  void lose(NodeId node, std::string cause);
  // Throws Error if no actor has that name.
  ActorRef get_actor(std::string name);
  void enter(ActorRef actor);
  // An actor has ended: its name is free. One that saves itself may come back under it.
  void leave(ActorId actor, std::string name, std::string cause);
  // A saving actor will not come back: who waits for it is told.
  void give_up(std::string name, std::string cause);

 private:
  class Reservation;
  NodeId choose(const Where& where) const;
  std::size_t actors_of(NodeId node) const;
  Task<ActorRef> make(SpawnRequest request);
  Task<void> hear_of(std::string name);

  Directory* directory_ = nullptr;
  std::string fingerprint_;
  DriverHeart* heart_ = nullptr;
  std::map<std::string, ActorRef> actors_;
  std::map<std::string, std::vector<Promise<void>>>
      spawning_;  // names whose actor is on its way, and who waits
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
