#pragma once
// The addresses that this machine has.
#include <cstdint>
#include <string>
#include <vector>

namespace wisp::launcher {

struct InterfaceAddress {
  std::string interface;     // "eth0"
  std::string address;       // "192.0.2.12"
  std::uint32_t prefix = 0;  // bits of its network
  template <class F>
  void fields(F& f) {
    f(interface, address, prefix);
  }
};

// Of interfaces that are up, in the kernel's order, IPv4 before IPv6; without those that mean something on
// one link only (fe80::).
std::vector<InterfaceAddress> own_addresses();

// "10.77.0.12/24 (eth0), 127.0.0.1/8 (lo)"
std::string list_of(const std::vector<InterfaceAddress>& addresses);

}  // namespace wisp::launcher
