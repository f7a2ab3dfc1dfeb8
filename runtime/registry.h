#pragma once
// Registry: which classes can be spawned and which of their methods can be called, by name.
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/pack.h"
#include "runtime/actor.h"
#include "runtime/failure.h"
#include "runtime/task.h"

namespace wisp::runtime {

using MethodId = std::uint32_t;  // a hash of "class.method"

// Where the answer to one call goes. Copies are the same slot; only the first answer counts.
class ReplySlot {
 public:
  using Sink = std::function<void(Bytes body, const Failure* failure)>;
  ReplySlot() = default;  // nobody waits
  explicit ReplySlot(Sink sink) : sink_(std::move(sink)) {}
  bool wanted() const { return static_cast<bool>(sink_); }
  void value(Bytes body) const {
    if (sink_) sink_(std::move(body), nullptr);
  }
  void failure(const Failure& failure) const {
    if (sink_) sink_(Bytes(), &failure);
  }

 private:
  Sink sink_;
};

// The coroutines of one actor that are under way.
class Roots {
 public:
  Roots() = default;
  ~Roots();
  Roots(const Roots&) = delete;
  Roots& operator=(const Roots&) = delete;
  void add(std::coroutine_handle<> handle) { live_.push_back(handle); }
  void remove(std::coroutine_handle<> handle) { std::erase(live_, handle); }

 private:
  std::vector<std::coroutine_handle<>> live_;
};

namespace registry_detail {

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

// One address a method: how a typed call finds its registration.
template <auto M, class C = ClassOf<M>>
inline constexpr char kMethodKey = 0;

template <class Signature>
struct ConstructorTraits;
template <class... P>
struct ConstructorTraits<void(P...)> {
  using Arguments = std::tuple<std::decay_t<P>...>;
};

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
Bytes pack_arguments(const A&... arguments) {
  static_assert(std::tuple_size_v<Tuple> == sizeof...(A), "wrong number of arguments");
  (refuse_aggregate<A>(), ...);
  Packer packer;
  packer.array(sizeof...(A));
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    static_assert((ConvertsWithoutNarrowing<std::tuple_element_t<I, Tuple>, const A&> && ...),
                  "an argument does not convert to the parameter's type without narrowing");
    [[maybe_unused]] const auto pack_one = [&packer]<class To, class From>(std::type_identity<To>,
                                                                           const From& from) {
      if constexpr (std::same_as<To, From>) {
        pack(packer, from);
      } else {
        pack(packer, To(from));
      }
    };
    (pack_one(std::type_identity<std::tuple_element_t<I, Tuple>>{}, arguments), ...);
  }
  (std::index_sequence_for<A...>{});
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

// What the caller did wrong, rather than the method: answered by a refusal.
[[noreturn]] inline void refuse(const std::string& actor, const std::string& why) {
  throw ActorError(Failure(Failure::Kind::kRefused, actor, why));
}

template <class Tuple>
Tuple unpack_or_refuse(const std::string& actor, const Bytes& packed) {
  try {
    return unpack_arguments<Tuple>(packed);
  } catch (const DecodeError& error) {  // here alone it is the caller's; a method may throw one of its own
    refuse(actor, error.what());
  }
}

// A frame may name any method with any actor.
template <class Class>
Class& as_class(Actor& actor, const std::string& name) {
  Class* self = dynamic_cast<Class*>(&actor);
  if (self == nullptr) refuse(name, "has no such method");
  return *self;
}

// The frame around a method that returns a Task; it destroys itself at the end.
struct Root {
  struct promise_type {
    template <class... Rest>
    explicit promise_type(Roots& roots, Rest&...) : owner(roots) {
      owner.add(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    ~promise_type() { owner.remove(std::coroutine_handle<promise_type>::from_promise(*this)); }
    Root get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
    Roots& owner;
  };
};

template <class R>
Root answer_when_done(Roots&, Task<R>& started, std::string actor, ReplySlot reply) {
  Task<R> task = std::move(started);
  try {
    if constexpr (std::is_void_v<R>) {
      co_await std::move(task);
      reply.value(Bytes());
    } else {
      const R result = co_await std::move(task);
      if (reply.wanted()) reply.value(pack(result));
    }
  } catch (...) {
    reply.failure(Failure::from_current_exception(actor));
  }
}

}  // namespace registry_detail

// One callable method, its types erased.
struct MethodEntry {
  std::string name;  // "class.method"
  // Runs it on `actor`; answers at once or when the method's Task is done.
  std::function<void(Actor& actor, const std::string& actor_name, Roots& roots, const Bytes& arguments,
                     const ReplySlot& reply)>
      invoke;
};

struct ClassEntry {
  std::string name;
  std::function<std::unique_ptr<Actor>(const Bytes& arguments)> construct;
};

// Filled once, by main() or a plugin's function, before a node starts; read-only afterwards, from any thread.
class Registry {
 public:
  template <class A>
  class ClassBuilder {
   public:
    ClassBuilder(Registry& registry, std::string name) : registry_(registry), name_(std::move(name)) {}
    // An overloaded method can't be named by &A::m without a cast: give it a name of its own.
    template <auto M>
    ClassBuilder& method(std::string_view name) {
      registry_.add_method<M>(name_ + "." + std::string(name));
      return *this;
    }

   private:
    Registry& registry_;
    std::string name_;
  };

  // `name` is what a job file, a log and the wire call the class.
  template <std::derived_from<Actor> A>
  ClassBuilder<A> actor(std::string name) {
    using Arguments = typename registry_detail::ConstructorTraits<typename A::Constructor>::Arguments;
    add_class(class_key<A>(),
              ClassEntry{name, [](const Bytes& packed) -> std::unique_ptr<Actor> {
                           return std::apply(
                               [](auto&&... each) { return std::make_unique<A>(std::move(each)...); },
                               registry_detail::unpack_arguments<Arguments>(packed));
                         }});
    return ClassBuilder<A>(*this, std::move(name));
  }

  const ClassEntry* find_class(std::string_view name) const;
  const MethodEntry* find_method(MethodId id) const;
  std::vector<std::string> class_names() const;

  // The registered name and id of a type or method; aborts if it was never registered.
  template <class A>
  const std::string& name_of() const {
    return class_name(class_key<A>());
  }
  template <auto M, class C = registry_detail::ClassOf<M>>
  MethodId id_of() const {
    return method_id(&registry_detail::kMethodKey<M>);
  }

 private:
  template <class A>
  static const void* class_key() {
    static const char key = 0;
    return &key;
  }
  template <auto M, class Class = registry_detail::ClassOf<M>>
  void add_method(std::string name) {
    using Traits = registry_detail::MethodTraits<decltype(M)>;
    using Return = typename Traits::Return;
    static_assert(Traits::kByValue || !registry_detail::Unwrapped<Return>::kTask,
                  "a method that returns a Task takes its arguments by value: references would outlive them");
    add_method_entry(
        &registry_detail::kMethodKey<M>,
        MethodEntry{std::move(name), [](Actor& actor, const std::string& actor_name, Roots& roots,
                                        const Bytes& packed, const ReplySlot& reply) {
                      auto& self = registry_detail::as_class<Class>(actor, actor_name);
                      auto arguments =
                          registry_detail::unpack_or_refuse<typename Traits::Arguments>(actor_name, packed);
                      auto call = [&]() -> Return {
                        return std::apply(
                            [&](auto&... each) -> Return { return (self.*M)(std::move(each)...); },
                            arguments);
                      };
                      if constexpr (registry_detail::Unwrapped<Return>::kTask) {
                        Return task = call();
                        registry_detail::answer_when_done(roots, task, actor_name, reply);
                      } else if constexpr (std::is_void_v<Return>) {
                        call();
                        reply.value(Bytes());
                      } else {
                        const Return result = call();
                        if (reply.wanted()) reply.value(pack(result));
                      }
                    }});
  }
  void add_class(const void* key, ClassEntry entry);
  void add_method_entry(const void* key, MethodEntry entry);
  const std::string& class_name(const void* key) const;
  MethodId method_id(const void* key) const;

  std::map<std::string, ClassEntry, std::less<>> classes_;
  std::unordered_map<const void*, std::string> class_names_;
  std::unordered_map<MethodId, MethodEntry> methods_;
  std::unordered_map<const void*, MethodId> method_ids_;
};

}  // namespace wisp::runtime
