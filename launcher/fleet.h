#pragma once
// Fleet: every host of a job, each with one agent, and the processes that run on them.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "launcher/forward.h"
#include "launcher/interfaces.h"
#include "launcher/log_files.h"
#include "launcher/messages.h"
#include "launcher/spec.h"

namespace wisp::launcher {

// What an agent is asked to run. Secrets belong into `input`: arguments and environment are visible to
// others.
struct Process {
  std::string name;           // unique among those running on its host; ^[A-Za-z0-9_-]{1,64}$
  std::uint32_t attempt = 1;  // comes back in every event of this process
  std::string program;        // empty: the agent's own executable; a name without '/' is looked for in PATH
  std::vector<std::string> arguments;              // without the program's own name
  std::map<std::string, std::string> environment;  // beside what the agent has
  std::string folder;                              // working folder on the host; empty: the agent's
  std::uint64_t memory_max = 0;  // bytes of private memory (RLIMIT_DATA); 0: no limit of its own
  std::int32_t nice = 0;         // added to the agent's niceness
  Bytes input;  // written to its stdin, which stays open: its end means that the agent is gone
};

struct HostInfo {
  std::string name;      // as in the job file
  std::string hostname;  // as the host calls itself
  std::int64_t agent_pid = 0;
  std::uint32_t cores = 0;
  std::string ssh_address;     // where ssh, or what else leads there, reached it; empty on this machine
  std::string address;         // what other hosts may connect to: as the job file says, or that
  bool address_given = false;  // by the job file
  std::string driver_address;  // where it sees the driver; empty on this machine
  std::vector<InterfaceAddress> addresses;  // all that it has
  std::string workdir;                      // absolute, on the host
  bool has_rsync = false;
  std::chrono::microseconds clock_offset{0};  // its clock minus ours
  bool local = false;                         // this machine, its agent a child
};

struct Started {
  std::string host;
  std::string process;
  std::uint32_t attempt = 1;
  std::int64_t pid = 0;
};

struct Exited {
  std::string host;
  std::string process;
  std::uint32_t attempt = 1;
  std::int64_t pid = 0;  // 0: it could not be started, and `error` says why
  int status = 0;        // exit status if signal is 0; 127 not found, 126 not executable
  int signal = 0;        // what killed it
  std::string error;
  std::string memory;  // the limit that it ran into; empty: memory was not what it died of
};

// One line that a process wrote, without its newline, at most 8 KiB.
struct Line {
  std::string host;
  std::string process;
  std::uint32_t attempt = 1;
  std::string actor;  // from a structured line (base/log.h), else the process
  std::string level;  // debug | info | warn | error, or out | err for raw stdout and stderr
  std::optional<std::uint64_t> round;
  std::string text;                            // as written: escape it before it reaches a terminal
  std::chrono::system_clock::time_point time;  // the host's clock when the agent read it
};

// The agent of a host is gone without having been asked. Its processes are gone, or end within 15 s.
struct HostLost {
  std::string host;
  std::string cause;
};

// The answer to send_logs(). Every line of the copy came before it, as a Line.
struct LogsSent {
  std::string host;
  std::uint64_t lines = 0;
  std::int64_t writer = 0;  // process of an agent of that job which is still there; 0: there is none
};

using Event = std::variant<Started, Exited, Line, HostLost, LogsSent>;

// As it is stored.
LogLine log_line(const Line& line);

// "exit status 3", "killed by signal 9 (Killed)", or why it could not be started; before that "out of memory
// on node2", and behind it the limit, where that was the reason.
std::string describe(const Exited& exited);

struct FleetOptions {
  // Id of the job whose logs the hosts keep copies of until its driver has them (launcher/log_copies.h); not
  // this machine. Empty: they keep none.
  std::string job;
  std::vector<std::string> local_agent;  // argv of an agent on this machine; empty: <program> agent
  std::map<std::string, std::string> local_environment;  // its variables, beside this process's own
  std::filesystem::path program;                         // what hosts get as bin/wisp; empty: this program
  std::vector<std::filesystem::path>
      libraries;  // what they get beside it; empty: what this program has loaded
  std::function<void(const std::string&)> progress;  // what is being waited for, in the waiting thread
  std::chrono::milliseconds progress_after{3'000};   // the first such text, and the time between two
};

// Owns the agents' connections. A thread of its own serves all pipes and calls `handler`, one event at a
// time; the handler may call start() and signal(), never a function that waits. All functions may be called
// from any thread. The process ignores SIGPIPE: an agent may be gone when it is written to. When this process
// dies, however it dies, the pipes close and every agent ends what it runs.
class Fleet {
 public:
  using EventHandler = std::function<void(const Event&)>;

  // A local fleet without hosts gets one called "local". Throws Error (kConfig) for an impossible spec.
  Fleet(LauncherSpec spec, FleetOptions options, EventHandler handler);
  // Ends what is left: TERM, and after 2 s KILL.
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Starts an agent on every host, at most ssh.max_parallel at a time, each within timeouts.start. Throws
  // Error (kHost) that names each host that failed, what failed, the words of ssh (or what else leads there)
  // and the remedy; nothing is left running then. Call it once. `ssh_sockets` is for forward(): a private
  // folder, in which the ssh clients share their connections, at paths that leave room for /ssh4095 and what
  // ssh appends to it.
  void start_hosts(const std::filesystem::path& ssh_sockets = {});

  // In the order of the spec. After start_hosts().
  const std::vector<HostInfo>& hosts() const;
  const HostInfo& host(const std::string& name) const;

  // Makes the content available on a host, sending it only when the host does not have it, and returns its
  // path there. Kept under <workdir>/data/<sha256>, mode 0600. Waits, at most timeouts.start without any
  // progress. A local host answers put_file() with the path itself. Throws Error: kHost for the host, kFailed
  // for the file.
  std::string put_file(const std::string& host, const std::filesystem::path& path);
  std::string put_bytes(const std::string& host, const Bytes& content);

  // A copy of a checkpoint's file on a host, on its disk when this returns: of this job's copies there the
  // last `keep` stay, until forget_checkpoints(). Waits as put_file() does. Not for a host that is this
  // machine. Throws Error (kHost).
  void keep_checkpoint(const std::string& host, const std::filesystem::path& file, std::uint64_t number,
                       std::uint32_t keep);
  void forget_checkpoints(const std::string& host);

  // Makes a folder on a host out of files whose content is there already. Throws Error (kHost).
  void place(const std::string& host, const message::Place& wanted);

  // A folder that the agent of `host` removes with its content when it ends, also when that is because this
  // process died. Say so before making it.
  void remove_at_end(const std::string& host, const std::filesystem::path& folder);

  // Makes ports lead through the ssh connection of `host`, for as long as that lasts. Waits. Throws Error
  // (kHost) that names the host, the port and the remedy.
  void forward(const std::string& host, const std::vector<Forward>& forwards);

  // Asks for what a host's copy of the logs of a job that has ended has beyond these positions; Lines and
  // LogsSent follow, or HostLost.
  void send_logs(const std::string& host, const std::string& job, std::vector<LogPosition> have);
  // Everything of it has arrived: the copy can go.
  void forget_logs(const std::string& host, const std::string& job);

  // Asks for a process; Started or Exited follows. On a lost host the answer is Exited with an error.
  void start(const std::string& host, Process process);
  // To the process and all its descendants in its group. One that is not running is left alone.
  void signal(const std::string& host, const std::string& process, int signal);
  void signal_all(int signal);

  // Something on it has fallen silent: unless its agent answers within `patience`, it is lost. Until it has
  // answered it is not ready. Not for a host that is this machine.
  void doubt(const std::string& host, std::chrono::milliseconds patience);
  // The agent of a lost host is started anew, within timeouts.start; is_ready() tells when it is there.
  // Nothing happens where that is under way already. HostInfo stays what it was. Returns why the last try
  // has failed, if it has.
  std::string bring_back(const std::string& host);
  bool is_ready(const std::string& host);
  // The job goes on without this host: stop() does not count it among those whose end has to be verified.
  void write_off(const std::string& host);

  // Ends every process (TERM, after `grace` KILL) and every agent, and waits for it, at most grace + 5 s. A
  // second call with a shorter grace shortens the first. Nothing to do is fine. Throws Error (kTeardown)
  // naming the hosts where the end of everything could not be verified.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wisp::launcher
