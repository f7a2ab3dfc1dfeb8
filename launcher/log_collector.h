#pragma once
// Fetches what hosts have kept of the logs of a job whose driver, or the way to it, was gone too early.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "launcher/fleet.h"
#include "launcher/jobs.h"

namespace wisp::launcher {

// Hosts, other than this machine, with actors whose end the driver did not see, and that were not asked
// since; none while it lives.
std::vector<std::string> hosts_to_collect(const JobEntry& job);

// What came of asking a host.
struct Collected {
  std::string host;
  std::uint64_t lines = 0;  // that the job folder did not have
  std::int64_t writer = 0;  // process of an agent of the job that has not ended; its copy stays
  std::string failure;      // why it could not be asked, or not all could be stored
};

// Asks these hosts of `spec`, all at once, for lines that the job's folder does not have, and adds them to
// its logs; the hosts' copies are then removed. An agent of the job that is still there is given `patience`
// to end. options.progress says what is waited for, and may be called by several threads. A host that was
// asked is noted in events.jsonl. In the order of `hosts`. Throws Error if another process collects for this
// job, or where the folder can't be written.
std::vector<Collected> collect_logs(const JobEntry& job, const LauncherSpec& spec,
                                    const FleetOptions& options, const std::vector<std::string>& hosts,
                                    std::chrono::milliseconds patience);

}  // namespace wisp::launcher
