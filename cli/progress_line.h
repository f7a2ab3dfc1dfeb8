#pragma once
// Display: what `wisp run` says on stderr while it runs.
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "actors/messages.h"

namespace wisp::cli {

// A line that renews itself on a terminal; elsewhere plain lines, at most one in two seconds. Thread-safe.
class Display {
 public:
  struct Style {
    int fd = 2;
    bool terminal = false;
    bool quiet = false;  // warnings and errors only
  };
  explicit Display(Style style) : style_(style) {}

  // What is going on; not shown when quiet.
  void say(const std::string& text);
  // Shown always.
  void warn(const std::string& text);
  void progress(const actors::Progress& progress);
  // Ends the line that renews itself.
  void finish();
  // From now on to another descriptor, or nowhere (-1).
  void redirect(int fd);

 private:
  void write(const std::string& text);
  void clear_line();

  std::mutex mutex_;
  Style style_;
  bool line_open_ = false;
  std::chrono::steady_clock::time_point shown_at_{};
};

// "round 1840  loss 0.331204  gap 1.20e-04  up 1.30 MiB  4200 rounds/s"
std::string progress_text(const actors::Progress& progress);
// Three digits that say how much it is: "512 B", "1.30 MiB".
std::string size_text(std::uint64_t bytes);

}  // namespace wisp::cli
