#pragma once
// A program that ends by itself, and what it said.
#include <chrono>
#include <string>
#include <vector>

#include "launcher/child.h"

namespace wisp::launcher {

struct Captured {
  Ended ended;
  std::string out;
  std::string err;
  bool succeeded() const { return ended.status == 0 && ended.signal == 0; }
};

// Runs it with nothing to read, in a session of its own, and waits for its end. Throws StartError; throws
// Error (kHost) if it takes longer than `limit`, and ends it.
Captured run_and_capture(const std::vector<std::string>& argv, std::chrono::milliseconds limit);

}  // namespace wisp::launcher
