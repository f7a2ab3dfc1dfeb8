#pragma once
// Layout: which nodes a job has, on which hosts, and which actors each of them holds.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "actors/job.h"
#include "actors/spec.h"
#include "runtime/placement.h"

namespace wisp::cli {

// A process to be: one process-isolated actor, or the thread-isolated actors of a host.
struct NodePlan {
  std::string name;  // the actor's, or guests-1, guests-2, ... for the first, second host
  std::string host;
  std::vector<std::string> actors;  // "master", "worker-<i>", or of one's own
  runtime::Isolation isolation = runtime::Isolation::kProcess;
  std::map<std::string, std::string> env = {};  // of all its actors
  std::uint32_t cpus = 0;                       // the sum of its actors'
  std::uint64_t memory = 0;                     // the sum of its actors' limits; 0 if one of them has none
  std::int32_t nice = 0;                        // of all its actors
};

struct JobLayout {
  std::vector<NodePlan> nodes;
  std::string master_node;                // node names
  std::vector<std::string> worker_nodes;  // by worker
  std::vector<std::string> worker_hosts;
  std::vector<actors::RelayPlace> relays;      // in the order of their chain; none: models go without
  std::map<std::string, std::string> node_of;  // by actor: the node
  std::map<std::string, std::string> classes;  // by actor
};

// A model of fewer bytes goes to every worker by itself, unless the job asks for a chain.
inline constexpr std::uint64_t kRelayedFrom = std::uint64_t{64} << 10;

// Workers go where runtime/placement.h puts them; the master goes to its host, by default the first, and
// takes no slot. Where the model of R^dim is to go from host to host, each host with workers has a relay, the
// master's host first; it takes no slot either, and is isolated as the workers are. Dimension 0: not known
// yet. Throws Error (kConfig).
JobLayout lay_out(const actors::JobSpec& job, std::vector<runtime::HostSlots> hosts, std::uint32_t dim = 0);

// The same for plain actors: group after group, each where its host or its placement says; those that are
// placed take slots from the later ones.
JobLayout lay_out(const std::vector<actors::GroupSpec>& groups, std::vector<runtime::HostSlots> hosts);

// For a host without slots of its own: as many as are asked for.
inline constexpr std::uint32_t kUnlimitedSlots = 1'000'000;

}  // namespace wisp::cli
