#pragma once
// Forward: a port that leads through the ssh connection of a host, where the host's own ports can't be
// reached.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "launcher/spec.h"

namespace wisp::launcher {

// Who connects to 127.0.0.1:port on one side arrives at 127.0.0.1:port on the other.
struct Forward {
  enum class Listens : std::uint8_t { kHere, kThere };
  Listens listens = Listens::kHere;
  std::uint16_t port = 0;  // 0: any, which leads nowhere
  bool operator==(const Forward&) const = default;
};

// Asks the ssh client of `host`, which shares its connection by `socket`, for all of them, and waits until
// they are there, or `deadline` is over. They end with that client. Throws Error (kHost) that names the host,
// the port, and what to do where the port is in use, or the host's sshd forwards nothing.
void forward_ports(const SshSpec& ssh, const HostSpec& host, const std::filesystem::path& socket,
                   const std::vector<Forward>& forwards, std::chrono::milliseconds deadline);

}  // namespace wisp::launcher
