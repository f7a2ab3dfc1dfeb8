#pragma once
// Roots: the coroutines of one actor that are under way.
#include <coroutine>
#include <utility>

#include "runtime/reply.h"

namespace wisp::runtime {

// Used in the actor's turns only.
class Roots {
 public:
  // One coroutine with the answer it owes; part of its frame.
  struct Entry : Strand {
    Entry(Roots& all, Reply answer, std::coroutine_handle<> coroutine)
        : Strand(coroutine), roots(all), reply(std::move(answer)), next(all.first_) {
      if (next != nullptr) next->previous = this;
      all.first_ = this;
    }
    ~Entry() {
      (previous == nullptr ? roots.first_ : previous->next) = next;
      if (next != nullptr) next->previous = previous;
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    Roots& roots;
    Reply reply;
    Entry* previous = nullptr;
    Entry* next;
  };

  // `cell` is the actor's, or null for coroutines of no actor.
  explicit Roots(Cell* cell) : cell_(cell) {}
  ~Roots() { end(Failure(Failure::Kind::kDied, "", "it ended before it answered")); }
  Roots(const Roots&) = delete;
  Roots& operator=(const Roots&) = delete;

  bool empty() const { return first_ == nullptr; }
  // Destroys them where they wait; their callers are told `why`. Nothing may be under way that would resume
  // them.
  void end(const Failure& why);
  // The same for those that wait; one whose resumption is under way goes when that comes, and so remains
  // until then.
  void doom(const Failure& why);
  // The same for those that serve calls which `is_cancelled`; their callers know.
  template <class Predicate>
  void cancel(Predicate is_cancelled) {
    for (Entry* each = first_; each != nullptr;) {
      Entry* const after = each->next;
      if (is_cancelled(each->reply)) doom(*each);
      each = after;
    }
  }
  // From a handler of the exception that ended one of them.
  void failed(Reply& reply);

 private:
  static void doom(Entry& entry);

  Cell* const cell_;
  Entry* first_ = nullptr;
};

}  // namespace wisp::runtime
