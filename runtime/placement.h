#pragma once
// Placement: which host each replica of a group runs on.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/spec.h"

namespace wisp::runtime {

// A host that takes actors, in the order in which hosts are filled.
struct HostSlots {
  HostSlots(std::string host, std::uint32_t count, std::map<std::string, std::string> labels_ = {})
      : name(std::move(host)), slots(count), labels(std::move(labels_)) {}
  std::string name;
  std::uint32_t slots;
  std::map<std::string, std::string> labels;
  std::uint32_t used = 0;
};

// The host of each of `replicas`, in their order; each takes `cpus` slots, which `hosts[].used` counts.
// spread deals them out one by one to the host with the smallest share of its slots in use; pack fills a host
// before the next; label is spread over the hosts that bear all labels of spec.match. Throws Error (kConfig)
// when they don't fit and spec.oversubscribe is not set, when spec.hosts names an unknown host, or when no
// host bears the labels.
std::vector<std::string> place(const PlacementSpec& spec, std::uint32_t replicas,
                               std::vector<HostSlots>& hosts, std::uint32_t cpus = 1);

// Where an actor goes that was on a host that is lost.
struct Replacement {
  std::string host;
  bool oversubscribed = false;  // the host has fewer free slots than it takes
};

// The one of `hosts_left` that will then have the smallest share of its slots in use, the first of equals:
// among those with `cpus` free slots, or among all if none has. Nothing if no host is left. Who takes it
// counts `used`.
std::optional<Replacement> replacement(const std::vector<HostSlots>& hosts_left, std::uint32_t cpus = 1);

}  // namespace wisp::runtime
