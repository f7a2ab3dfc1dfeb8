#include "runtime/socket_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace wisp::runtime {

namespace {

Error failure(const std::string& path, const std::string& why) {
  return Error("cannot bind ipc://" + path + ": " + why, Fault::kHost);
}

// Whether `file` is what `name` means now, and not what somebody removed in between.
bool is_current(int file, const std::string& name) {
  struct stat ours {};
  struct stat theirs {};
  return ::fstat(file, &ours) == 0 && ::stat(name.c_str(), &theirs) == 0 && ours.st_dev == theirs.st_dev &&
         ours.st_ino == theirs.st_ino;
}

}  // namespace

SocketLock::SocketLock(std::string path) : path_(std::move(path)) {
  const std::string name = path_ + ".lock";
  do {
    lock_.reset(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock_) throw failure(path_, std::strerror(errno));
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
      throw failure(path_, errno == EWOULDBLOCK ? "somebody listens there already" : std::strerror(errno));
    }
  } while (!is_current(lock_.get(), name));
}

SocketLock::~SocketLock() {
  ::unlink(path_.c_str());
  ::unlink((path_ + ".lock").c_str());
}

}  // namespace wisp::runtime
