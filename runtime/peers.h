#pragma once
// Peers: the links of a node to all others, on its loop thread.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/actor.h"
#include "runtime/link.h"
#include "runtime/node_set.h"
#include "runtime/scratch.h"
#include "runtime/transport.h"

namespace wisp::runtime {

class Node;
template <class T>
class Promise;

// What a node's actors have taken of one peer's messages, and the peer has not been told yet. Any thread, but
// for what is said to be the loop's; lives as long as the node.
class Drained {
 public:
  // Collects those that have something to tell, for the loop thread.
  class List {
   public:
    // `much`: a peer's share of the window that had better return at once. `threads`: actors run on several.
    List(Charge much, bool threads) : much_(much), threads_(threads) {}
    // From now on they do.
    void use_threads() { threads_.store(true, std::memory_order_relaxed); }
    // True if the loop had better look at once.
    bool add(Drained& drained, Charge charge);
    // Calls `tell` for each that has something; it is taken off the list. The loop's.
    template <class F>
    void take(F tell) {
      Drained* each = first_.exchange(nullptr, std::memory_order_acquire);
      while (each != nullptr) {
        Drained* const drained = each;
        each = drained->next_;
        const std::uint64_t messages = drained->messages_.exchange(0, std::memory_order_acq_rel);
        drained->owed_ -= messages;
        tell(*drained, Charge{messages, drained->bytes_.exchange(0, std::memory_order_acq_rel)});
      }
    }

   private:
    static std::uint64_t add(std::atomic<std::uint64_t>& sum, std::uint64_t more, bool threads);
    const Charge much_;
    std::atomic<bool> threads_;
    std::atomic<Drained*> first_{nullptr};
  };

  // These four are the loop's.
  NodeId peer() const { return peer_; }
  // No message of the peer that was here before is anywhere: is_free().
  void serve(NodeId peer) { peer_ = peer; }
  void owe(std::uint64_t messages) { owed_ += messages; }
  bool is_free() const { return owed_ == 0; }

 private:
  std::atomic<std::uint64_t> messages_{0};
  std::atomic<std::uint64_t> bytes_{0};
  Drained* next_ = nullptr;
  NodeId peer_ = 0;
  std::uint64_t owed_ = 0;  // messages that the list has not had
};

// What messages from another node owe their sender when the actor has taken them: their share of the window.
class DrainNote {
 public:
  DrainNote() = default;  // nothing, for local ones
  // The loop's; what becomes of it is any thread's.
  DrainNote(Node& node, Drained& drained, Charge charge) : node_(&node), drained_(&drained), charge_(charge) {
    drained.owe(charge.messages);
  }
  DrainNote(DrainNote&& other) noexcept
      : node_(other.node_), drained_(std::exchange(other.drained_, nullptr)), charge_(other.charge_) {}
  DrainNote& operator=(DrainNote&&) = delete;
  ~DrainNote() {
    if (owes()) pay();
  }
  bool owes() const { return drained_ != nullptr; }

 private:
  void pay();
  Node* node_ = nullptr;
  Drained* drained_ = nullptr;
  Charge charge_;
};

// Used by the loop thread, but for room() and traffic().
class Peers {
 public:
  // `threads`: the node's actors run on several.
  Peers(Node& node, Transport& transport, bool threads);
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  // It can be sent to from now on; what was sent before leaves.
  void add(NodeId peer, const Address& address);
  // It is gone; what it still sends is dropped, and it is told that it is. The cause that counts: the first.
  // Its buffers and its socket are given back.
  const std::string& remove(NodeId peer, const std::string& cause);
  // Whether a message would be taken without piling up. Any thread.
  bool room(NodeId peer) const;
  // Null; or, if the peer is gone and nothing was sent, why.
  const std::string* send(NodeId peer, const Envelope& envelope, const PackedView& packed);
  void receive(const Received& received);
  // Has its answer when a message may find room, or the peer is gone.
  void when_room(NodeId peer, const Promise<void>& promise);
  // What is due at `now` leaves.
  void flush(std::chrono::nanoseconds now);
  std::optional<std::chrono::nanoseconds> deadline() const;
  // Acknowledges everything; the last words before the end.
  void acknowledge();
  // All that was sent to peers that are there has arrived.
  bool settled() const;

  Traffic traffic() const;
  LinkStatistics statistics(NodeId peer) const;
  Drained::List& drained() { return drained_; }

 private:
  struct Peer;
  struct Lost;
  Peer* find(NodeId peer);
  Drained& drained_for(NodeId peer);
  bool accept(const Received& received, const FrameHeader& header);
  void take_messages(Peer& peer, const Bytes& frame);
  const std::string& cause_of(NodeId id) const;
  void forget_longest_lost();
  void fence(NodeId id, Lost& lost);
  void hang_up(std::chrono::nanoseconds now);
  void note_room(Peer& peer, bool full);

  Node& node_;
  Transport& transport_;
  std::deque<Drained> all_drained_;     // those of lost peers too, while messages of theirs are in mailboxes
  std::vector<Drained*> free_drained_;  // for peers to come
  std::map<NodeId, std::unique_ptr<Peer>> peers_;  // that are there, or may come
  NodeSet gone_;                                   // all that were lost
  std::map<NodeId, Lost> lost_;                    // the last of them
  std::deque<NodeId> lost_in_turn_;
  std::set<NodeId> fencing_;  // of lost_, those that are connected again
  Peer* recent_ = nullptr;
  mutable std::mutex full_mutex_;
  std::set<NodeId> full_;  // peers that there is no room to; under the mutex
  std::atomic<bool> any_full_{false};
  Drained::List drained_;
  std::atomic<std::uint64_t> sent_bytes_{0};
  std::atomic<std::uint64_t> received_bytes_{0};
};

}  // namespace wisp::runtime
