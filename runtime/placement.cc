#include "runtime/placement.h"

#include <algorithm>

#include "base/error.h"

namespace wisp::runtime {

namespace {

// "disk: ssd, gpu: a100"
std::string written(const std::map<std::string, std::string>& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += (text.empty() ? "" : ", ") + name + ": " + value;
  return text;
}

bool bears(const HostSlots& host, const std::map<std::string, std::string>& labels) {
  return std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    const auto found = host.labels.find(label.first);
    return found != host.labels.end() && found->second == label.second;
  });
}

std::vector<HostSlots*> named(const PlacementSpec& spec, std::vector<HostSlots>& hosts) {
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

std::vector<HostSlots*> candidates(const PlacementSpec& spec, std::vector<HostSlots>& hosts) {
  std::vector<HostSlots*> chosen = named(spec, hosts);
  if (spec.kind != "label") return chosen;
  std::erase_if(chosen, [&](const HostSlots* host) { return !bears(*host, spec.match); });
  if (chosen.empty()) throw Error("no host has label " + written(spec.match), Fault::kConfig);
  return chosen;
}

// a's share of used slots is smaller than b's, compared without division.
bool emptier(const HostSlots* a, const HostSlots* b) {
  return std::uint64_t{a->used} * b->slots < std::uint64_t{b->used} * a->slots;
}

std::uint32_t room_on(const HostSlots& host) { return host.slots - std::min(host.used, host.slots); }

HostSlots* next_host(const PlacementSpec& spec, const std::vector<HostSlots*>& hosts, std::uint32_t cpus) {
  HostSlots* best = nullptr;
  for (HostSlots* host : hosts) {
    if (room_on(*host) < cpus) continue;
    if (spec.kind == "pack") return host;
    if (best == nullptr || emptier(host, best)) best = host;
  }
  if (best != nullptr) return best;
  return *std::min_element(hosts.begin(), hosts.end(), emptier);  // all are full
}

[[noreturn]] void refuse(std::uint32_t replicas, std::uint32_t cpus, std::uint64_t offered) {
  const std::string count = std::to_string(replicas);
  const std::string need = std::to_string(std::uint64_t{replicas} * cpus);
  const std::string each = cpus == 1 ? "" : " of " + std::to_string(cpus) + " cpus";
  throw Error(count + " actors" + each + " need " + need + " slots, but the hosts offer " +
                  std::to_string(offered) + (cpus == 1 ? "" : ", and an actor's slots are of one host") +
                  "; raise slots, lower replicas, or set placement.oversubscribe: true",
              Fault::kConfig);
}

}  // namespace

std::optional<Replacement> replacement(const std::vector<HostSlots>& hosts_left, std::uint32_t cpus) {
  const HostSlots* best = nullptr;
  bool best_fits = false;
  const auto emptier_then = [cpus](const HostSlots& a, const HostSlots& b) {
    const auto used_then = [cpus](const HostSlots& host) { return std::uint64_t{host.used} + cpus; };
    return used_then(a) * b.slots < used_then(b) * a.slots;
  };
  for (const HostSlots& host : hosts_left) {
    const bool fits = room_on(host) >= cpus;
    const bool better = best == nullptr || (fits == best_fits ? emptier_then(host, *best) : fits);
    if (!better) continue;
    best = &host;
    best_fits = fits;
  }
  if (best == nullptr) return std::nullopt;
  return Replacement{best->name, !best_fits};
}

std::vector<std::string> place(const PlacementSpec& spec, std::uint32_t replicas,
                               std::vector<HostSlots>& hosts, std::uint32_t cpus) {
  const std::vector<HostSlots*> chosen = candidates(spec, hosts);
  if (chosen.empty())
    throw Error("there is no host for " + std::to_string(replicas) + " actors", Fault::kConfig);
  std::uint64_t offered = 0;
  std::uint64_t fit = 0;
  for (const HostSlots* host : chosen) {
    offered += room_on(*host);
    fit += room_on(*host) / cpus;
  }
  if (replicas > fit && !spec.oversubscribe) refuse(replicas, cpus, offered);
  std::vector<std::string> placed;
  for (std::uint32_t i = 0; i < replicas; ++i) {
    HostSlots* host = next_host(spec, chosen, cpus);
    host->used += cpus;
    placed.push_back(host->name);
  }
  return placed;
}

}  // namespace wisp::runtime
