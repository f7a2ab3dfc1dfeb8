#pragma once
// NetworkPlan: how the nodes of a job reach each other: sockets, addresses, keys.
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/layout.h"
#include "launcher/fleet.h"
#include "runtime/spec.h"
#include "runtime/system.h"

namespace wisp::cli {

// Decides for one job. Everything is on this host: ipc in `folder`, unless network.transport is tcp, then tcp
// on 127.0.0.1. Else tcp, with CURVE as soon as one address is not loopback: on the address by which each
// host was reached, on that of network.subnet or network.interface, or on what the job file gives for the
// host. Or, with network.tunnel and always with CURVE, on 127.0.0.1 everywhere, with ports that no two nodes
// of the job share, so that forwards() can make every node's port lead to it from every host.
class NetworkPlan {
 public:
  // `own`: the addresses of this machine. Throws Error: kConfig for a transport that can't reach the hosts,
  // or too few ports; kHost for a host without an address in the network that the job file names.
  NetworkPlan(const runtime::NetworkSpec& spec, const std::vector<launcher::HostInfo>& hosts,
              std::filesystem::path folder, std::uint64_t run,
              const std::vector<launcher::InterfaceAddress>& own = {});

  bool ipc() const { return ipc_; }
  bool tunnel() const { return tunnel_; }
  // What the nodes of a host bind, where they are to find the driver, and all such places.
  const std::string& address_of(const std::string& host) const { return hosts_.at(host).info.address; }
  const std::string& driver_address_of(const std::string& host) const {
    return hosts_.at(host).info.driver_address;
  }
  const std::vector<std::string>& driver_addresses() const { return driver_addresses_; }
  // The driver's own socket options. The nodes added so far are let in; for later ones there is
  // System::expect().
  runtime::ZmqOptions driver() const;
  // Issues the options of node `id` on `host`. Those that start together are all added before parameters() is
  // called for one of them. Throws Error (kConfig) where a tunnel has no ports left.
  void add_node(runtime::NodeId id, const std::string& host);
  // A node is gone: those that start later don't let it in, and its ports in a tunnel are free for the next
  // on its host, to which they lead already.
  void forget(runtime::NodeId id);
  // Both at once: on the same host the new node has the ports of the old one, which must have ended.
  void replace_node(runtime::NodeId old, runtime::NodeId id, const std::string& host);
  // By which the others let node `id` in; empty without CURVE.
  std::string public_key(runtime::NodeId id) const;
  // What node `id` is started with, once the driver is bound to `addresses`, one for each that it was to
  // bind. It lets all in that are members now.
  runtime::NodeParameters parameters(runtime::NodeId id, const NodePlan& node,
                                     const std::vector<runtime::Address>& addresses) const;
  // Which ports are to lead through the ssh connection of each host that needs any, in a tunnel, and were not
  // answered before. `talk` tells of which pairs of nodes one ever sends to the other.
  std::map<std::string, std::vector<launcher::Forward>> forwards(
      const std::function<bool(runtime::NodeId, runtime::NodeId)>& talk);
  // The ssh connection of a host has ended, and with it what led through it.
  void lose_forwards(const std::string& host) { opened_.erase(host); }

 private:
  struct Host {
    launcher::HostInfo info;       // with the address that its nodes bind
    bool is_this_machine = false;  // reached by ssh, all the same
  };
  struct Member {
    std::string host;
    std::string address;               // to bind
    std::vector<std::uint16_t> ports;  // in a tunnel: of data and control
    std::optional<runtime::CurveKeys> keys;
  };
  void place(launcher::HostInfo& host, const std::vector<launcher::InterfaceAddress>& own) const;
  const launcher::InterfaceAddress& chosen(const launcher::HostInfo& host) const;
  std::vector<std::uint16_t> next_ports();
  std::vector<std::uint16_t> ports_on(const std::string& host);
  runtime::ZmqOptions options(runtime::NodeId id, const Member& member) const;
  std::string bind_of(runtime::NodeId id, const std::string& address) const;
  const runtime::Address& driver_address_for(const std::string& host,
                                             const std::vector<runtime::Address>& addresses) const;

  const runtime::NetworkSpec spec_;
  const std::filesystem::path folder_;
  const std::uint64_t run_;
  bool ipc_ = false;
  bool tunnel_ = false;
  bool curve_ = false;
  unsigned port_start_ = 0;   // from network.ports.first; where next_ports() began,
  unsigned ports_taken_ = 0;  // and how many it has given
  // By host: the ports of nodes that are gone, and what forwards() has answered.
  std::map<std::string, std::vector<std::vector<std::uint16_t>>> free_ports_;
  std::map<std::string, std::vector<launcher::Forward>> opened_;
  std::map<std::string, Host> hosts_;
  std::vector<std::string> driver_addresses_;  // distinct, in the order of binding
  std::map<runtime::NodeId, Member> members_;  // 0: the driver
};

}  // namespace wisp::cli
