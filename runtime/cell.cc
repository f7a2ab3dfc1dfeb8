#include "runtime/cell.h"

#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <vector>

#include "base/check.h"
#include "runtime/node.h"
#include "runtime/saved_state.h"
#include "runtime/scheduler.h"

namespace wisp::runtime {

namespace {

constexpr std::chrono::milliseconds kFuseWait{1};
// Mails, and messages, of one turn, so that other actors of the thread come up.
constexpr std::uint32_t kTurnMax = 256;

// Makes a turn come, to no other end.
class Nudge final : public Mail, public Pooled<Nudge> {
 public:
  Nudge() : Mail(false) {}
  void run(Cell&) override { delete this; }
  void refuse(const Failure&) override { delete this; }
};

}  // namespace

struct Cell::Extra {
  explicit Extra(const CellOptions& cell_options) : options(cell_options) {}

  // Stands in the mailbox for what waits in `ring`.
  class RingMail final : public Mail {
   public:
    explicit RingMail(Extra& extra) : Mail(false), extra_(extra) {}
    void run(Cell& cell) override {
      if (cell.hold_until_open(*this)) return;
      Mail* oldest = nullptr;
      bool more = false;
      {
        std::lock_guard lock(extra_.mutex);
        oldest = extra_.ring.front();
        extra_.ring.pop_front();
        more = !extra_.ring.empty();
        extra_.ring_posted = more;
      }
      if (more) cell.route(*this);
      cell.handle(*oldest);
    }
    void refuse(const Failure& why) override {
      std::deque<Mail*> left;
      {
        std::lock_guard lock(extra_.mutex);
        left.swap(extra_.ring);
        extra_.ring_posted = false;
      }
      for (Mail* mail : left) mail->refuse(why);
    }

   private:
    Extra& extra_;
  };

  const CellOptions options;
  std::mutex mutex;        // guards what follows, up to the blank line
  std::deque<Mail*> ring;  // of a mailbox that drops the oldest
  bool ring_posted = false;
  std::vector<Promise<void>> room;  // who waits for room

  std::atomic<bool> wanted_room{false};
  std::atomic<std::uint64_t> dropped{0};
  RingMail ring_mail{*this};
  std::unique_ptr<SavedState> saved;
  std::map<ActorId, std::uint32_t> unacknowledged;  // messages taken in that the sender has not heard of
  std::vector<Reply> watchers;
  Mail* held_first = nullptr;  // messages that came before on_start() was done
  Mail** held_last = &held_first;
};

Cell::Cell(Node& node, ActorId id, Name name, std::unique_ptr<Actor> actor, const CellOptions& options)
    : node_(node),
      id_(id),
      capacity_(options.capacity == 0 ? kMailboxMax : options.capacity),
      counted_one_by_one_(capacity_ < kCountedInChains),
      is_bounded_(options.capacity != 0),
      drops_oldest_(is_bounded_ && options.overflow == Overflow::kDropOldest),
      blocks_(is_bounded_ && options.overflow == Overflow::kBlock),
      drops_newest_(is_bounded_ && options.overflow == Overflow::kDropNewest),
      name_(std::move(name)),
      actor_(std::move(actor)) {
  if (is_bounded_) extra_ = std::make_unique<Extra>(options);
  actor_->attach(context_);
}

Cell::~Cell() {
  shut("it was never run");
  delete cause_.load(std::memory_order_acquire);
}

Cell::Extra& Cell::extra() {
  if (extra_ == nullptr) extra_ = std::make_unique<Extra>(CellOptions());
  return *extra_;
}

Log& Cell::log() {
  if (log_ == nullptr) log_ = node_.make_log(name());
  return *log_;
}

std::string Cell::log_path() const { return node_.log_path(name()); }

bool Cell::offer(Mail& mail) {
  if (!mail.is_message) {
    route(mail);
    return true;
  }
  if (drops_oldest_) {
    put_in_ring(mail, capacity_);
    return true;
  }
  if (counted_one_by_one_ ? !mailbox_.reserve(capacity_) : mailbox_.messages() >= capacity_) {
    if (mailbox_.is_closed()) {
      mail.refuse(death());
      return true;
    }
    return false;
  }
  route(mail);
  return true;
}

void Cell::insist(Mail& mail) {
  if (mail.is_message && drops_oldest_) return put_in_ring(mail, std::numeric_limits<std::size_t>::max());
  if (mail.is_message && counted_one_by_one_) mailbox_.reserve();
  route(mail);
}

void Cell::put_in_ring(Mail& mail, std::size_t most) {
  Extra& bounded = *extra_;
  Mail* dropped = nullptr;
  bool post = false;
  {
    std::lock_guard lock(bounded.mutex);
    if (bounded.ring.size() >= most) {
      dropped = bounded.ring.front();
      bounded.ring.pop_front();
    }
    bounded.ring.push_back(&mail);
    post = !std::exchange(bounded.ring_posted, true);
  }
  if (post) route(bounded.ring_mail);
  if (dropped != nullptr) drop(*dropped);
}

void Cell::deliver(Mail& mail) {
  if (!offer(mail)) drop(mail);
}

void Cell::drop(Mail& mail) {
  if (is_bounded_) extra_->dropped.fetch_add(1, std::memory_order_relaxed);
  mail.refuse(full());
}

std::uint64_t Cell::dropped() const {
  return is_bounded_ ? extra_->dropped.load(std::memory_order_relaxed) : 0;
}

void Cell::deliver_or_block(std::unique_ptr<Mail> mail) {
  if (wait_and_offer(*mail)) {
    (void)mail.release();
  } else {
    drop(*mail.release());
  }
}

bool Cell::offer_or_block(std::unique_ptr<Mail> mail) {
  const bool taken = wait_and_offer(*mail);
  if (!taken && !drops_newest_) return false;
  Mail& released = *mail.release();
  if (!taken) drop(released);
  return true;
}

bool Cell::wait_and_offer(Mail& mail) {
  while (!offer(mail)) {
    if (!blocks_ || Executor::current() != nullptr) return false;
    room().get();
  }
  return true;
}

void Cell::nudge() { route(*new Nudge()); }

Failure Cell::full() const {
  return Failure(Failure::Kind::kFull, name(),
                 "its mailbox is full (" + std::to_string(capacity_) + " messages)");
}

void Cell::post(Resumption& resumption) { route(resumption); }

void Cell::route(Mail& mail) {
  const bool counts = mail.is_message && !counted_one_by_one_;
  if (Worker* worker = Worker::current()) return worker->send(*this, mail, counts);
  switch (mailbox_.push(mail, mail, counts ? 1 : 0)) {
    case Mailbox::Pushed::kQueued:
      return;
    case Mailbox::Pushed::kFirst:
      return schedule();
    case Mailbox::Pushed::kClosed:
      return mail.refuse(death());
  }
}

void Cell::schedule() { node_.scheduler().schedule(*this); }

void Cell::refuse_pushed(Mail& newest) {
  const Failure why = death();
  std::uint32_t messages = 0;
  refuse_chain(Mailbox::turned_around(&newest, &messages), why);
}

void Cell::refuse_chain(Mail* mail, const Failure& why) {
  while (mail != nullptr) {
    Mail* const after = mail->next;
    mail->refuse(why);
    mail = after;
  }
}

void Cell::kill(std::string cause) {
  auto owned = std::make_unique<const std::string>(std::move(cause));
  const std::string* none = nullptr;
  if (!cause_.compare_exchange_strong(none, owned.get(), std::memory_order_acq_rel)) return;
  owned.release();
  nudge();
}

Failure Cell::death() const {
  const std::string* cause = cause_.load(std::memory_order_acquire);
  Failure failure(Failure::Kind::kDied, name(), cause == nullptr ? "it has ended" : *cause);
  failure.log = log_path();
  return failure;
}

Mail* Cell::next_mail() {
  if (batch_ == nullptr) {
    std::uint32_t counted = 0;
    batch_ = mailbox_.take_all(counted);
    if (batch_ == nullptr) return nullptr;
    if (!counted_one_by_one_) {
      mailbox_.taken(counted);
      if (is_bounded_) made_room();
    }
  }
  Mail* mail = batch_;
  batch_ = mail->next;
  __builtin_prefetch(batch_);
  return mail;
}

bool Cell::run() {
  const Turn turn(this);
  const NodeScope scope(&node_);
  if (!started_) start();
  return take_turn();
}

// Before the actor turns idle: another thread may run it from then on.
void Cell::report_handled() {
  if (handled_ > 0) node_.count_handled(std::exchange(handled_, 0));
}

bool Cell::take_turn() {
  for (std::uint32_t mails = 0; mails < kTurnMax && handled_ < kTurnMax; ++mails) {
    if (cause_.load(std::memory_order_relaxed) != nullptr) {
      if (!std::exchange(ending_, true)) roots_.doom(death());
      if (roots_.empty()) {
        report_handled();
        finish();
        return false;
      }
    } else if (stopping_ && roots_.empty()) {
      stop_now();
      continue;
    }
    Mail* mail = next_mail();
    if (mail == nullptr) {
      report_handled();
      // What it has sent leaves first: another thread that runs it from then on might be sooner.
      if (Worker* worker = Worker::current()) worker->flush();
      if (mailbox_.try_idle()) return false;
      continue;
    }
    if (mail->is_message) {
      take(*mail);
    } else {
      mail->run(*this);
    }
  }
  report_handled();
  return true;
}

void Cell::take(Mail& message) {
  if (hold_until_open(message)) return;
  if (counted_one_by_one_) {
    mailbox_.taken(1);
    made_room();
  }
  handle(message);
}

void Cell::handle(Mail& message) {
  if (ending_) return message.refuse(death());
  if (stopping_) return message.refuse(Failure(Failure::Kind::kDied, name(), kStopped));
  ++handled_;
  message.run(*this);
}

void Cell::stop_now() {
  try {
    actor_->on_stop();
    kill_quietly(kStopped);
  } catch (...) {
    kill_quietly("on_stop() failed: " + Failure::from_current_exception(name()).text);
  }
}

void Cell::made_room() {
  if (!extra_->wanted_room.load(std::memory_order_seq_cst)) return;
  std::vector<Promise<void>> waiting;
  {
    std::lock_guard lock(extra_->mutex);
    waiting.swap(extra_->room);
    extra_->wanted_room.store(false, std::memory_order_relaxed);
  }
  for (const Promise<void>& each : waiting) each.set();
}

Future<void> Cell::room() {
  const Promise<void> promise("room in the mailbox of " + name(), &node_);
  if (!is_bounded_) {  // nobody keeps a list of who waits at the fuse
    node_.timers().wake(promise.state(), kFuseWait);
    return promise.future();
  }
  {
    std::lock_guard lock(extra_->mutex);
    extra_->room.push_back(promise);
    extra_->wanted_room.store(true, std::memory_order_seq_cst);
  }
  if (mailbox_.messages() < capacity_ || mailbox_.is_closed()) promise.set();  // it was made meanwhile
  return promise.future();
}

// Messages wait until on_start() is done; what it waits for itself does not.
void Cell::start() {
  started_ = true;
  Task<void> starting;
  try {
    starting = actor_->on_start();
  } catch (...) {
    return kill_quietly("its start failed: " + Failure::from_current_exception(name()).text);
  }
  if (!starting.valid()) {
    open_ = true;
    return;
  }
  Reply nobody;
  begin(open_when_done(std::move(starting)), nobody);
}

Task<void> Cell::open_when_done(Task<void> starting) {
  try {
    co_await starting;
  } catch (...) {
    kill("its start failed: " + Failure::from_current_exception(name()).text);
    co_return;
  }
  open_ = true;
  if (extra_ == nullptr || extra_->held_first == nullptr) co_return;
  *extra_->held_last = batch_;
  batch_ = std::exchange(extra_->held_first, nullptr);
  extra_->held_last = &extra_->held_first;
}

bool Cell::hold_until_open(Mail& mail) {
  if (open_ || ending_) return false;
  hold(mail);
  return true;
}

void Cell::hold(Mail& mail) {
  mail.next = nullptr;
  *extra().held_last = &mail;
  extra().held_last = &mail.next;
}

void Cell::finish() {
  const Failure why = death();
  close(why);
  node_.forget(*this, why.text);
  tell_watchers(why);
}

// After the name is free: a supervisor gives it away again.
void Cell::tell_watchers(const Failure& why) {
  if (extra_ == nullptr) return;
  for (Reply& each : std::exchange(extra_->watchers, {})) each.value(Down(id_, name(), why.text));
}

// The mailbox closes first: what is pushed later is refused.
void Cell::close(const Failure& why) {
  ended_ = true;
  refuse_chain(std::exchange(batch_, nullptr), why);
  if (extra_ != nullptr) refuse_chain(std::exchange(extra_->held_first, nullptr), why);
  refuse_chain(mailbox_.close(), why);
  roots_.end(why);
  actor_.reset();
  if (is_bounded_) made_room();
}

void Cell::shut(const std::string& cause) {
  if (ended_) return;
  kill_quietly(cause);
  const Failure why = death();
  close(why);
  tell_watchers(why);
}

void Cell::kill_quietly(const std::string& cause) {
  auto owned = std::make_unique<const std::string>(cause);
  const std::string* none = nullptr;
  if (cause_.compare_exchange_strong(none, owned.get(), std::memory_order_acq_rel)) owned.release();
}

void Cell::failed(const void* method, Reply& reply) {
  Failure failure = Failure::from_current_exception(name());
  if (failure.log.empty() && failure.actor == name()) failure.log = log_path();
  if (reply.wanted()) return reply.fail(failure);
  log().error((method == nullptr ? "a method" : node_.registry().method_word(method)) +
              " failed: " + failure.text);
}

void Cell::refuse(Reply& reply, const std::string& why) {
  reply.fail(Failure(Failure::Kind::kRefused, name(), why));
}

void Cell::refuse_method() const {
  throw ActorError(Failure(Failure::Kind::kRefused, name(), "has no such method"));
}

bool Cell::is_saved() const { return extra_ != nullptr && extra_->saved != nullptr; }

void Cell::restore(std::unique_ptr<SavedState> saved) {
  saved->open(*actor_);
  extra().saved = std::move(saved);
}

bool Cell::take_in(ActorId sender, std::uint64_t number, Reply& reply) {
  if (!is_saved()) return true;
  SavedState& saved = *extra_->saved;
  switch (saved.accept(sender, number)) {
    case SavedState::Verdict::kTake: {
      std::uint32_t& count = extra_->unacknowledged[sender];
      if (node_.saving_faults().acknowledge_before_save) {
        node_.acknowledge(sender, name(), number, number);
      } else if (++count >= node_.stream_window() / 4 + 1) {
        node_.acknowledge(sender, name(), number, saved.durable(sender));
        count = 0;
      }
      return true;
    }
    case SavedState::Verdict::kApplied:
      node_.acknowledge(sender, name(), number, saved.durable(sender));
      reply.fail(Failure(Failure::Kind::kApplied, name(),
                         "the call took effect, and its answer was lost by a restart"));
      return false;
    case SavedState::Verdict::kGap:
      log().error("a message of actor " + std::to_string(sender.index) + " on node " +
                  std::to_string(sender.node) + " came before an earlier one");
      reply.fail(Failure(Failure::Kind::kDied, name(), "an earlier message is missing"));
      return false;
  }
  return false;
}

Future<void> Cell::commit() {
  WISP_CHECK(is_saved(), "an actor that commits is spawned with Options::saved()");
  const Promise<void> promise("the state of " + name(), &node_);
  try {
    extra_->saved->forget_if([this](NodeId node) { return node_.is_lost(node); });
    for (const SavedState::Durable& each : extra_->saved->save(*actor_)) {
      node_.acknowledge(each.sender, name(), each.number, each.number);
      extra_->unacknowledged[each.sender] = 0;
    }
    promise.set();
  } catch (const Fenced& error) {
    promise.fail(Failure::from_current_exception(name()));
    node_.fenced(error.what());
  } catch (const Error&) {
    promise.fail(Failure::from_current_exception(name()));
  }
  return promise.future();
}

void Cell::watch(Reply reply) { extra().watchers.push_back(std::move(reply)); }

}  // namespace wisp::runtime
