#include "cli/network_plan.h"

#include <algorithm>

#include "base/error.h"
#include "runtime/endpoint.h"

namespace wisp::cli {

namespace {

constexpr const char* kLoopback = "127.0.0.1";

std::string bracketed(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

}  // namespace

NetworkPlan::NetworkPlan(const runtime::NetworkSpec& spec, const std::vector<launcher::HostInfo>& hosts,
                         std::filesystem::path folder, std::uint64_t run)
    : spec_(spec), folder_(std::move(folder)), run_(run) {
  const bool all_here = std::all_of(hosts.begin(), hosts.end(), [](const auto& host) { return host.local; });
  ipc_ = spec.transport == "ipc" || (spec.transport == "auto" && all_here);
  if (ipc_ && !all_here)
    throw Error("network.transport: ipc reaches this host only; use tcp or auto", Fault::kConfig);
  bool loopback = true;
  for (launcher::HostInfo host : hosts) {
    if (host.local) host.address = host.driver_address = kLoopback;
    loopback = loopback && runtime::is_loopback(host.address) && runtime::is_loopback(host.driver_address);
    if (std::find(driver_addresses_.begin(), driver_addresses_.end(), host.driver_address) ==
        driver_addresses_.end()) {
      driver_addresses_.push_back(host.driver_address);
    }
    hosts_.emplace(host.name, std::move(host));
  }
  curve_ = !ipc_ && !loopback && spec.security == "curve";
  members_[0].keys = curve_ ? std::optional(runtime::CurveKeys::make()) : std::nullopt;
}

void NetworkPlan::add_node(runtime::NodeId id, const std::string& host) {
  Member& member = members_[id];
  member.host = host;
  member.address = hosts_.at(host).address;
  if (curve_) member.keys = runtime::CurveKeys::make();
}

std::string NetworkPlan::bind_of(runtime::NodeId id, const std::string& address) const {
  return ipc_ ? "ipc://" + (folder_ / std::to_string(id)).string() : "tcp://" + bracketed(address);
}

runtime::ZmqOptions NetworkPlan::options(runtime::NodeId id, const Member& member) const {
  runtime::ZmqOptions options;
  options.self = id;
  options.binds = {bind_of(id, member.address)};
  options.port_first = spec_.port_first;
  options.port_last = spec_.port_last;
  options.message_max = spec_.message_max;
  options.peers_max = static_cast<std::uint32_t>(members_.size());
  options.plaintext_off_loopback = spec_.security == "plaintext";
  options.keys = member.keys;
  if (curve_) {
    for (const auto& [node, other] : members_) options.allowed[node] = other.keys->public_key;
  }
  return options;
}

runtime::ZmqOptions NetworkPlan::driver() const {
  runtime::ZmqOptions options = this->options(0, members_.at(0));
  if (!ipc_) {
    options.binds.clear();
    for (const std::string& address : driver_addresses_) options.binds.push_back(bind_of(0, address));
  }
  return options;
}

const runtime::Address& NetworkPlan::driver_address_for(
    const std::string& host, const std::vector<runtime::Address>& addresses) const {
  if (ipc_) return addresses.front();
  const auto found =
      std::find(driver_addresses_.begin(), driver_addresses_.end(), hosts_.at(host).driver_address);
  return addresses[static_cast<std::size_t>(found - driver_addresses_.begin())];
}

runtime::NodeParameters NetworkPlan::parameters(runtime::NodeId id, const NodePlan& node,
                                                const std::vector<runtime::Address>& addresses) const {
  runtime::NodeParameters parameters;
  parameters.name = node.name;
  parameters.run = run_;
  parameters.network = options(id, members_.at(id));
  parameters.driver = driver_address_for(node.host, addresses);
  const auto guests = static_cast<unsigned>(node.actors.size());
  parameters.threads = guests > 1 ? std::max(1u, std::min(guests, hosts_.at(node.host).cores)) : 0;
  return parameters;
}

}  // namespace wisp::cli
