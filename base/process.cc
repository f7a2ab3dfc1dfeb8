#include "base/process.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <malloc.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

namespace wisp {

namespace {

[[noreturn]] void throw_errno(const std::string& what) { throw Error(what + ": " + std::strerror(errno)); }

void wait_writable(int fd) {
  pollfd wanted{fd, POLLOUT, 0};
  if (::poll(&wanted, 1, -1) < 0 && errno != EINTR) throw_errno("can't wait for a pipe");
}

}  // namespace

void Descriptor::reset(int fd) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

void set_close_on_exec(int fd, bool on) {
  if (::fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0) throw_errno("can't set close-on-exec");
}

std::pair<Descriptor, Descriptor> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) throw_errno("can't make a pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

Descriptor watch_process(pid_t pid) {  // glibc 2.36 declares its function for this call in C alone
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      wait_writable(fd);
    } else if (errno == EPIPE) {
      return false;
    } else if (errno != EINTR) {
      throw_errno("can't write");
    }
  }
  return true;
}

bool write_all(int fd, std::string_view text) { return write_all(fd, std::as_bytes(std::span(text))); }

std::filesystem::path self_executable() {
  // The link names the file, with a note behind it once that is gone; the link itself can still be opened and
  // executed.
  constexpr const char* link = "/proc/self/exe";
  std::error_code code;
  std::filesystem::path file = std::filesystem::read_symlink(link, code);
  if (code) throw Error(std::string("can't read ") + link + ": " + code.message());
  return std::filesystem::exists(file, code) ? file : std::filesystem::path(link);
}

void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

}  // namespace wisp
