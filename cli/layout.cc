#include "cli/layout.h"

#include <algorithm>

#include "actors/job.h"
#include "base/error.h"

namespace wisp::cli {

namespace {

struct Seat {
  std::string actor;
  std::string class_name;
  std::string host;
};

[[noreturn]] void differ(const NodePlan& node, const Seat& seat, const std::string& what,
                         const std::string& wanted) {
  throw Error("actors that are threads of one process have one " + what + ", but " + seat.actor + " and " +
                  node.actors.front() + " want different " + wanted,
              Fault::kConfig);
}

void share_environment(NodePlan& node, const Seat& seat, const actors::ActorSpec& spec) {
  for (const auto& [variable, value] : spec.env) {
    if (node.env.emplace(variable, value).first->second != value)
      differ(node, seat, "environment", "values of " + variable);
  }
}

void share_resources(NodePlan& node, bool is_first, const Seat& seat, const runtime::ResourceSpec& wanted) {
  node.cpus += wanted.cpus;
  if (is_first) {
    node.memory = wanted.memory;
    node.nice = wanted.nice;
    return;
  }
  if (node.nice != wanted.nice) differ(node, seat, "niceness", "ones");
  const bool limited = node.memory > 0 && wanted.memory > 0;
  node.memory = limited ? node.memory + wanted.memory : 0;
}

// Puts an actor where its isolation wants it and returns the node's name.
std::string add_actor(JobLayout& layout, const std::vector<runtime::HostSlots>& hosts, const Seat& seat,
                      const actors::ActorSpec& spec) {
  std::string name = seat.actor;
  if (spec.isolation == runtime::Isolation::kThread) {
    const auto found =
        std::find_if(hosts.begin(), hosts.end(), [&](const auto& each) { return each.name == seat.host; });
    name = "guests-" + std::to_string(found - hosts.begin() + 1);
  }
  auto& nodes = layout.nodes;
  auto node =
      std::find_if(nodes.begin(), nodes.end(), [&](const NodePlan& each) { return each.name == name; });
  const bool is_new = node == nodes.end();
  if (is_new) node = nodes.insert(nodes.end(), NodePlan{name, seat.host, {}, spec.isolation});
  node->actors.push_back(seat.actor);
  share_environment(*node, seat, spec);
  share_resources(*node, is_new, seat, spec.resources);
  layout.node_of[seat.actor] = name;
  layout.classes[seat.actor] = seat.class_name;
  return name;
}

void check_host(const std::string& key, const std::string& host,
                const std::vector<runtime::HostSlots>& hosts) {
  if (std::any_of(hosts.begin(), hosts.end(), [&](const auto& each) { return each.name == host; })) return;
  throw Error(key + " names " + host + ", which is not among hosts", Fault::kConfig);
}

// Whether the model goes from host to host, where it would leave the master's host more often otherwise. Not
// without rounds: there each worker gets another one.
bool is_relayed(const actors::JobSpec& job, const JobLayout& layout, const std::string& master_host,
                std::uint32_t dim) {
  const std::string& consistency = job.method.consistency.kind;
  if (!consistency.empty() && consistency != "sync") return false;
  const std::string& way = job.method.broadcast.way;
  if (way != "auto") return way == "chain";
  const std::uint64_t scalar = job.dtype == actors::Dtype::kFloat64 ? sizeof(double) : sizeof(float);
  if (dim * scalar < kRelayedFrom) return false;
  const auto elsewhere = std::count_if(layout.worker_hosts.begin(), layout.worker_hosts.end(),
                                       [&](const std::string& host) { return host != master_host; });
  return elsewhere > 1;
}

// One on each host that has workers.
void add_relays(JobLayout& layout, const actors::JobSpec& job, const std::vector<runtime::HostSlots>& hosts,
                const std::string& master_host) {
  std::vector<std::string> order = {master_host};
  for (const runtime::HostSlots& host : hosts) {
    if (host.name != master_host) order.push_back(host.name);
  }
  actors::ActorSpec relay = job.worker;
  relay.resources.cpus = 0;
  for (const std::string& host : order) {
    actors::RelayPlace place;
    for (std::uint32_t i = 0; i < layout.worker_hosts.size(); ++i) {
      if (layout.worker_hosts[i] == host) place.workers.push_back(i);
    }
    if (place.workers.empty()) continue;
    const std::string name = "relay-" + std::to_string(layout.relays.size());
    place.node = add_actor(layout, hosts, {name, actors::relay_class(job.dtype), host}, relay);
    layout.relays.push_back(std::move(place));
  }
}

}  // namespace

JobLayout lay_out(const actors::JobSpec& job, std::vector<runtime::HostSlots> hosts, std::uint32_t dim) {
  JobLayout layout;
  const std::string master_host = job.master.host.empty() ? hosts.front().name : job.master.host;
  check_host("actors.master.host", master_host, hosts);
  layout.worker_hosts =
      runtime::place(job.worker.placement, job.worker.replicas, hosts, job.worker.resources.cpus);
  const std::string worker_class = actors::worker_class(job.dtype);
  layout.master_node =
      add_actor(layout, hosts, {"master", actors::master_class(job.dtype), master_host}, job.master);
  for (std::size_t i = 0; i < layout.worker_hosts.size(); ++i) {
    layout.worker_nodes.push_back(add_actor(
        layout, hosts, {"worker-" + std::to_string(i), worker_class, layout.worker_hosts[i]}, job.worker));
  }
  if (is_relayed(job, layout, master_host, dim)) add_relays(layout, job, hosts, master_host);
  return layout;
}

JobLayout lay_out(const std::vector<actors::GroupSpec>& groups, std::vector<runtime::HostSlots> hosts) {
  JobLayout layout;
  for (const actors::GroupSpec& group : groups) {
    const std::vector<std::string> names = group.actor_names();
    std::vector<std::string> places(names.size(), group.actor.host);
    if (group.actor.host.empty()) {
      places = runtime::place(group.actor.placement, group.actor.replicas, hosts, group.actor.resources.cpus);
    } else {
      check_host("actors." + group.name + ".host", group.actor.host, hosts);
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      add_actor(layout, hosts, {names[i], group.class_name, places[i]}, group.actor);
    }
  }
  return layout;
}

}  // namespace wisp::cli
