// A program that is a node and nothing else, as `wisp node` is: for tests of this room without the others.
#include <unistd.h>

#include <csignal>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "tests/runtime/real_node.h"

namespace wisp::runtime::real {
namespace {

bool read_exactly(void* target, std::size_t size) {
  auto* next = static_cast<std::byte*>(target);
  while (size > 0) {
    const ssize_t got = ::read(STDIN_FILENO, next, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    next += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

NodeOrder read_order() {
  std::uint32_t size = 0;
  if (!read_exactly(&size, sizeof size)) throw Error("no order on stdin");
  std::vector<std::byte> bytes(size);
  if (!read_exactly(bytes.data(), bytes.size())) throw Error("the order on stdin is cut short");
  return unpack<NodeOrder>(Bytes(std::move(bytes)));
}

void end_with_parent() {
  std::byte ignored;
  while (read_exactly(&ignored, 1)) {
  }
  ::_exit(kParentGone);
}

int run(Log& log) {
  const NodeOrder order = read_order();
  const NodeParameters& parameters = order.parameters;
  std::thread(end_with_parent).detach();
  std::this_thread::sleep_for(order.delay);  // what is delayed is the start itself
  Registry registry;
  register_all(registry);
  const SystemClock clock;
  const auto make_log = [](const std::string& actor) {
    return std::make_unique<LineSink>(STDERR_FILENO, actor);
  };
  try {
    ZmqSockets sockets(parameters.network);
    serve(parameters, registry, clock, make_log, sockets.data(), sockets.control(), std::chrono::seconds(60));
    return kEnded;
  } catch (const Fenced& error) {
    log.error(error.what());
    return kFenced;
  } catch (const Error& error) {
    log.error(error.what());
    return kDriverGone;
  }
}

}  // namespace
}  // namespace wisp::runtime::real

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  wisp::keep_freed_memory();  // as every node does
  wisp::LineSink log(STDERR_FILENO, "node");
  try {
    return wisp::runtime::real::run(log);
  } catch (const std::exception& error) {
    log.error(error.what());
    return 1;
  }
}
