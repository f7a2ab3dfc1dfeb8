#pragma once
// What can be asked of every actor, whatever its class.
#include <utility>
#include <vector>

#include "base/hash.h"
#include "runtime/call.h"

namespace wisp::runtime {

inline constexpr MethodId kReadyMethod = fnv1a32("wisp.ready");      // answered when the actor has started
inline constexpr MethodId kStopMethod = fnv1a32("wisp.stop");        // ends it after what came before
inline constexpr MethodId kKillMethod = fnv1a32("wisp.kill");        // ends it; the body is the cause, a text
inline constexpr MethodId kMonitorMethod = fnv1a32("wisp.monitor");  // answered with a Down when it has ended

std::vector<std::pair<MethodId, MethodEntry>> builtin_methods();

}  // namespace wisp::runtime
