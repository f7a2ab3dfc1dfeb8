#pragma once
// Handle<A>: a typed reference to an actor, wherever it lives.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "runtime/builtin.h"
#include "runtime/call.h"
#include "runtime/future.h"
#include "runtime/node.h"
#include "runtime/task.h"

namespace wisp::runtime {

namespace handle_detail {

// The answer to monitor(): whatever ends the wait is the actor's end.
class DownState final : public TypedState<Down> {
 public:
  DownState(Node* node, Awaited awaited, ActorId watched)
      : TypedState(node, std::move(awaited)), watched_(watched) {}
  void fail(Failure failure) override { set(Down(watched_, awaited().actor.str(), failure.text)); }

 private:
  const ActorId watched_;
};

Ref<Cell> find_local(Node* node, ActorId id);
Future<void> ready(Node& node, ActorId id, const Name& name);
Future<Down> monitor(Node& node, ActorId id, const Name& name);
void stop(Node& node, ActorId id);
void kill(Node& node, ActorId id, const std::string& cause);

}  // namespace handle_detail

// May be copied, and travels inside messages. Calls go through the node of the thread that unpacked or made
// it. Within a process arguments are moved, not packed, and may be move-only.
template <class A>
class Handle {
 public:
  Handle() : node_(current_node()) {}
  // `saved`: the actor saves itself, and what is sent to it is kept until it is durable there.
  Handle(Node& node, ActorId id, std::string name, bool saved = false)
      : node_(&node), id_(id), name_(std::move(name)), saved_(saved), cell_(find_cell()) {}

  ActorId id() const { return id_; }
  const std::string& name() const { return name_.str(); }
  Node& node() const {
    WISP_CHECK(node_ != nullptr, "a handle is used where its node is");
    return *node_;
  }

  // Calls a method and has its answer: co_await it in an actor, get() it elsewhere. Messages from one caller
  // to one actor arrive in the order of the calls. A wrong argument does not compile. Outside actors, and if
  // its mailbox is to block, it waits for room.
  template <auto M, class... P>
  Future<call_detail::ReturnOf<M>> call(P&&... arguments) const {
    check<M, P...>();
    auto state = new_state<M>();
    if (cell_) {
      state->set_callee(id_.node, id_.index, 0);
      cell_->deliver_or_block(
          std::make_unique<call_detail::CallMail<M>>(state, std::forward<P>(arguments)...));
    } else {
      with_packed<M>([&](PackedView&& packed) { call_elsewhere(method<M>(), state, std::move(packed)); },
                     arguments...);
    }
    return Future<call_detail::ReturnOf<M>>(std::move(state));
  }
  // The same without an answer; a failure is logged by the actor. False: the mailbox, or the queue to its
  // node, has no room, and nothing was sent. Outside actors, and if its mailbox is to block, it waits for
  // room.
  template <auto M, class... P>
  bool tell(P&&... arguments) const {
    check<M, P...>();
    if (cell_) {
      auto mail = std::make_unique<call_detail::CallMail<M>>(nullptr, std::forward<P>(arguments)...);
      return cell_->offer_or_block(std::move(mail));
    }
    bool taken = false;
    with_packed<M>([&](PackedView&& packed) { taken = tell_elsewhere(method<M>(), std::move(packed)); },
                   arguments...);
    return taken;
  }
  // A tell that is taken whatever waits already: for the few words that must get through. Only a full mailbox
  // on another node that does not block refuses it.
  template <auto M, class... P>
  void must_tell(const P&... arguments) const {
    check<M, const P&...>();
    with_packed<M>([&](PackedView&& packed) { node().must_tell(id_, method<M>(), std::move(packed)); },
                   arguments...);
  }
  // co_await it: a tell that waits for room. Throws nothing when the actor has ended: like a tell, it is lost
  // then.
  template <auto M, class... P>
  Task<void> send(P&&... arguments) const {
    check<M, P...>();
    if (cell_) {
      return send_here(cell_,
                       std::make_unique<call_detail::CallMail<M>>(nullptr, std::forward<P>(arguments)...));
    }
    PackedBody packed;
    with_packed<M>([&](PackedView&& view) { packed = PackedBody(view); }, arguments...);
    return send_there(*this, method<M>(), std::move(packed));
  }
  // A call of a remote actor whose arguments are packed already.
  template <auto M>
  Future<call_detail::ReturnOf<M>> call_packed(PackedView&& packed) const {
    auto state = new_state<M>();
    call_elsewhere(method<M>(), state, std::move(packed));
    return Future<call_detail::ReturnOf<M>>(std::move(state));
  }
  bool is_local() const { return static_cast<bool>(cell_); }

  // Has its answer when the actor has started: constructed, restored, on_start() done.
  Future<void> ready() const { return handle_detail::ready(node(), id_, name_); }
  // Has its answer when the actor has ended, at once if it has.
  Future<Down> monitor() const { return handle_detail::monitor(node(), id_, name_); }
  // Ends the actor when it has handled all that came before; later messages are refused.
  void stop() const { handle_detail::stop(node(), id_); }
  // Ends the actor at its next co_await or at the end of its turn; what waits in its mailbox is refused.
  void kill(const std::string& cause = "killed") const { handle_detail::kill(node(), id_, cause); }

  template <class F>
  void fields(F& f) {
    std::string name = name_.str();
    f(id_, name, saved_);
    if constexpr (!std::is_same_v<F, pack_detail::Writer>) {
      name_ = Name(std::move(name));
      node_ = current_node();
      cell_ = find_cell();
    }
  }

 private:
  template <auto M, class... P>
  static constexpr void check() {
    static_assert(std::is_base_of_v<call_detail::ClassOf<M>, A>,
                  "this method is not one of the actor's class");
    call_detail::check_arguments<call_detail::ArgumentsOf<M>, P...>();
  }
  template <auto M>
  MethodId method() const {
    return node().registry().template id_of<M>();
  }
  template <auto M>
  auto new_state() const {
    return make_ref<TypedState<call_detail::ReturnOf<M>>>(node_, Awaited{name_, &call_detail::kMethodKey<M>});
  }
  template <auto M, class F, class... P>
  void with_packed(F use, const P&... arguments) const {
    if constexpr (call_detail::kTravels<M>) {
      ScratchPacker scratch;
      call_detail::pack_arguments<call_detail::ArgumentsOf<M>>(scratch.packer(), arguments...);
      use(scratch.take());
    } else {
      throw ActorError(Failure(Failure::Kind::kRefused, name(),
                               "it is on another node, and this method's arguments or result can't travel"));
    }
  }
  static Task<void> send_here(Ref<Cell> cell, std::unique_ptr<Mail> mail) {
    while (!cell->offer(*mail)) co_await cell->room();
    (void)mail.release();
  }
  static Task<void> send_there(Handle self, MethodId method, PackedBody packed) {
    while (!self.tell_elsewhere(method, packed.view())) co_await self.node().room(self.id_.node);
  }
  void call_elsewhere(MethodId method, const Ref<FutureState>& state, PackedView&& packed) const {
    if (!saved_) return node().call(id_, method, state, std::move(packed));
    if (node().send_durably(name(), id_, method, std::move(packed), state)) return;
    state->fail(Failure(Failure::Kind::kFull, name(), "too many messages wait for it"));
  }
  bool tell_elsewhere(MethodId method, PackedView&& packed) const {
    return saved_ ? node().send_durably(name(), id_, method, std::move(packed), nullptr)
                  : node().tell(id_, method, std::move(packed));
  }
  Ref<Cell> find_cell() const { return saved_ ? nullptr : handle_detail::find_local(node_, id_); }

  Node* node_;
  ActorId id_;
  Name name_;
  bool saved_ = false;
  Ref<Cell> cell_;  // if it is in this process, and messages to it need not be kept
};

template <class A>
Handle<A> Context::handle() const {
  return Handle<A>(node(), self(), name(), is_saved());
}

template <class B>
void Context::monitor(const Handle<B>& watched) const {
  watch(watched.monitor());
}

namespace handle_detail {

template <class R>
Task<std::vector<R>> gather(std::vector<Future<R>> futures) {
  std::vector<R> answers;
  answers.reserve(futures.size());
  for (Future<R>& future : futures) {
    R answer = co_await future;
    answers.push_back(std::move(answer));
  }
  co_return answers;
}
inline Task<void> gather(std::vector<Future<void>> futures) {
  for (Future<void>& future : futures) co_await future;
}

template <class R>
struct GatheredOf {
  using type = std::vector<R>;
};
template <>
struct GatheredOf<void> {
  using type = void;
};
template <class R>
using Gathered = typename GatheredOf<R>::type;

}  // namespace handle_detail

// Calls the same method of every actor of a group: the arguments are packed once and sent at once. The
// futures are in the order of the group.
template <auto M, class A, class... P>
std::vector<Future<call_detail::ReturnOf<M>>> call_each(const std::vector<Handle<A>>& group,
                                                        const P&... arguments) {
  std::vector<Future<call_detail::ReturnOf<M>>> futures;
  futures.reserve(group.size());
  std::optional<PackedBody> packed;
  for (const Handle<A>& each : group) {
    if (each.is_local()) {
      futures.push_back(each.template call<M>(arguments...));
      continue;
    }
    if (!packed) {
      ScratchPacker scratch;
      call_detail::pack_arguments<call_detail::ArgumentsOf<M>>(scratch.packer(), arguments...);
      packed.emplace(scratch.take());
    }
    futures.push_back(each.template call_packed<M>(packed->view()));
  }
  return futures;
}

// The same, and waits. Yields the answers in the order of the group, a vector unless the method returns void;
// the first failure, in that order, is thrown.
template <auto M, class A, class... P>
Task<handle_detail::Gathered<call_detail::ReturnOf<M>>> call(const std::vector<Handle<A>>& group,
                                                             const P&... arguments) {
  return handle_detail::gather(call_each<M>(group, arguments...));
}

// Waits, in an actor, until `wanted` of the futures have their answers or `deadline` has passed. Yields the
// places of those that have, in the order of the vector; the futures can be taken, or waited for again, as
// before.
template <class T>
Task<std::vector<std::size_t>> wait(std::vector<Future<T>>& futures, std::size_t wanted,
                                    std::chrono::nanoseconds deadline = kForever) {
  std::vector<FutureState*> states;
  for (const Future<T>& each : futures) states.push_back(&each.state());
  future_detail::Countdown countdown(std::move(states), wanted, deadline);
  Future<void> done = countdown.done();
  try {
    co_await done;
  } catch (const Timeout&) {  // fewer than wanted is an answer
  }
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < futures.size(); ++i) {
    if (futures[i].ready()) ready.push_back(i);
  }
  co_return ready;
}

}  // namespace wisp::runtime
