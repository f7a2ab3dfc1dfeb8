#pragma once
// Handle<A>: a typed reference to an actor, wherever it lives.
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "runtime/future.h"
#include "runtime/node.h"
#include "runtime/registry.h"
#include "runtime/task.h"

namespace wisp::runtime {

namespace handle_detail {

template <auto M>
using ReturnOf =
    typename registry_detail::Unwrapped<typename registry_detail::MethodTraits<decltype(M)>::Return>::type;
template <auto M>
using ArgumentsOf = typename registry_detail::MethodTraits<decltype(M)>::Arguments;

}  // namespace handle_detail

// May be copied, and travels inside messages. Calls go through the node of the thread that unpacked or made
// it.
template <class A>
class Handle {
 public:
  Handle() : node_(current_node()) {}
  Handle(Node& node, ActorId id, std::string name) : node_(&node), id_(id), name_(std::move(name)) {}

  ActorId id() const { return id_; }
  const std::string& name() const { return name_; }
  Node& node() const {
    WISP_CHECK(node_ != nullptr, "a handle is used where its node is");
    return *node_;
  }

  // Calls a method and has its answer: co_await it in an actor, get() it elsewhere. Messages from one caller
  // to one actor arrive in the order of the calls. A wrong argument does not compile.
  template <auto M, class... P>
  Future<handle_detail::ReturnOf<M>> call(const P&... arguments) const {
    return send<M>(registry_detail::pack_arguments<handle_detail::ArgumentsOf<M>>(arguments...));
  }
  // The same without an answer; a failure is logged by the actor.
  template <auto M, class... P>
  void tell(const P&... arguments) const {
    check<M>();
    node().tell(id_, node().registry().template id_of<M>(),
                registry_detail::pack_arguments<handle_detail::ArgumentsOf<M>>(arguments...));
  }
  // A call whose arguments are packed already.
  template <auto M>
  Future<handle_detail::ReturnOf<M>> send(Bytes packed) const {
    check<M>();
    return Future<handle_detail::ReturnOf<M>>(
        node().call(id_, name_, node().registry().template id_of<M>(), std::move(packed)));
  }

  template <class F>
  void fields(F& f) {
    f(id_, name_);
  }

 private:
  template <auto M>
  static constexpr void check() {
    static_assert(std::is_base_of_v<typename registry_detail::MethodTraits<decltype(M)>::Class, A>,
                  "this method is not one of the actor's class");
  }
  Node* node_;
  ActorId id_;
  std::string name_;
};

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

// Calls the same method of every actor of a group: the arguments are packed once and sent at once. Yields the
// answers in the order of the group, a vector unless the method returns void; the first failure, in that
// order, is thrown.
template <auto M, class A, class... P>
Task<handle_detail::Gathered<handle_detail::ReturnOf<M>>> call(const std::vector<Handle<A>>& group,
                                                               const P&... arguments) {
  using R = handle_detail::ReturnOf<M>;
  const Bytes packed = registry_detail::pack_arguments<handle_detail::ArgumentsOf<M>>(arguments...);
  std::vector<Future<R>> futures;
  futures.reserve(group.size());
  for (const Handle<A>& each : group) futures.push_back(each.template send<M>(packed));
  return handle_detail::gather(std::move(futures));
}

}  // namespace wisp::runtime
