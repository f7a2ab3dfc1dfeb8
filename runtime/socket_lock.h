#pragma once
// SocketLock: the right to listen at one path.
#include <string>

#include "base/process.h"

namespace wisp::runtime {

// A second zmq_bind on the path of a living socket succeeds and takes its connections away without a word.
// So whoever listens at `path` first locks `path`.lock, which the system lets go when the process ends.
class SocketLock {
 public:
  // Throws Error (kHost) if somebody else, here or in another process, listens at `path`, or there is no such
  // folder.
  explicit SocketLock(std::string path);
  // Removes the socket and the lock.
  ~SocketLock();
  SocketLock(const SocketLock&) = delete;
  SocketLock& operator=(const SocketLock&) = delete;

 private:
  const std::string path_;
  Descriptor lock_;
};

}  // namespace wisp::runtime
