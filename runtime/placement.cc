#include "runtime/placement.h"

#include <algorithm>

#include "base/error.h"

namespace wisp::runtime {

namespace {

std::vector<HostSlots*> candidates(const PlacementSpec& spec, std::vector<HostSlots>& hosts) {
  std::vector<HostSlots*> chosen;
  if (spec.hosts.empty()) {
    for (HostSlots& host : hosts) chosen.push_back(&host);
    return chosen;
  }
  for (const std::string& name : spec.hosts) {
    const auto found =
        std::find_if(hosts.begin(), hosts.end(), [&](const HostSlots& host) { return host.name == name; });
    if (found == hosts.end())
      throw Error("placement names the host " + name + ", which is not among hosts", Fault::kConfig);
    if (std::find(chosen.begin(), chosen.end(), &*found) == chosen.end()) chosen.push_back(&*found);
  }
  return chosen;
}

// a's share of used slots is smaller than b's, compared without division.
bool emptier(const HostSlots* a, const HostSlots* b) {
  return std::uint64_t{a->used} * b->slots < std::uint64_t{b->used} * a->slots;
}

HostSlots* next_host(const PlacementSpec& spec, const std::vector<HostSlots*>& hosts, bool full) {
  if (spec.kind == "pack" && !full) {
    return *std::find_if(hosts.begin(), hosts.end(),
                         [](const HostSlots* host) { return host->used < host->slots; });
  }
  HostSlots* best = nullptr;
  for (HostSlots* host : hosts) {
    if (!full && host->used >= host->slots) continue;
    if (best == nullptr || emptier(host, best)) best = host;
  }
  return best;
}

}  // namespace

std::vector<std::string> place(const PlacementSpec& spec, std::uint32_t replicas,
                               std::vector<HostSlots>& hosts) {
  const std::vector<HostSlots*> chosen = candidates(spec, hosts);
  if (chosen.empty())
    throw Error("there is no host for " + std::to_string(replicas) + " actors", Fault::kConfig);
  std::uint64_t room = 0;
  for (const HostSlots* host : chosen) room += host->slots - std::min(host->used, host->slots);
  if (replicas > room && !spec.oversubscribe) {
    throw Error(std::to_string(replicas) + " actors need " + std::to_string(replicas) +
                    " slots, but the hosts offer " + std::to_string(room) +
                    "; raise slots, lower replicas, or set placement.oversubscribe: true",
                Fault::kConfig);
  }
  std::vector<std::string> placed;
  for (std::uint32_t i = 0; i < replicas; ++i) {
    HostSlots* host = next_host(spec, chosen, room == 0);
    ++host->used;
    placed.push_back(host->name);
    if (room > 0) --room;
  }
  return placed;
}

}  // namespace wisp::runtime
