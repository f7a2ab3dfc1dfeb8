#pragma once
// Node: the actors of one process, the threads that run them, and their links to other nodes.
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "runtime/calls.h"
#include "runtime/cell.h"
#include "runtime/deliveries.h"
#include "runtime/link.h"
#include "runtime/node_set.h"
#include "runtime/peers.h"
#include "runtime/registry.h"
#include "runtime/saved_state.h"
#include "runtime/scheduler.h"
#include "runtime/scratch.h"
#include "runtime/timers.h"
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
  // Where people find an actor's log; empty: not known.
  std::function<std::string(const std::string& actor)> log_path;
  LinkLimits limits;
  LinkFaults faults;
  // Where saving actors keep what outlives them. Null: none can be spawned here.
  Disk* disk = nullptr;
  std::filesystem::path saved_folder;
  SavingFaults saving_faults;
  std::uint32_t stream_window = 1024;  // messages to a saving actor that are out at once, of one sender
  // Called, on the loop thread, when another node takes this one for dead. May throw Fenced, which ends the
  // loop.
  std::function<void(const std::string& why)> on_fenced;
  // Called, on the thread that ran it last, when an actor has ended.
  std::function<void(ActorId actor, const std::string& name, const std::string& cause)> on_actor_ended;
  // In a simulated world nobody can block: runs the world until the answer is there or `deadline` has passed.
  std::function<void(const FutureState& state, std::chrono::nanoseconds deadline)> drive;
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
  Traffic traffic() const { return peers_.traffic(); }
  std::unique_ptr<Tap> open_tap(const std::string& endpoint, const TapLimits& limits) {
    return transport_->open_tap(endpoint, limits);
  }
  // Messages that actors have taken, since the beginning: what a heartbeat says of progress.
  std::uint64_t progress() const { return progress_.load(std::memory_order_relaxed); }
  Scheduler& scheduler() { return scheduler_; }
  Timers& timers() { return timers_; }

  // Serves until stop(), then sees to it that what was sent has arrived, for at most `linger`, and closes.
  // When it ends, by stop() or by an exception, calls that have no answer yet, and later ones, fail (kDied):
  // nobody waits in vain.
  void run(std::chrono::milliseconds linger = std::chrono::milliseconds(200));
  void stop();
  // For a simulated world, in place of run(): handles what there is to handle at the clock's time, waiting
  // for nothing. False if there was nothing.
  bool step();
  // When step() wants to be called again though nothing arrives.
  std::optional<std::chrono::nanoseconds> deadline() const;
  // stop() was called: step() is over, and this is to be called in its place, until it is true or the linger
  // is over: all that was sent has arrived.
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  bool drain_step();
  // Ends a node that step() served, as the end of run() would.
  void end();

  // Takes in an actor; it must be registered by class only if it is to be called from elsewhere.
  ActorId adopt(const std::string& name, std::unique_ptr<Actor> actor,
                const CellOptions& options = CellOptions());
  // Constructs an actor of a registered class. Throws what the constructor throws, or Error if there is no
  // such class.
  ActorId construct(const std::string& class_name, const std::string& name, const Bytes& arguments,
                    const CellOptions& options = CellOptions());
  // Null: not here, or ended.
  Ref<Cell> find(std::uint32_t index) const;
  std::size_t actors() const;

  // A node that can be sent to from now on.
  void add_peer(NodeId peer, const Address& address);
  // Lets a node that joins late in, where nodes prove who they are (runtime/transport.h), unless it is lost.
  // An empty key is none. Any thread.
  void allow(NodeId peer, const std::string& public_key);
  // It is gone: calls to it, now and later, are answered by Failure kDied with `cause`; what still comes from
  // it is dropped, and answered by saying so; it is not let in again.
  void remove_peer(NodeId peer, const std::string& cause);
  bool is_lost(NodeId peer) const;

  // To another node, or to this one, by number. The scratch holds the packed arguments.
  void call(ActorId target, MethodId method, Ref<FutureState> state, PackedView&& packed);
  // False: there is no room, and nothing was sent.
  [[nodiscard]] bool tell(ActorId target, MethodId method, PackedView&& packed);
  // The same, whatever waits already: for what must get through. A full mailbox of another node that does not
  // block refuses it all the same.
  void must_tell(ActorId target, MethodId method, PackedView&& packed);
  // To a saving actor, by name: kept until it is durable there. `call` is null for a tell. False: so many are
  // kept that this one was not taken.
  bool send_durably(const std::string& name, ActorId known, MethodId method, PackedView&& packed,
                    Ref<FutureState> call);
  Deliveries& deliveries() { return deliveries_; }
  // What the actor whose turn it is has sent leaves now, and may be run by other threads.
  void publish();
  // What FutureState::cancel() does to the callee.
  void cancel(ActorId callee, std::uint64_t call);
  void answer(NodeId caller, std::uint64_t call, PackedView&& packed);
  void fail(NodeId caller, std::uint64_t call, const Failure& failure);
  // Answered when a message to that node may find room.
  Future<void> room(NodeId peer);

  // For Cell.
  void acknowledge(ActorId sender, const std::string& name, std::uint64_t applied, std::uint64_t durable);
  const SavingFaults& saving_faults() const { return options_.saving_faults; }
  std::uint32_t stream_window() const { return options_.stream_window; }
  void fenced(const std::string& why);
  std::unique_ptr<Log> make_log(const std::string& actor) const { return options_.make_log(actor); }
  std::string log_path(const std::string& actor) const {
    return options_.log_path ? options_.log_path(actor) : std::string();
  }
  void forget(Cell& cell, const std::string& cause);
  const CancelledCalls& cancelled_calls() const { return cancelled_calls_; }
  void count_handled(std::uint32_t messages) { progress_.fetch_add(messages, std::memory_order_relaxed); }

  // For FutureState.
  bool blocks_by_driving() const { return static_cast<bool>(options_.drive); }
  void drive_until(const FutureState& state, std::chrono::nanoseconds deadline) const {
    options_.drive(state, deadline);
  }

 private:
  friend class Peers;
  friend class DrainNote;
  class Threads;
  struct Outgoing;

  void loop();
  bool work(int turns);
  bool receive_some(bool may_wait);
  bool has_work() const;
  std::optional<std::chrono::milliseconds> wait_at_most() const;
  void drain(std::chrono::milliseconds linger);
  bool on_loop() const { return std::this_thread::get_id() == loop_.load(std::memory_order_relaxed); }
  void post(std::function<void()> task);  // runs it on the loop thread
  void run_tasks();
  void wake_if_parked();
  void end_calls();

  void transmit(NodeId peer, const Envelope& envelope, PackedView&& packed);
  struct Manner {
    ActorId sender;
    std::uint64_t number = 0;  // 0: not of a stream
    bool insists = false;      // it is taken by a full mailbox, too
  };
  void deliver_here(std::uint32_t index, MethodId method, Bytes&& arguments, Reply&& reply, DrainNote&& note,
                    Manner manner);
  void send_kept(const Deliveries::Outgoing& outgoing);
  static void kill(Cell& cell, const Bytes& cause, Reply& reply);

  // The loop thread's.
  void send_outgoing();
  void emit(NodeId peer, const Envelope& envelope, const PackedView& packed);
  void dispatch(NodeId source, MessageReader& message, Drained& drained);
  void dispatch_tells(NodeId source, MessageReader& message, Drained& drained);
  void take_answer(NodeId callee, std::uint64_t call, bool failed, Bytes body);
  void take_acknowledgement(const MessageReader& message);
  const Ref<Cell>& find_recent(std::uint32_t index);
  const MethodEntry* find_method_recent(MethodId method);
  LinkOptions link_options(NodeId peer) const;
  std::uint64_t run_id() const { return options_.run; }
  void warn(const std::string& text);
  bool drained(Drained& from, Charge charge) { return peers_.drained().add(from, charge); }

  const NodeOptions options_;
  const Registry& registry_;
  const std::unique_ptr<Transport> transport_;
  std::unique_ptr<Log> log_;
  std::atomic<std::thread::id> loop_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> parked_{false};  // the loop waits, or is about to
  std::atomic<std::uint64_t> progress_{0};
  std::atomic<bool> ended_{false};  // nothing runs any more
  Timers timers_;
  Scheduler scheduler_;
  Worker worker_;  // the loop thread's
  Calls calls_;
  CancelledCalls cancelled_calls_;
  Deliveries deliveries_;
  std::atomic<bool> some_answered_{false};  // of the calls that deliveries_ keeps

  mutable std::mutex mutex_;  // guards what follows, up to the blank line
  std::vector<std::function<void()>> tasks_;
  std::vector<Ref<Cell>> cells_;  // by index; null: ended
  std::size_t living_ = 0;
  NodeSet lost_;

  // The loop thread's: whom the last message went to.
  Ref<Cell> recent_cell_;
  MethodId recent_method_ = 0;
  const MethodEntry* recent_entry_ = nullptr;

  std::atomic<bool> has_tasks_{false};
  std::atomic<Outgoing*> outgoing_{nullptr};  // the newest first
  Peers peers_;
};

}  // namespace wisp::runtime
