#pragma once
// What the driver and an agent say to each other; how it is framed is in launcher/wire.h.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "launcher/interfaces.h"
#include "launcher/log_files.h"

namespace wisp::launcher::message {

constexpr std::uint32_t kProtocol = 3;

enum class Down : std::uint32_t {
  kHello = 1,
  kAskFile,
  kPutFile,
  kStart,
  kSignal,
  kStop,
  kPing,
  kRemoveAtEnd,
  kPlace,
  kKeepLogs,
  kSendLogs,
  kForgetLogs,
  kKeepCheckpoint
};
enum class Up : std::uint32_t {
  kGreeting = 1,
  kFile,
  kStarted,
  kExited,
  kLine,
  kFailed,
  kPong,
  kStopped,
  kLogsSent
};

// Driver to agent. Hello comes first.
struct Hello {
  std::uint32_t protocol = kProtocol;
  std::string workdir;                       // ~ is the home folder there
  std::chrono::milliseconds silence_max{0};  // hearing nothing for so long ends the agent; 0: never
  template <class F>
  void fields(F& f) {
    f(protocol, workdir, silence_max);
  }
};

// Answered by File.
struct AskFile {
  std::string sha256;
  std::uint64_t size = 0;
  template <class F>
  void fields(F& f) {
    f(sha256, size);
  }
};

// A piece of a file, in order; the last one is answered by File, and so is any that fails.
struct PutFile {
  std::string sha256;
  std::uint64_t size = 0;  // of the whole
  std::uint64_t offset = 0;
  std::uint32_t plain_size = 0;  // of the content, if it is deflated; 0: it is as it is
  Bytes content;
  template <class F>
  void fields(F& f) {
    f(sha256, size, offset, plain_size, content);
  }
};

// A file of the working folder of a job.
struct PlacedFile {
  std::string name;  // relative: conf/a.yaml
  std::string path;  // where its content is, on the host
  std::string sha256;
  bool executable = false;
  template <class F>
  void fields(F& f) {
    f(name, path, sha256, executable);
  }
};

// Make a folder with copies of files: all of them, or none and no folder. Answered by File, with the folder
// as its path.
struct Place {
  std::string folder;  // absolute, below the work directory; what is above it is made, too
  std::vector<PlacedFile> files;
  template <class F>
  void fields(F& f) {
    f(folder, files);
  }
};

// The content of this hash, which is there, becomes <workdir>/checkpoints/<job>/ckpt/<number>.ckpt; those of
// the `keep` - 1 numbers before stay, and no others. 0: none of that job does. Answered by File, with the
// path.
struct KeepCheckpoint {
  std::string sha256;
  std::string job;
  std::uint64_t number = 0;
  std::uint32_t keep = 0;
  template <class F>
  void fields(F& f) {
    f(sha256, job, number, keep);
  }
};

// Answered by Started or Exited. Fields as in launcher::Process.
struct Start {
  std::string process;
  std::uint32_t attempt = 1;
  std::string program;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
  std::string folder;
  std::uint64_t memory_max = 0;
  std::int32_t nice = 0;
  Bytes input;
  template <class F>
  void fields(F& f) {
    f(process, attempt, program, arguments, environment, folder, memory_max, nice, input);
  }
};

struct Signal {
  std::string process;  // empty: all
  std::int32_t signal = 0;
  template <class F>
  void fields(F& f) {
    f(process, signal);
  }
};

// TERM to all, KILL after the grace, then Stopped and the agent's end. The shortest grace heard counts.
struct Stop {
  std::chrono::milliseconds grace{0};
  template <class F>
  void fields(F& f) {
    f(grace);
  }
};

// Answered by Pong.
struct Ping {
  std::chrono::microseconds time{0};
  template <class F>
  void fields(F& f) {
    f(time);
  }
};

// What the agent removes, with all that is in it, when it ends, however the driver ended.
struct RemoveAtEnd {
  std::string path;  // absolute; it need not be there
  template <class F>
  void fields(F& f) {
    f(path);
  }
};

// The agent keeps a copy of every line (launcher/log_copies.h) until ForgetLogs, which answers Stopped.
struct KeepLogs {
  std::string job;   // its id
  std::string host;  // as the job file calls it
  std::string format;
  std::uint64_t rotate_size = 0;
  std::uint32_t rotate_files = 0;
  template <class F>
  void fields(F& f) {
    f(job, host, format, rotate_size, rotate_files);
  }
};

// Answered by a Line for each that the copy of an earlier agent has beyond these positions, then LogsSent.
struct SendLogs {
  std::string job;
  std::string host;
  std::vector<LogPosition> have;
  template <class F>
  void fields(F& f) {
    f(job, host, have);
  }
};

// All of the copy has arrived: it can go.
struct ForgetLogs {
  std::string job;
  std::string host;
  template <class F>
  void fields(F& f) {
    f(job, host);
  }
};

// Agent to driver. Greeting answers Hello.
struct Greeting {
  std::uint32_t protocol = kProtocol;
  std::int64_t pid = 0;
  std::string hostname;
  std::uint32_t cores = 0;
  std::string
      ssh_connection;   // "client-ip client-port server-ip server-port", as sshd says it; empty without ssh
  std::string workdir;  // absolute
  std::vector<InterfaceAddress> addresses;
  bool has_rsync = false;
  template <class F>
  void fields(F& f) {
    f(protocol, pid, hostname, cores, ssh_connection, workdir, addresses, has_rsync);
  }
};

struct File {
  std::string sha256;
  bool present = false;
  std::string path;
  std::string error;  // why it could not be stored
  template <class F>
  void fields(F& f) {
    f(sha256, present, path, error);
  }
};

struct Started {
  std::string process;
  std::uint32_t attempt = 1;
  std::int64_t pid = 0;
  template <class F>
  void fields(F& f) {
    f(process, attempt, pid);
  }
};

struct Exited {
  std::string process;
  std::uint32_t attempt = 1;
  std::int64_t pid = 0;
  std::int32_t status = 0;
  std::int32_t signal = 0;
  std::string error;
  std::string memory;  // the limit that it ran into; empty: memory was not what it died of
  template <class F>
  void fields(F& f) {
    f(process, attempt, pid, status, signal, error, memory);
  }
};

struct Line {
  std::string process;
  std::uint32_t attempt = 1;
  std::string actor;
  std::string level;
  std::optional<std::uint64_t> round;
  std::string text;
  std::chrono::microseconds time{0};  // since 1970, the host's clock
  template <class F>
  void fields(F& f) {
    f(process, attempt, actor, level, round, text, time);
  }
};

// The agent can't go on and says why; its end follows.
struct Failed {
  std::string text;
  template <class F>
  void fields(F& f) {
    f(text);
  }
};

struct Pong {
  std::chrono::microseconds echo{0};  // Ping's
  std::chrono::microseconds time{0};  // the host's clock, since 1970
  template <class F>
  void fields(F& f) {
    f(echo, time);
  }
};

struct LogsSent {
  std::uint64_t lines = 0;
  std::int64_t writer = 0;  // an agent of that job which is still there; 0: none
  template <class F>
  void fields(F& f) {
    f(lines, writer);
  }
};

// The last message: everything has ended but these.
struct Stopped {
  std::vector<std::string> survivors;
  template <class F>
  void fields(F& f) {
    f(survivors);
  }
};

}  // namespace wisp::launcher::message
