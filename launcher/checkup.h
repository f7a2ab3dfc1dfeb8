#pragma once
// Checkup: whether hosts are fit for a job, found out as a job would meet them.
#include <optional>
#include <string>
#include <vector>

#include "launcher/fleet.h"
#include "launcher/probe.h"

namespace wisp::launcher {

// What was found out about one host.
struct Checkup {
  std::string host;
  bool by_ssh = true;
  std::string program = "ssh";          // that leads there
  std::optional<HostFacts> facts;       // either these
  std::optional<ProbeFailure> failure;  // or why it did not answer
  std::optional<bool> has_program;      // this very one, before it was brought; unknown where it is not to be
  // Then, where the facts speak not against it, an agent was started and ended again; the program was brought
  // there for that, as a job would, and stays for the next one.
  std::optional<HostInfo> agent;
  std::string agent_failure;  // on one line
};

// Why no job can be started on a host of this kind; empty if nothing speaks against it.
std::string unfit(const HostFacts& facts, const std::string& needed_libc);
// Asks the hosts of `spec`, which is not of kind local, at most ssh.max_parallel at a time, and each within
// timeouts.start, first for its facts and then for an agent. In the order of the hosts. Waits, and says for
// what; the process ignores SIGPIPE.
std::vector<Checkup> examine(const LauncherSpec& spec, const std::string& needed_libc,
                             const FleetOptions& options);

}  // namespace wisp::launcher
