#include "launcher/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace wisp::launcher {
namespace {

// The bytes of an address of that family within its sockaddr.
std::span<const std::uint8_t> bytes_of(const sockaddr* address, int family) {
  if (family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return {reinterpret_cast<const std::uint8_t*>(&v4->sin_addr), sizeof v4->sin_addr};
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  return {reinterpret_cast<const std::uint8_t*>(&v6->sin6_addr), sizeof v6->sin6_addr};
}

bool is_link_local(const ifaddrs& entry) {
  return entry.ifa_addr->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(entry.ifa_addr)->sin6_addr);
}

InterfaceAddress of(const ifaddrs& entry, int family) {
  InterfaceAddress found;
  found.interface = entry.ifa_name;
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(family, bytes_of(entry.ifa_addr, family).data(), text, sizeof text);
  found.address = text;
  if (entry.ifa_netmask == nullptr) return found;
  for (const std::uint8_t each : bytes_of(entry.ifa_netmask, family))
    found.prefix += static_cast<std::uint32_t>(std::popcount(each));
  return found;
}

}  // namespace

std::vector<InterfaceAddress> own_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) throw Error(fmt::format("getifaddrs: {}", std::strerror(errno)));
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, &::freeifaddrs);
  std::vector<InterfaceAddress> found;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
      if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != family) continue;
      if ((each->ifa_flags & IFF_UP) != 0 && !is_link_local(*each)) found.push_back(of(*each, family));
    }
  }
  return found;
}

std::string list_of(const std::vector<InterfaceAddress>& addresses) {
  std::vector<std::string> texts;
  for (const InterfaceAddress& each : addresses)
    texts.push_back(fmt::format("{}/{} ({})", each.address, each.prefix, each.interface));
  return join(texts, ", ");
}

}  // namespace wisp::launcher
