#include "launcher/address.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"

namespace wisp::launcher {
namespace {

constexpr const char* kDiscard = "9";  // a port; nothing is sent to it

using Found = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Found look_up(const std::string& name, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(name.c_str(), kDiscard, &hints, &found);
  if (error != 0) throw Error(fmt::format("{}: {}", name, ::gai_strerror(error)), Fault::kHost);
  return {found, &::freeaddrinfo};
}

std::string numeric(const sockaddr* address, socklen_t size) {
  char text[NI_MAXHOST] = "";
  const int error = ::getnameinfo(address, size, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  if (error != 0) throw Error(fmt::format("getnameinfo: {}", ::gai_strerror(error)), Fault::kHost);
  return text;
}

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

// Whether it lacks what the driver's end of an ssh connection would have said.
bool is_open(const HostInfo& host) { return !host.local && host.driver_address.empty(); }

// Behind a jump host its sshd has seen that one, in place of this machine.
void settle_jumps(std::vector<HostInfo>& hosts, const std::vector<InterfaceAddress>& own) {
  const auto is_own = [&](const std::string& address) {
    return is_loopback(address) || std::any_of(own.begin(), own.end(), [&](const InterfaceAddress& each) {
             return each.address == address;
           });
  };
  for (HostInfo& host : hosts) {
    if (!host.local && !host.driver_address.empty() && !is_own(host.driver_address))
      host.driver_address = own_address_toward(host.address);
  }
}

void settle_loopback(std::vector<HostInfo>& hosts) {
  const auto outside = std::find_if(hosts.begin(), hosts.end(), [](const HostInfo& host) {
    return !host.local && !host.driver_address.empty() && !is_loopback(host.address);
  });
  if (outside == hosts.end()) return;
  for (HostInfo& host : hosts) {
    if (!host.local && is_loopback(host.address))
      host.address = host.driver_address = outside->driver_address;
  }
}

}  // namespace

std::string resolve_address(const std::string& name) {
  const Found found = look_up(name, AI_ADDRCONFIG);
  return numeric(found->ai_addr, found->ai_addrlen);
}

std::string own_address_toward(const std::string& address) {
  const Found found = look_up(address, AI_NUMERICHOST);
  const Descriptor fd(::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage own{};
  socklen_t size = sizeof(own);
  auto* const self = reinterpret_cast<sockaddr*>(&own);
  if (!fd || ::connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::getsockname(fd.get(), self, &size) != 0) {
    throw Error(fmt::format("no way to {}: {}", address, std::strerror(errno)), Fault::kHost);
  }
  return numeric(self, size);
}

std::vector<std::string> settle_addresses(std::vector<HostInfo>& hosts,
                                          const std::vector<InterfaceAddress>& own) {
  settle_jumps(hosts, own);
  std::vector<std::string> failures;
  bool any = false;
  for (HostInfo& host : hosts) {
    if (!is_open(host)) continue;
    any = true;
    try {
      host.address = resolve_address(host.address.empty() ? host.name : host.address);
      host.ssh_address = host.address;
      host.driver_address = own_address_toward(host.address);
    } catch (const Error& error) {  // the others are looked up, too
      failures.push_back(
          fmt::format("{}: it has no address that is known here\n    {}\n    set hosts.{}.address", host.name,
                      error.what(), host.name));
    }
  }
  if (any) settle_loopback(hosts);
  return failures;
}

}  // namespace wisp::launcher
