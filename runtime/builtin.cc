#include "runtime/builtin.h"

namespace wisp::runtime {

namespace {

void ready(Cell&, const Bytes&, Reply& reply) { reply.value(); }

void stop(Cell& cell, const Bytes&, Reply& reply) {
  cell.stop();
  reply.value();
}

void kill(Cell& cell, const Bytes& cause, Reply& reply) {
  cell.kill(unpack<std::string>(cause));
  reply.value();
}

void monitor(Cell& cell, const Bytes&, Reply& reply) { cell.watch(std::move(reply)); }

}  // namespace

std::vector<std::pair<MethodId, MethodEntry>> builtin_methods() {
  return {{kReadyMethod, MethodEntry{"wisp.ready", &ready}},
          {kStopMethod, MethodEntry{"wisp.stop", &stop}},
          {kKillMethod, MethodEntry{"wisp.kill", &kill, true}},
          {kMonitorMethod, MethodEntry{"wisp.monitor", &monitor, true}}};
}

}  // namespace wisp::runtime
