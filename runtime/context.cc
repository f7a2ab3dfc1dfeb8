#include "runtime/actor.h"
#include "runtime/builtin.h"
#include "runtime/cell.h"
#include "runtime/node.h"

namespace wisp::runtime {

namespace {

Task<void> tell_when_down(Cell& cell, Future<Down> end) {
  const Down down = co_await end;
  cell.actor().on_down(down);
}

}  // namespace

ActorId Context::self() const { return cell_.id(); }
const std::string& Context::name() const { return cell_.name(); }
Node& Context::node() const { return cell_.node(); }
Log& Context::log() const { return cell_.log(); }
std::chrono::nanoseconds Context::now() const { return node().clock().steady(); }
Traffic Context::traffic() const { return node().traffic(); }
std::unique_ptr<Tap> Context::open_tap(const std::string& endpoint, const TapLimits& limits) const {
  return node().open_tap(endpoint, limits);
}
std::uint64_t Context::dropped() const { return cell_.dropped(); }

Future<void> Context::sleep(std::chrono::nanoseconds duration) const {
  auto state = make_ref<TypedState<void>>(&node(), Awaited{cell_.shared_name()});
  node().timers().wake(state, duration);
  return Future<void>(std::move(state));
}

void Context::begin(Task<void> task) const {
  Reply nobody;
  cell_.begin(std::move(task), nobody);
}

void Context::flush() const { node().publish(); }

bool Context::is_saved() const { return cell_.is_saved(); }

Future<void> Context::commit() const { return cell_.commit(); }

void Context::end(const std::string& cause) const { cell_.kill(cause); }

void Context::watch(Future<Down> end) const { begin(tell_when_down(cell_, std::move(end))); }

}  // namespace wisp::runtime
