#include "cli/layout.h"

#include <algorithm>

#include "base/error.h"

namespace wisp::cli {

namespace {

// Puts an actor where its isolation wants it and returns the node's name.
std::string add_actor(std::vector<NodePlan>& nodes, const std::vector<runtime::HostSlots>& hosts,
                      const std::string& actor, const std::string& host, runtime::Isolation isolation) {
  std::string name = actor;
  if (isolation == runtime::Isolation::kThread) {
    const auto found =
        std::find_if(hosts.begin(), hosts.end(), [&](const auto& each) { return each.name == host; });
    name = "guests-" + std::to_string(found - hosts.begin() + 1);
  }
  auto node =
      std::find_if(nodes.begin(), nodes.end(), [&](const NodePlan& each) { return each.name == name; });
  if (node == nodes.end()) node = nodes.insert(nodes.end(), NodePlan{name, host, {}});
  node->actors.push_back(actor);
  return name;
}

}  // namespace

JobLayout lay_out(const actors::JobSpec& job, std::vector<runtime::HostSlots> hosts) {
  JobLayout layout;
  const std::string master_host = job.master.host.empty() ? hosts.front().name : job.master.host;
  if (std::none_of(hosts.begin(), hosts.end(), [&](const auto& host) { return host.name == master_host; })) {
    throw Error("actors.master.host names " + master_host + ", which is not among hosts", Fault::kConfig);
  }
  layout.worker_hosts = runtime::place(job.worker.placement, job.worker.replicas, hosts);
  layout.master_node = add_actor(layout.nodes, hosts, "master", master_host, job.master.isolation);
  for (std::size_t i = 0; i < layout.worker_hosts.size(); ++i) {
    layout.worker_nodes.push_back(add_actor(layout.nodes, hosts, "worker-" + std::to_string(i),
                                            layout.worker_hosts[i], job.worker.isolation));
  }
  return layout;
}

}  // namespace wisp::cli
