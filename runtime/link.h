#pragma once
// Link: the order of frames between this node and one other.
#include <cstdint>

namespace wisp::runtime {

// Numbers what goes out and checks what comes in, so that a frame that was lost or doubled on the way is
// noticed and never taken for another.
class Link {
 public:
  enum class Verdict : std::uint8_t { kNext, kDuplicate, kGap };

  std::uint64_t next_out() { return ++sent_; }
  // What to do with a frame that bears `sequence`; kNext counts it as received.
  Verdict receive(std::uint64_t sequence) {
    if (sequence <= received_) return Verdict::kDuplicate;
    if (sequence != received_ + 1) return Verdict::kGap;
    ++received_;
    return Verdict::kNext;
  }
  std::uint64_t received() const { return received_; }

 private:
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace wisp::runtime
