#pragma once
// Cell: an actor in its node, with its mailbox and its coroutines.
#include <atomic>
#include <memory>
#include <string>
#include <typeinfo>

#include "base/intrusive.h"
#include "runtime/actor.h"
#include "runtime/executor.h"
#include "runtime/mailbox.h"
#include "runtime/roots.h"

namespace wisp::runtime {

class OwnThread;
class SavedState;
class Worker;

// What happens to a message that finds a bounded mailbox full.
enum class Overflow : std::uint8_t {
  // It waits outside: tell() and call() outside actors, and co_await send(), until there is room; a call in
  // an
  // actor fails with MailboxFull. What comes from other nodes waits inside: the window of their link bounds
  // it.
  kBlock,
  kFail,        // it is refused: tell() is false, a call fails with MailboxFull
  kDropOldest,  // it takes the place of the one that has waited longest, which is refused
  kDropNewest,  // it is dropped: tell() is true all the same, a call fails with MailboxFull
};

struct CellOptions {
  CellOptions() = default;
  // Messages that may wait; 0: kMailboxMax. From kCountedInChains on, each thread that sends may exceed it by
  // the 32 that it puts in at once.
  std::uint32_t capacity = 0;
  Overflow overflow = Overflow::kFail;
  bool own_thread = false;  // the actor's turns run on a thread of their own
  bool saved = false;       // it outlives its incarnations: see SavedState
  template <class F>
  void fields(F& f) {
    f(capacity, overflow, own_thread, saved);
  }
};

// The cause of an actor's end by stop().
inline constexpr const char* kStopped = "it was asked to stop";

inline constexpr std::uint32_t kMailboxMax = 1u << 20;
inline constexpr std::uint32_t kCountedInChains = 1024;

// Takes mail from any thread; run() is one turn, never two at a time. It is made by its node, and stays,
// without the actor, for as long as a handle refers to it.
class Cell final : public Executor, public RefCounted<Cell> {
 public:
  Cell(Node& node, ActorId id, Name name, std::unique_ptr<Actor> actor, const CellOptions& options);
  ~Cell() override;

  Node& node() const { return node_; }
  ActorId id() const { return id_; }
  std::uint32_t index() const override { return id_.index; }
  bool is_saved() const;
  bool is_bounded() const { return is_bounded_; }
  bool blocks() const { return blocks_; }
  // Messages that a full mailbox has dropped or refused. Of an actor with a bounded mailbox only.
  std::uint64_t dropped() const;
  const std::string& name() const { return name_.str(); }
  const Name& shared_name() const { return name_; }

  // Any thread.

  // Takes the mail over. False: the mailbox has no room, and `mail` is still the caller's. A mail for an
  // actor that has ended counts as taken; it is refused.
  bool offer(Mail& mail);
  // The same, but a mail that was not taken is deleted; where a full mailbox is to block, and this is no
  // actor's turn, it waits for room.
  bool offer_or_block(std::unique_ptr<Mail> mail);
  // The same, but who waits for an answer is told that there was no room.
  void deliver(Mail& mail);
  void deliver_or_block(std::unique_ptr<Mail> mail);
  // Takes the mail over, whatever waits already.
  void insist(Mail& mail);
  void post(Resumption& resumption) override;
  // The actor is restored from what an earlier incarnation has saved. Before its first turn; throws Error.
  void restore(std::unique_ptr<SavedState> saved);
  // Makes a turn come, so that the actor starts.
  void nudge();
  // Ends the actor when its present turn is over. The first cause counts.
  void kill(std::string cause);
  // Answered when a message may find room; no promise that it does.
  Future<void> room();
  // Messages that wait; several of one frame count as one.
  std::uint32_t waiting() const { return mailbox_.messages(); }
  // For the scheduler: a turn. True if it is to be called again.
  bool run();

  // In the actor's turn only.

  Log& log();
  // Where people find it; empty where that is not known.
  std::string log_path() const;
  // The actor as `Class`. Throws a refusal: a frame may name any method with any actor.
  template <class Class>
  Class& as() {
    Actor& actor = *actor_;
    if (typeid(actor) == typeid(Class)) return static_cast<Class&>(actor);
    if (auto* self = dynamic_cast<Class*>(&actor)) return *self;
    refuse_method();
  }
  // Runs a coroutine of the actor; its result is the answer.
  template <class R>
  void begin(Task<R> task, Reply& reply);
  // From a handler of the exception that ended a method: to the caller, or into the log.
  void failed(const void* method, Reply& reply);
  void refuse(Reply& reply, const std::string& why);
  // Keeps the mail until the actor's start is done; false: it is.
  bool hold_until_open(Mail& mail);
  // Answered with a Down when the actor ends.
  void watch(Reply reply);
  // Ends it when all that came before, coroutines included, is done; what comes later is refused.
  void stop() { stopping_ = true; }
  // Whether one more message of a mail that holds several is to take effect, which is counted.
  bool take_another() {
    if (stopping_ || cause_.load(std::memory_order_relaxed) != nullptr) return false;
    ++handled_;
    return true;
  }
  // Whether a numbered message of `sender` is to take effect. If not, `reply` has been dealt with.
  bool take_in(ActorId sender, std::uint64_t number, Reply& reply);
  Future<void> commit();
  Actor& actor() { return *actor_; }
  Roots& roots() { return roots_; }
  Context& context() { return context_; }
  // The mailbox is closed and everybody is told: at the node's end, when nothing runs any more.
  void shut(const std::string& cause);

 private:
  friend class Worker;
  friend class Scheduler;
  friend class OwnThread;
  struct Extra;

  [[noreturn]] void refuse_method() const;
  Mailbox::Pushed push(Mail& newest, Mail& oldest, std::uint32_t counted) {
    return mailbox_.push(newest, oldest, counted);
  }
  void route(Mail& mail);
  void schedule();
  bool wait_and_offer(Mail& mail);
  void drop(Mail& mail);
  void put_in_ring(Mail& mail, std::size_t most);
  void refuse_pushed(Mail& newest);
  static void refuse_chain(Mail* mail, const Failure& why);
  Mail* next_mail();
  bool take_turn();
  void report_handled();
  void take(Mail& message);
  void handle(Mail& message);
  void made_room();
  void start();
  Task<void> open_when_done(Task<void> starting);
  void hold(Mail& mail);
  void stop_now();
  void finish();
  void close(const Failure& why);
  void tell_watchers(const Failure& why);
  void kill_quietly(const std::string& cause);
  Extra& extra();
  Failure full() const;
  Failure death() const;

  // What senders look at, what is seldom looked at, and what the actor's turn writes: the second keeps the
  // cache lines of the first and the third apart.
  Node& node_;
  const ActorId id_;
  const std::uint32_t capacity_;
  const bool counted_one_by_one_;  // before they are pushed: the capacity is kept exactly
  const bool is_bounded_;          // a capacity was asked for
  const bool drops_oldest_;
  const bool blocks_;
  const bool drops_newest_;
  Mailbox mailbox_;

  const Name name_;
  std::unique_ptr<Log> log_;
  Cell* next_runnable_ = nullptr;  // the scheduler's, like the next
  OwnThread* own_thread_ = nullptr;
  std::unique_ptr<Extra> extra_;  // what few actors need
  Context context_{*this};
  std::unique_ptr<Actor> actor_;

  std::atomic<const std::string*> cause_{nullptr};  // of its end, from kill() on; owned
  Mail* batch_ = nullptr;                           // taken from the mailbox, not handled yet
  std::uint32_t handled_ = 0;                       // messages of this turn
  bool started_ = false;                            // on_start() was called
  bool open_ = false;                               // and is done
  bool stopping_ = false;
  bool ending_ =
      false;  // killed: coroutines whose resumptions are under way are awaited, nothing else is done
  bool ended_ = false;
  Roots roots_{this};  // last: the coroutines go first, while all that they refer to is there
};

}  // namespace wisp::runtime
