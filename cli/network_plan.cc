#include "cli/network_plan.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/ip.h"
#include "base/text.h"
#include "runtime/endpoint.h"

namespace wisp::cli {

namespace {

constexpr const char* kLoopback = "127.0.0.1";
// Nodes beyond its members that a node has room for: sockets of those that are gone close a while later.
constexpr std::size_t kReplacementsMax = 64;

std::string bracketed(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

}  // namespace

NetworkPlan::NetworkPlan(const runtime::NetworkSpec& spec, const std::vector<launcher::HostInfo>& hosts,
                         std::filesystem::path folder, std::uint64_t run,
                         const std::vector<launcher::InterfaceAddress>& own)
    : spec_(spec), folder_(std::move(folder)), run_(run) {
  const bool all_here = std::all_of(hosts.begin(), hosts.end(), [](const auto& host) { return host.local; });
  ipc_ = spec.transport == "ipc" || (spec.transport == "auto" && all_here);
  if (ipc_ && !all_here)
    throw Error("network.transport: ipc reaches this host only; use tcp or auto", Fault::kConfig);
  tunnel_ = spec.tunnel && !all_here;
  bool loopback = true;
  for (launcher::HostInfo host : hosts) {
    const bool is_this_machine =
        runtime::is_loopback(host.ssh_address) || host.ssh_address == host.driver_address;
    place(host, own);
    loopback = loopback && runtime::is_loopback(host.address) && runtime::is_loopback(host.driver_address);
    if (std::find(driver_addresses_.begin(), driver_addresses_.end(), host.driver_address) ==
        driver_addresses_.end()) {
      driver_addresses_.push_back(host.driver_address);
    }
    hosts_.emplace(host.name, Host{host, is_this_machine});
  }
  curve_ = !ipc_ && (tunnel_ || !loopback) && spec.security == "curve";
  Member& driver = members_[0];
  if (curve_) driver.keys = runtime::CurveKeys::make();
  if (tunnel_) {
    port_start_ = static_cast<unsigned>(std::stoul(random_hex(6), nullptr, 16));
    driver.address = kLoopback;
    driver.ports = next_ports();
  }
}

// The addresses by which a host and the driver are reached from each other.
void NetworkPlan::place(launcher::HostInfo& host, const std::vector<launcher::InterfaceAddress>& own) const {
  if (host.local || tunnel_) {
    host.address = host.driver_address = kLoopback;
    return;
  }
  if (host.address_given || (spec_.subnet.empty() && spec_.interface.empty())) return;
  const launcher::InterfaceAddress& address = chosen(host);
  host.address = address.address;
  const auto subnet = Subnet::parse(fmt::format("{}/{}", address.address, address.prefix));
  const auto mine = std::find_if(own.begin(), own.end(),
                                 [&](const auto& each) { return subnet && subnet->contains(each.address); });
  if (mine != own.end()) host.driver_address = mine->address;  // else where its sshd saw us
}

const launcher::InterfaceAddress& NetworkPlan::chosen(const launcher::HostInfo& host) const {
  const auto subnet = Subnet::parse(spec_.subnet);
  for (const launcher::InterfaceAddress& each : host.addresses) {
    if (subnet && !subnet->contains(each.address)) continue;
    if (spec_.interface.empty() || each.interface == spec_.interface) return each;
  }
  std::vector<std::string> asked;
  if (!spec_.subnet.empty()) asked.push_back("in network.subnet " + spec_.subnet);
  if (!spec_.interface.empty()) asked.push_back("on network.interface " + spec_.interface);
  throw Error(fmt::format("{} has no address {}\n    it has {}\n    hosts.{}.address can name the one to use",
                          host.name, join(asked, " "), launcher::list_of(host.addresses), host.name),
              Fault::kHost);
}

// Two that nobody of this job has had.
std::vector<std::uint16_t> NetworkPlan::next_ports() {
  const unsigned count = static_cast<unsigned>(spec_.port_last - spec_.port_first) + 1;
  std::vector<std::uint16_t> ports;
  for (int i = 0; i < 2; ++i) {
    if (ports_taken_ == count) {
      throw Error(
          fmt::format("network.ports: {}-{} are too few: in a tunnel each node, and the driver, takes two",
                      spec_.port_first, spec_.port_last),
          Fault::kConfig);
    }
    ports.push_back(static_cast<std::uint16_t>(spec_.port_first + (port_start_ + ports_taken_++) % count));
  }
  return ports;
}

// Those of the last one that is gone come first.
std::vector<std::uint16_t> NetworkPlan::ports_on(const std::string& host) {
  auto& free = free_ports_[host];
  if (free.empty()) return next_ports();
  std::vector<std::uint16_t> ports = std::move(free.back());
  free.pop_back();
  return ports;
}

void NetworkPlan::add_node(runtime::NodeId id, const std::string& host) {
  Member& member = members_[id];
  member.host = host;
  member.address = hosts_.at(host).info.address;
  if (tunnel_) member.ports = ports_on(host);
  if (curve_) member.keys = runtime::CurveKeys::make();
}

void NetworkPlan::forget(runtime::NodeId id) {
  const auto gone = members_.extract(id);
  if (gone && tunnel_) free_ports_[gone.mapped().host].push_back(std::move(gone.mapped().ports));
}

void NetworkPlan::replace_node(runtime::NodeId old, runtime::NodeId id, const std::string& host) {
  forget(old);
  add_node(id, host);
}

std::string NetworkPlan::public_key(runtime::NodeId id) const {
  const Member& member = members_.at(id);
  return member.keys ? member.keys->public_key : "";
}

std::string NetworkPlan::bind_of(runtime::NodeId id, const std::string& address) const {
  return ipc_ ? "ipc://" + (folder_ / std::to_string(id)).string() : "tcp://" + bracketed(address);
}

runtime::ZmqOptions NetworkPlan::options(runtime::NodeId id, const Member& member) const {
  runtime::ZmqOptions options;
  options.self = id;
  options.binds = {bind_of(id, member.address)};
  if (tunnel_) {
    options.binds = {runtime::tcp_text(member.address, member.ports[0])};
    options.control_binds = {runtime::tcp_text(member.address, member.ports[1])};
  }
  options.port_first = spec_.port_first;
  options.port_last = spec_.port_last;
  options.message_max = spec_.message_max;
  options.peers_max = static_cast<std::uint32_t>(members_.size() + kReplacementsMax);
  options.plaintext_off_loopback = spec_.security == "plaintext";
  options.keys = member.keys;
  if (curve_) {
    for (const auto& [node, other] : members_) options.allowed[node] = other.keys->public_key;
  }
  return options;
}

runtime::ZmqOptions NetworkPlan::driver() const {
  runtime::ZmqOptions options = this->options(0, members_.at(0));
  if (!ipc_ && !tunnel_) {
    options.binds.clear();
    for (const std::string& address : driver_addresses_) options.binds.push_back(bind_of(0, address));
  }
  return options;
}

const runtime::Address& NetworkPlan::driver_address_for(
    const std::string& host, const std::vector<runtime::Address>& addresses) const {
  if (ipc_) return addresses.front();
  const auto found =
      std::find(driver_addresses_.begin(), driver_addresses_.end(), hosts_.at(host).info.driver_address);
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
  parameters.threads = guests > 1 ? std::max(1u, std::min(guests, hosts_.at(node.host).info.cores)) : 0;
  return parameters;
}

std::map<std::string, std::vector<launcher::Forward>> NetworkPlan::forwards(
    const std::function<bool(runtime::NodeId, runtime::NodeId)>& talk) {
  using Listens = launcher::Forward::Listens;
  std::map<std::string, std::set<std::uint16_t>> there;  // ports of others that a host's nodes connect to
  std::map<std::string, std::vector<launcher::Forward>> forwards;
  if (!tunnel_) return forwards;
  for (const auto& [id, member] : members_) {
    if (id == 0 || hosts_.at(member.host).is_this_machine) continue;
    for (const std::uint16_t port : member.ports) forwards[member.host].push_back({Listens::kHere, port});
    for (const auto& [other_id, other] : members_) {
      if (other_id == 0) {  // the only one that everybody's heart beats to
        there[member.host].insert(other.ports.begin(), other.ports.end());
      } else if (other.host != member.host && talk(id, other_id)) {
        there[member.host].insert(other.ports.front());
      }
    }
  }
  for (const auto& [host, ports] : there) {
    for (const std::uint16_t port : ports) forwards[host].push_back({Listens::kThere, port});
  }
  for (auto& [host, wanted] : forwards) {
    auto& opened = opened_[host];
    std::erase_if(wanted, [&](const auto& each) { return std::ranges::count(opened, each) > 0; });
    opened.insert(opened.end(), wanted.begin(), wanted.end());
  }
  std::erase_if(forwards, [](const auto& each) { return each.second.empty(); });
  return forwards;
}

}  // namespace wisp::cli
