#pragma once
// Mailbox: where the mail of one actor waits. Many threads push, the actor's turn takes.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/mail.h"

namespace wisp::runtime {

// A stack of mail that the consumer takes whole and turns around, so a push is one compare-and-swap and the
// mailbox is two words. It also holds the actor's scheduling state: the push that finds it idle has to
// schedule the actor.
class Mailbox {
 public:
  enum class Pushed : std::uint8_t {
    kQueued,  // the actor is scheduled already
    kFirst,   // the actor was idle: the caller schedules it
    kClosed,  // not taken: the actor has ended
  };

  // A chain, linked from the newest to the oldest, of `messages` that count. Any thread.
  Pushed push(Mail& newest, Mail& oldest, std::uint32_t messages) {
    Mail* head = head_.load(std::memory_order_relaxed);
    do {
      if (head == closed()) {
        oldest.next = nullptr;  // an earlier attempt may have set it
        return Pushed::kClosed;
      }
      oldest.next = head == idle() ? nullptr : head;
    } while (
        !head_.compare_exchange_weak(head, &newest, std::memory_order_acq_rel, std::memory_order_relaxed));
    if (messages > 0) messages_.fetch_add(messages, std::memory_order_relaxed);
    return head == idle() ? Pushed::kFirst : Pushed::kQueued;
  }
  // Counts a message that is about to be pushed; false if `capacity` wait already. Any thread.
  bool reserve(std::uint32_t capacity) {
    if (messages_.fetch_add(1, std::memory_order_relaxed) < capacity) return true;
    messages_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  void reserve() { messages_.fetch_add(1, std::memory_order_relaxed); }
  bool is_closed() const { return head_.load(std::memory_order_acquire) == closed(); }
  // Messages that wait; they may be more in a moment. Any thread.
  std::uint32_t messages() const {
    const auto count = static_cast<std::int32_t>(messages_.load(std::memory_order_relaxed));
    return count > 0 ? static_cast<std::uint32_t>(count) : 0;
  }

  // The consumer's, one at a time, from here on.

  // All that waits, the oldest first, and how many of them are messages; null: nothing.
  Mail* take_all(std::uint32_t& messages) {
    if (head_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return turned_around(head_.exchange(nullptr, std::memory_order_acquire), &messages);
  }
  void taken(std::uint32_t messages) { messages_.fetch_sub(messages, std::memory_order_relaxed); }
  // False: more has come. True: the next push finds it idle.
  bool try_idle() {
    Mail* nothing = nullptr;
    return head_.compare_exchange_strong(nothing, idle(), std::memory_order_release,
                                         std::memory_order_relaxed);
  }
  // No push is taken any more; what still waited, the oldest first.
  Mail* close() {
    std::uint32_t messages = 0;
    return turned_around(head_.exchange(closed(), std::memory_order_acq_rel), &messages);
  }

  // A chain as push() takes it, from the oldest to the newest.
  static Mail* turned_around(Mail* newest, std::uint32_t* messages) {
    if (newest == idle() || newest == closed()) return nullptr;
    Mail* oldest = nullptr;
    while (newest != nullptr) {
      __builtin_prefetch(newest->ahead);
      Mail* const older = newest->next;
      newest->next = oldest;
      if (newest->is_message) ++*messages;
      oldest = newest;
      newest = older;
    }
    return oldest;
  }

 private:
  // Addresses that no mail has.
  static Mail* idle() { return reinterpret_cast<Mail*>(std::uintptr_t{8}); }
  static Mail* closed() { return reinterpret_cast<Mail*>(std::uintptr_t{16}); }

  std::atomic<Mail*> head_{idle()};
  // Pushes add after their mail is visible, so for a moment it may be below the truth, even below zero.
  std::atomic<std::uint32_t> messages_{0};
};

}  // namespace wisp::runtime
