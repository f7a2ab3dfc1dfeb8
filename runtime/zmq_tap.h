#pragma once
// A tap over ZeroMQ: a PUSH that connects to a listening PULL.
#include <memory>
#include <string>

#include "runtime/tap.h"
#include "runtime/zmq_context.h"

namespace wisp::runtime {

// Waits for a reader as the limits say, then returns whether or not there is one: who comes later reads from
// there on. What is queued when it ends has a second to leave. Throws Error as check_tap() does, or (kHost)
// if there is no socket to be had.
std::unique_ptr<Tap> open_zmq_tap(std::shared_ptr<ZmqContext> context, const std::string& endpoint,
                                  const TapLimits& limits);

}  // namespace wisp::runtime
