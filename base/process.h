#pragma once
// File descriptors with an owner, pipes, and this program's own file.
#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include <sys/types.h>

namespace wisp {

// Owns a file descriptor and closes it. Empty is -1.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Closes what it has and owns `fd` from now on.
  void reset(int fd = -1) noexcept;
  // Gives it away; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// Whether a program started from this one inherits `fd`. Throws Error.
void set_close_on_exec(int fd, bool on = true);

// The end to read and the end to write, both closed on exec. Throws Error.
std::pair<Descriptor, Descriptor> make_pipe();

// A descriptor that can be read once the process has ended, whose child it ever is. Empty if there is none.
Descriptor watch_process(pid_t pid);

// All of it, through interruptions, and waiting where `fd` is non-blocking and full. False when nobody reads
// any more (EPIPE; the process ignores SIGPIPE). Throws Error for any other failure.
[[nodiscard]] bool write_all(int fd, std::span<const std::byte> bytes);
[[nodiscard]] bool write_all(int fd, std::string_view text);

// Makes malloc keep what is freed, up to 256 MiB, for what comes next: messages of megabytes come and go, and
// a page that is given back to the system costs more to have again than all the rest of a message. Once, at
// the start.
void keep_freed_memory();

// The file this program was started from, also after it was replaced or deleted on disk. Throws Error.
std::filesystem::path self_executable();

}  // namespace wisp
