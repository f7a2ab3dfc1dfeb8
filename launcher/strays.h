#pragma once
// Agents whose driver is gone. They see that by themselves, and end within seconds what they run and then
// themselves: nobody else has to end them, unless they are stopped.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace wisp::launcher {

struct StrayAgent {
  std::int64_t pid = 0;
  std::string job;       // <job>-<id>; empty where neither the agent nor what it runs was told
  bool stopped = false;  // it can't end by itself
};

// Those of this user on this machine, by pid. An agent has a driver while `wisp run` or an sshd is above it.
// `proc` is another folder in tests only.
std::vector<StrayAgent> stray_agents(const std::filesystem::path& proc = "/proc");

}  // namespace wisp::launcher
