#pragma once
// Reach: whether a TCP port of an address can be connected to. The body of `wisp reach`, which doctor starts
// on hosts.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/process.h"

namespace wisp::launcher {

// Listens for as long as it is there; the kernel completes connections, which nobody takes.
class PortListener {
 public:
  // At a free port of first..last. Throws Error (kHost) that names the address if it can't be listened at, or
  // if all ports are taken.
  PortListener(const std::string& address, std::uint16_t first, std::uint16_t last);
  std::uint16_t port() const { return port_; }

 private:
  Descriptor socket_;
  std::uint16_t port_ = 0;
};

// Why nobody gets there from here; empty if somebody does.
std::string why_not_reached(const std::string& address, std::uint16_t port,
                            std::chrono::milliseconds deadline);

// `listen ADDRESS FIRST LAST`: prints the port, and listens until stdin ends. `connect ADDRESS PORT`: prints
// a line, "reached" or why not. Returns the exit status: 0; 1 where it can't listen, which stderr explains; 2
// for other words.
int reach_main(const std::vector<std::string>& words);

}  // namespace wisp::launcher
