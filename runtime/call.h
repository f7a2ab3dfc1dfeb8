#pragma once
// How a typed call becomes a message, and a message a call: without packing where caller and actor share a
// process.
#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/pack.h"
#include "base/pool.h"
#include "runtime/cell.h"
#include "runtime/reply.h"
#include "runtime/task.h"

namespace wisp::runtime {

using MethodId = std::uint32_t;  // a hash of "class.method"

// One callable method, its types erased.
struct MethodEntry {
  std::string name;  // "class.method"
  // In a turn of the actor; answers at once or when the method's Task is done.
  void (*invoke)(Cell& cell, const Bytes& arguments, Reply& reply);
  bool urgent = false;  // neither counts against the mailbox's capacity nor waits for the actor's start
};

namespace call_detail {

template <class M>
struct MethodTraits;
template <class C, class R, class... P>
struct MethodTraits<R (C::*)(P...)> {
  using Class = C;
  using Return = R;
  using Arguments = std::tuple<std::decay_t<P>...>;
  static constexpr bool kByValue = !(std::is_reference_v<P> || ...);
};
template <class C, class R, class... P>
struct MethodTraits<R (C::*)(P...) const> : MethodTraits<R (C::*)(P...)> {};

template <class T>
struct Unwrapped {
  using type = T;
  static constexpr bool kTask = false;
};
template <class T>
struct Unwrapped<Task<T>> {
  using type = T;
  static constexpr bool kTask = true;
};

// The class of a method, as a template argument beside it: for the method alone g++ 12 takes classes of the
// same name in anonymous namespaces of two files for one, and the linker keeps the code of either.
template <auto M>
using ClassOf = typename MethodTraits<decltype(M)>::Class;
template <auto M>
using ReturnOf = typename Unwrapped<typename MethodTraits<decltype(M)>::Return>::type;
template <auto M>
using ArgumentsOf = typename MethodTraits<decltype(M)>::Arguments;

// One address a method: how a typed call finds its registration.
template <auto M, class C = ClassOf<M>>
inline constexpr char kMethodKey = 0;

// The id a method is registered by, if all registries of the process agree: a look at it is 20 times faster
// than one into a table.
inline constexpr MethodId kAmbiguous = ~MethodId{0};
template <auto M, class C = ClassOf<M>>
struct MethodSlot {
  static inline std::atomic<MethodId> id{0};
};

template <class Signature>
struct ConstructorTraits;
template <class... P>
struct ConstructorTraits<void(P...)> {
  using Arguments = std::tuple<std::decay_t<P>...>;
};

template <class Tuple>
inline constexpr bool kTupleTravels = false;
template <class... T>
inline constexpr bool kTupleTravels<std::tuple<T...>> = (Packable<T> && ...);

template <auto M>
inline constexpr bool kTravels = kTupleTravels<ArgumentsOf<M>> &&
                                 (std::is_void_v<ReturnOf<M>> || Packable<ReturnOf<M>>);

template <class To, class From>
concept ConvertsWithoutNarrowing = requires(From&& from) {
  std::type_identity_t<To[]>{std::forward<From>(from)};
};

template <class A>
constexpr void refuse_aggregate() {
  static_assert(
      !std::is_aggregate_v<std::remove_cvref_t<A>> || std::is_array_v<std::remove_reference_t<A>>,
      "give this message a constructor: g++ 12 destroys an aggregate temporary twice in an expression that "
      "holds co_await");
}

template <class Tuple, class... A>
constexpr void check_arguments() {
  static_assert(std::tuple_size_v<Tuple> == sizeof...(A), "wrong number of arguments");
  (refuse_aggregate<A>(), ...);
  []<std::size_t... I>(std::index_sequence<I...>) {
    static_assert((ConvertsWithoutNarrowing<std::tuple_element_t<I, Tuple>, A> && ...),
                  "an argument does not convert to the parameter's type without narrowing");
  }
  (std::index_sequence_for<A...>{});
}

template <class To, class From>
void pack_as(Packer& packer, const From& from) {
  if constexpr (std::same_as<To, From>) {
    pack(packer, from);
  } else {
    pack(packer, To(from));
  }
}

template <class Tuple, class... A>
void pack_arguments(Packer& packer, const A&... arguments) {
  check_arguments<Tuple, const A&...>();
  packer.array(sizeof...(A));
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (pack_as<std::tuple_element_t<I, Tuple>>(packer, arguments), ...);
  }
  (std::index_sequence_for<A...>{});
}

// In one piece.
template <class Tuple, class... A>
Bytes packed_arguments(const A&... arguments) {
  Packer packer(Packer::Blobs::kCopy);
  pack_arguments<Tuple>(packer, arguments...);
  return packer.finish();
}

template <class Tuple>
Tuple unpack_arguments(const Bytes& packed) {
  Tuple arguments;
  Unpacker unpacker(packed);
  const std::size_t size = unpacker.enter_array();
  if (size != std::tuple_size_v<Tuple>) {
    throw DecodeError(std::to_string(size) + " arguments where " + std::to_string(std::tuple_size_v<Tuple>) +
                      " are taken");
  }
  std::apply([&unpacker](auto&... each) { (unpack(unpacker, each), ...); }, arguments);
  unpacker.leave_array();
  unpacker.expect_end();
  return arguments;
}

// The frame around a method that returns a Task; it destroys itself at the end.
struct Root {
  struct promise_type : Roots::Entry, Pooled<promise_type> {
    template <class... Rest>
    promise_type(Roots& all, Reply& answer, Rest&...)
        : Roots::Entry(all, std::move(answer), std::coroutine_handle<promise_type>::from_promise(*this)) {}
    Root get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// What lies in `reply` moves into the frame's promise; `self` finds it there.
struct OwnEntry {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<Root::promise_type> handle) noexcept {
    entry = &handle.promise();
    return false;
  }
  Roots::Entry& await_resume() const noexcept { return *entry; }
  Roots::Entry* entry = nullptr;
};

template <class R>
Root answer_when_done(Roots&, Reply&, Task<R>& started) {
  Task<R> task = std::move(started);
  Roots::Entry& self = co_await OwnEntry();
  try {
    if constexpr (std::is_void_v<R>) {
      co_await task;
      self.reply.value();
    } else {
      R result = co_await task;
      self.reply.value(std::move(result));
    }
  } catch (...) {
    self.roots.failed(self.reply);
  }
}

// Runs the method with `arguments`, which it may take away.
template <auto M, class Class>
void invoke(Cell& cell, ArgumentsOf<M>& arguments, Reply& reply) {
  using Return = typename MethodTraits<decltype(M)>::Return;
  if (reply.settled()) return;
  try {
    Class& self = cell.as<Class>();
    const auto call = [&]() -> Return {
      return std::apply([&](auto&... each) -> Return { return (self.*M)(std::move(each)...); }, arguments);
    };
    if constexpr (Unwrapped<Return>::kTask) {
      Return task = call();
      cell.begin(std::move(task), reply);
    } else if constexpr (std::is_void_v<Return>) {
      call();
      reply.value();
    } else {
      reply.value(call());
    }
  } catch (...) {
    cell.failed(&kMethodKey<M, Class>, reply);
  }
}

template <auto M, class Class>
void invoke_packed(Cell& cell, const Bytes& packed, Reply& reply) {
  if constexpr (kTravels<M>) {
    try {
      auto arguments = unpack_arguments<ArgumentsOf<M>>(packed);
      return invoke<M, Class>(cell, arguments, reply);
    } catch (const DecodeError& error) {  // here it is the caller's; a method may throw one of its own
      cell.refuse(reply, error.what());
    }
  } else {
    cell.refuse(reply, "this method's arguments or result can't travel: call it on its own node");
  }
}

// A call within the process. What waits for the answer: nobody, if null. One cache line for few arguments.
template <auto M, class Class = ClassOf<M>>
class CallMail final : public Mail, public Pooled<CallMail<M, Class>> {
 public:
  template <class... P>
  explicit CallMail(Ref<FutureState> state, P&&... arguments)
      : state_(std::move(state)), arguments_(std::forward<P>(arguments)...) {}
  ~CallMail() override {
    if (state_) (void)Reply(std::move(state_));  // it goes unanswered
  }
  void run(Cell& cell) override {
    Reply reply(std::move(state_));
    invoke<M, Class>(cell, arguments_, reply);
    delete this;
  }
  void refuse(const Failure& why) override {
    Reply(std::move(state_)).fail(why);
    delete this;
  }

 private:
  Ref<FutureState> state_;
  ArgumentsOf<M> arguments_;
};

}  // namespace call_detail

template <class R>
void Cell::begin(Task<R> task, Reply& reply) {
  call_detail::answer_when_done(roots_, reply, task);
}

}  // namespace wisp::runtime
