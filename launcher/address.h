#pragma once
// Addresses of hosts and of this machine, where no ssh says them.
#include <string>
#include <vector>

#include "launcher/fleet.h"
#include "launcher/interfaces.h"

namespace wisp::launcher {

// The numeric address of a name, or of an address; the resolver's first. It may take the resolver seconds.
// Throws Error (kHost).
std::string resolve_address(const std::string& name);
// The address from which this machine would send to that numeric one; no packet is sent. Throws Error
// (kHost).
std::string own_address_toward(const std::string& address);

// Fills in the addresses of hosts other than this machine that lack the driver's: the host's own is the one
// given, or its name's. A host that is this machine and calls itself by a loopback address gets the one that
// the others see. Where a host names another machine as the driver's, such as a jump host, the driver's is
// the one from which this machine would send to it. Returns what failed, a text for people each; throws Error
// (kHost) where there is no way to such a host.
std::vector<std::string> settle_addresses(std::vector<HostInfo>& hosts,
                                          const std::vector<InterfaceAddress>& own);

}  // namespace wisp::launcher
