#pragma once
// Tap: where copies of what an actor sees go, for whoever wants to look: outside of the job, at best effort.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace wisp::runtime {

// What a tap may take of its process.
struct TapLimits {
  std::uint32_t queue_max = 1000;              // records that wait for a slow reader; more are dropped
  std::chrono::milliseconds first_wait{1000};  // for a reader, when it is opened
};

// Used by its owner, on one thread at a time.
class Tap {
 public:
  virtual ~Tap() = default;
  // Whether somebody reads now.
  virtual bool is_read() const = 0;
  // Waits for nobody. False: nobody reads, or the reader is too slow, and `record` is dropped.
  [[nodiscard]] virtual bool offer(std::span<const std::byte> record) = 0;
};

// Throws Error (kConfig) if `endpoint` is none that a tap may have: records are not encrypted, so it is
// loopback or a path: "tcp://127.0.0.1:9465" or "ipc:///folder/name". The scheme tcp:// may be left out.
// Returns it as it is connected to.
std::string check_tap(const std::string& endpoint);

}  // namespace wisp::runtime
