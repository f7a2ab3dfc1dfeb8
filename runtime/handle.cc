#include "runtime/handle.h"

namespace wisp::runtime::handle_detail {

Ref<Cell> find_local(Node* node, ActorId id) {
  return node == nullptr || id.node != node->id() ? nullptr : node->find(id.index);
}

Future<void> ready(Node& node, ActorId id, const Name& name) {
  auto state = make_ref<TypedState<void>>(&node, Awaited{name});
  node.call(id, kReadyMethod, state, PackedView());
  return Future<void>(std::move(state));
}

Future<Down> monitor(Node& node, ActorId id, const Name& name) {
  Ref<TypedState<Down>> state = Ref<TypedState<Down>>::adopt(new DownState(&node, Awaited{name}, id));
  node.call(id, kMonitorMethod, state, PackedView());
  return Future<Down>(std::move(state));
}

void stop(Node& node, ActorId id) { node.must_tell(id, kStopMethod, PackedView()); }

void kill(Node& node, ActorId id, const std::string& cause) {
  const Bytes packed = pack(cause);
  node.must_tell(id, kKillMethod, PackedView{packed.span(), {}});
}

}  // namespace wisp::runtime::handle_detail
