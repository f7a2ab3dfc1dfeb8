#pragma once
// LineSplitter: cuts what a process writes into lines.
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace wisp::launcher {

// A line longer than `size_max` bytes comes in pieces of that size. A carriage return before the newline is
// dropped.
class LineSplitter {
 public:
  using Sink = std::function<void(std::string_view)>;

  explicit LineSplitter(std::size_t size_max = 8192) : size_max_(size_max) {}
  void feed(std::span<const std::byte> bytes, const Sink& sink);
  // What is left without a newline, if anything.
  void finish(const Sink& sink);

 private:
  std::size_t size_max_;
  std::string partial_;
};

}  // namespace wisp::launcher
