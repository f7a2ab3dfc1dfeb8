#pragma once
// What a job file may say of hosts, of the ways to them, and of how long things may take.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace wisp::launcher {

// How ssh reaches a host, where the user's ssh configuration does not say it.
struct SshTarget {
  std::string hostname;    // empty: the host's name, as ssh_config resolves it
  std::uint16_t port = 0;  // 0: ssh's own choice
  std::string user;
  std::string proxy_jump;
};

struct HostSpec {
  std::string name;         // as ssh knows it; "local" is this machine when launcher is local
  std::uint32_t slots = 0;  // actors it takes; 0: its cores
  std::string address;  // what other hosts connect to; empty: the address ssh reached it by, or its name's
  std::map<std::string, std::string> labels = {};  // what placement may ask for
  SshTarget ssh;
};

struct SshSpec {
  std::vector<std::string> program = {"ssh"};
  std::string config_file;  // empty: ssh's own default
  std::chrono::milliseconds connect_timeout{10'000};
  std::uint32_t max_parallel = 32;
  std::map<std::string, std::string> options;  // ssh_config(5) words
};

// Nodes that Slurm has given to a job that this process is part of.
struct Allocation {
  std::string job_id;
  std::vector<HostSpec> hosts;  // with their share of the cores as slots
};

struct SlurmSpec {
  std::string partition;
  std::string account;
  std::chrono::milliseconds time{0};     // 0: as the partition has it
  std::uint32_t nodes = 0;               // 0: as many as there are hosts, else as the script or Slurm has it
  std::string script;                    // file of the template; empty: the built-in one
  std::optional<Allocation> allocation;  // nothing of the job file: what this process is in
};

struct DeploySpec {
  std::string kind = "auto";  // auto: rsync if both ends have it, else tar | rsync | tar | shared-fs | none
  std::string binary =
      "self";  // or a program's path; for kind none on the hosts, where self is "wisp" in PATH
  std::vector<std::string> files;               // for the working folder of the actors; absolute paths
  std::string workdir = "~/.local/state/wisp";  // on the hosts; ~ is the login's home
  std::string cleanup = "on-success";           // on-success | always | never: of the working folder
};

struct TimeoutSpec {
  std::chrono::milliseconds start{60'000};
  std::chrono::milliseconds shutdown_grace{10'000};
};

struct LogSpec {
  std::string level = "info";                           // debug | info | warn | error
  std::string format = "text";                          // text | json
  std::uint64_t rotate_size = std::uint64_t{64} << 20;  // bytes of one file of a log
  std::uint32_t rotate_files = 5;                       // of one log, the one being written included
};

struct LauncherSpec {
  std::string kind = "local";        // local | ssh | slurm | command
  std::vector<HostSpec> hosts;       // in the order of their names
  std::vector<std::string> command;  // of that kind: argv of what leads to a shell on {host}
  SshSpec ssh;
  SlurmSpec slurm;
  DeploySpec deploy;
  TimeoutSpec timeouts;
  LogSpec logs;

  // Throws Error (kConfig): a host or user name that is not ^[A-Za-z0-9._-]+$ or begins with '-', an
  // impossible time, a command that leads to no host.
  void check() const;
};

}  // namespace wisp::launcher
