#pragma once
// Placement: which host each replica of a group runs on.
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/spec.h"

namespace wisp::runtime {

// A host that takes actors, in the order in which hosts are filled.
struct HostSlots {
  HostSlots(std::string host, std::uint32_t count) : name(std::move(host)), slots(count) {}
  std::string name;
  std::uint32_t slots;
  std::uint32_t used = 0;
};

// The host of each of `replicas`, in their order; `hosts[].used` counts them. spread deals them out one by
// one to the host with the smallest share of its slots in use; pack fills a host before the next. Throws
// Error (kConfig) when they don't fit and spec.oversubscribe is not set, or when spec.hosts names an unknown
// host.
std::vector<std::string> place(const PlacementSpec& spec, std::uint32_t replicas,
                               std::vector<HostSlots>& hosts);

}  // namespace wisp::runtime
