#pragma once
// Memory: how it is seen that a process ended because there was none left, and which limit it had.
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/child.h"

namespace wisp::launcher {

// The control group of this process as far as its memory goes, or the whole host where there is none. Not
// thread-safe; does not change when the process moves to another group.
class MemoryWatch {
 public:
  // `root` is "/", or in tests a folder with the files of /proc and of the mounted groups.
  explicit MemoryWatch(std::filesystem::path root = "/");

  // How many processes of the group the kernel has killed for want of memory; nothing if it does not say.
  std::optional<std::uint64_t> kills() const;
  // "the limit of its control group is 96MiB", "the host has 16GiB": what such a process ran into.
  std::string limit() const;

 private:
  void find_group();

  const std::filesystem::path root_;
  std::filesystem::path mount_;  // empty: there is no group
  std::filesystem::path group_;
  bool is_v1_ = false;
};

// What is known of a process when it has ended.
struct LastDays {
  std::optional<std::uint64_t> kills_before;  // kills() when it was started
  std::string last_error;                     // the last line of its stderr
  std::uint64_t memory_max = 0;               // the limit of its own; 0: none
  bool killed_by_us = false;                  // it was sent KILL
};

// The limit of memory that it ran into, if that is what it died of: the kernel has killed one for it in the
// meantime, or its last words say so. Else empty.
std::string exhausted(const MemoryWatch& watch, const LastDays& known, const Ended& ended);

// Whether these last words of a program say that it got no more memory: std::bad_alloc, "out of memory".
bool says_out_of_memory(std::string_view line);

}  // namespace wisp::launcher
