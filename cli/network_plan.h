#pragma once
// NetworkPlan: how the nodes of a job reach each other: sockets, addresses, keys.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/layout.h"
#include "launcher/fleet.h"
#include "runtime/spec.h"
#include "runtime/system.h"

namespace wisp::cli {

// Decides for one job. Everything is on this host: ipc in `folder`, unless network.transport is tcp, then tcp
// on 127.0.0.1. Else tcp on the address by which each host was reached, with CURVE as soon as one of them is
// not loopback.
class NetworkPlan {
 public:
  // Throws Error (kConfig) for a transport that can't reach the hosts.
  NetworkPlan(const runtime::NetworkSpec& spec, const std::vector<launcher::HostInfo>& hosts,
              std::filesystem::path folder, std::uint64_t run);

  bool ipc() const { return ipc_; }
  // The driver's own socket options. The nodes issued with node() so far are let in; for later ones ask the
  // transport.
  runtime::ZmqOptions driver() const;
  // Issues the options of node `id` on `host`; call it for every node before parameters().
  void add_node(runtime::NodeId id, const std::string& host);
  // What node `id` is started with, once the driver is bound to `addresses`, one for each that it was to
  // bind.
  runtime::NodeParameters parameters(runtime::NodeId id, const NodePlan& node,
                                     const std::vector<runtime::Address>& addresses) const;

 private:
  struct Member {
    std::string host;
    std::string address;  // to bind
    std::optional<runtime::CurveKeys> keys;
  };
  runtime::ZmqOptions options(runtime::NodeId id, const Member& member) const;
  std::string bind_of(runtime::NodeId id, const std::string& address) const;
  const runtime::Address& driver_address_for(const std::string& host,
                                             const std::vector<runtime::Address>& addresses) const;

  const runtime::NetworkSpec spec_;
  const std::filesystem::path folder_;
  const std::uint64_t run_;
  bool ipc_ = false;
  bool curve_ = false;
  std::map<std::string, launcher::HostInfo> hosts_;
  std::vector<std::string> driver_addresses_;  // distinct, in the order of binding
  std::map<runtime::NodeId, Member> members_;  // 0: the driver
};

}  // namespace wisp::cli
