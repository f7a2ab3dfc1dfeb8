#pragma once
// Child: a program started with a pipe on each of its standard streams.
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/process.h"

namespace wisp::launcher {

enum class Group {
  kOwn,      // a process group of its own: signals reach its descendants by it
  kSession,  // a session of its own: nothing typed at this terminal reaches it, and it has none to ask
             // questions on
};

struct Command {
  std::vector<std::string> argv;  // argv[0] is the program; without '/' it is looked for in PATH
  std::map<std::string, std::string> environment;  // beside this process's own
  std::string folder;                              // empty: this process's
  std::uint64_t memory_max = 0;                    // bytes of private memory, RLIMIT_DATA; 0: as this process
  int nice = 0;                                    // added to this process's niceness
  Group group = Group::kOwn;
  // KILL when the thread that started it ends: for programs with one thread only.
  bool dies_with_parent = false;
};

// The descriptors are closed on exec and, but for the child's ends, non-blocking.
struct Child {
  pid_t pid = -1;
  Descriptor in;  // to its stdin
  Descriptor out;
  Descriptor err;
};

// The program could not be started.
class StartError : public Error {
 public:
  StartError(const std::string& message, int status_) : Error(message, Fault::kHost), status(status_) {}
  const int status;  // as a shell gives it: 127 not found, 126 not executable
};

// All signals have their default effect in it. Returns when the program runs; throws StartError.
Child start_child(const Command& command);

// How a process ended.
struct Ended {
  int status = 0;
  int signal = 0;
};
// Whether our child `pid` has ended; if so it is gone afterwards.
std::optional<Ended> reap(pid_t pid);
// "exit status 3", "signal 9 (Killed)".
std::string describe(const Ended& ended);

}  // namespace wisp::launcher
