#pragma once
// The world is wrong: a file, a frame, a peer, a system call. Thrown, and caught in few, named places.
#include <stdexcept>
#include <string>

namespace wisp {

// Who has to act on an error. The program's exit status follows from it (see cli/exit.h).
enum class Fault {
  kFailed,       // the run failed
  kUsage,        // the command line is wrong
  kConfig,       // the job file is wrong, or asks for what it may not have
  kHost,         // a host, a login or a launch failed
  kTeardown,     // something of the job is still alive
  kUnreachable,  // the job that was asked for can't be reached
  kDeadline,     // the time that the user gave has passed
};

// `what()` is a whole message for the person at the terminal: what happened, to which file, actor or host,
// and the remedy where there is one. It may have several lines; it never ends in a newline.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, Fault fault = Fault::kFailed)
      : std::runtime_error(message), fault_(fault) {}
  Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

}  // namespace wisp
