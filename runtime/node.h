#pragma once
// Node: the actors of one process, the threads that run them, and their links to other nodes.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "runtime/cell.h"
#include "runtime/frame.h"
#include "runtime/future.h"
#include "runtime/link.h"
#include "runtime/registry.h"
#include "runtime/transport.h"

namespace wisp::runtime {

struct NodeOptions {
  NodeId id = 0;
  std::uint64_t run = 0;
  // Threads that run actors; 0: the loop thread does, between two looks at the transport, which is the
  // shortest way for a node of one actor.
  unsigned threads = 0;
  const Clock* clock = nullptr;
  std::function<std::unique_ptr<Log>(const std::string& actor)> make_log;
  // Called, on the loop thread, when a link has lost frames, which nothing can mend: the node is to end.
  std::function<void(const std::string& why)> on_broken_link;
};

// run() is the loop thread. What is not marked otherwise may be called from any thread.
class Node {
 public:
  // Actor 0 is the node's own service. `registry` must outlive the node.
  Node(NodeOptions options, const Registry& registry, std::unique_ptr<Transport> transport);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  NodeId id() const { return options_.id; }
  const Registry& registry() const { return registry_; }
  const Clock& clock() const { return *options_.clock; }
  Address address() const { return transport_->address(); }
  Traffic traffic() const;

  // Serves until stop(), then sends what is queued for at most `linger` and closes. When it ends, by stop()
  // or by an exception, calls from outside actors that have no answer yet, and later ones, fail (kDied):
  // nobody waits in vain.
  void run(std::chrono::milliseconds linger = std::chrono::milliseconds(200));
  void stop();

  // Takes in an actor; it must be registered by class only if it is to be called.
  ActorId adopt(const std::string& name, std::unique_ptr<Actor> actor);
  // Constructs an actor of a registered class. Throws what the constructor throws, or Error if there is no
  // such class.
  ActorId construct(const std::string& class_name, const std::string& name, const Bytes& arguments);

  // A node that can be sent to from now on.
  void add_peer(NodeId peer, const Address& address);
  // It is gone: calls to it, now and later, are answered by Failure kDied with `cause`; what still comes from
  // it is dropped.
  void remove_peer(NodeId peer, const std::string& cause);

  // `name` is the actor's, for errors. Arguments are packed as registry.h does.
  std::shared_ptr<FutureState> call(ActorId target, const std::string& name, MethodId method,
                                    Bytes arguments);
  void tell(ActorId target, MethodId method, Bytes arguments);

 private:
  struct Pending {
    std::shared_ptr<FutureState> state;
    NodeId node;
    std::string actor;
  };
  struct Peer {
    bool connected = false;
    std::optional<std::string> lost;  // why
    Link link;
    std::deque<Message> unsent;  // until the peer's address is known
  };

  class Pool;

  void loop();
  bool on_loop() const { return std::this_thread::get_id() == loop_.load(); }
  void post(std::function<void()> task);  // runs it on the loop thread
  void run_tasks();
  void schedule(std::shared_ptr<Cell> cell);
  bool run_one_cell();
  void work();  // a pool thread
  std::shared_ptr<Cell> find(std::uint32_t index) const;

  void deliver_here(std::uint32_t index, MethodId method, Bytes arguments, ReplySlot reply);
  void transmit(NodeId peer, Message message);
  void emit(NodeId peer, Message message);        // loop thread
  void receive(const Received& received);         // loop thread
  void dispatch(NodeId source, Message message);  // loop thread
  void answer(const Message& message);
  // Those to `peer`, or all.
  void fail_calls(std::optional<NodeId> peer, const std::string& cause);
  void end_calls();
  std::optional<Pending> take_pending(std::uint64_t call);
  void settle(std::uint64_t call, Bytes body, const Failure* failure);
  ReplySlot reply_to(NodeId source, std::uint64_t call);

  const NodeOptions options_;
  const Registry& registry_;
  const std::unique_ptr<Transport> transport_;
  std::unique_ptr<Log> log_;
  std::atomic<std::thread::id> loop_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> sent_bytes_{0};
  std::atomic<std::uint64_t> received_bytes_{0};

  mutable std::mutex mutex_;  // guards what follows, up to the blank line
  std::condition_variable runnable_;
  std::deque<std::function<void()>> tasks_;
  std::deque<std::shared_ptr<Cell>> run_queue_;
  std::map<std::uint32_t, std::shared_ptr<Cell>> cells_;
  std::uint32_t next_index_ = 0;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t next_call_ = 1;
  bool ended_ = false;  // nothing runs any more

  // Loop thread only.
  std::map<NodeId, Peer> peers_;
  std::optional<std::string> broken_;  // why a link is; told to on_broken_link outside of any actor's turn
};

}  // namespace wisp::runtime
