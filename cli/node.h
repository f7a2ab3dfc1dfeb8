#pragma once
// The body of `wisp node`: a node of a job, started by an agent.
#include "base/bytes.h"
#include "runtime/system.h"

namespace wisp::cli {

// The exit status of a node that says at level error what its host is to blame for: it can't listen there, or
// the driver can't be joined.
inline constexpr int kNodeHostFault = 69;

// Reads its parameters from stdin, which stays open for as long as its agent lives; joins the driver and
// serves until it is told to stop or stdin ends. Logs to stderr in the form that agents understand. Returns
// the exit status: 0; kNodeHostFault; 70 a link broke; 71 the agent is gone; 78 the
// parameters are not readable, or a plugin is not what the driver loaded.
int node_main();

// What is written to a node's stdin.
Bytes node_input(const runtime::NodeParameters& parameters);

}  // namespace wisp::cli
