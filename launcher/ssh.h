#pragma once
// How ssh is called, what runs first on the other side, and what its complaints mean.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/forward.h"
#include "launcher/spec.h"

namespace wisp::launcher {

// argv of the ssh client for a host, the remote command included. Nothing of the job file is part of the
// remote command: it is bootstrap_command() or probe_command(), always. StrictHostKeyChecking is the user's.
// Expects a checked spec. With `socket` the client shares its connection there, for as long as it lasts.
std::vector<std::string> ssh_command(const SshSpec& ssh, const HostSpec& host,
                                     std::string_view remote_command,
                                     const std::filesystem::path& socket = {});
// argv of a client that asks the one that shares its connection at `socket` to forward ports.
std::vector<std::string> ssh_forward_command(const SshSpec& ssh, const HostSpec& host,
                                             const std::filesystem::path& socket,
                                             const std::vector<Forward>& forwards);

// One constant string for any login shell. It answers on stdout with lines that begin with "wisp-"; whatever
// else a login prints before or between is not ours. In turn:
//   "wisp-boot 1 <system> <machine> <libc>"  then it reads three lines: workdir, sha256 of the bundle, and
//   how
//                               it comes there: "send", "shared-fs", or "none"; for the last, the second line
//                               is the program
//   "wisp-have" or "wisp-need"  after the latter it reads a line, the size in bytes, and the bundle with gzip
//   "wisp-ready"                then it is the agent
//   "wisp-fail <why>"           at any time, and it ends
std::string_view bootstrap_command();

// "Linux x86_64", as the bootstrap says it, of this machine.
std::string this_machine();

// Another constant string, which only asks: it reads one line, the workdir, and prints what
// launcher/probe.h makes of it; the last line is "wisp-done".
std::string_view probe_command();

// How far a connection gets, in this order.
enum class SshStep { kClient, kName, kConnection, kHostKey, kLogin, kShell };

// What ssh's last words mean: at which step it ended, what happened, and what to do about it.
struct Diagnosis {
  SshStep step = SshStep::kShell;
  std::string what;
  std::string remedy;
};
// The last lines of what a client wrote to stderr, safe for a terminal.
std::string last_words(std::string_view errors, std::string_view separator);
// `booted`: the bootstrap had answered. `status` is ssh's exit status, `words` its stderr.
Diagnosis diagnose_ssh(const HostSpec& host, bool booted, const std::string& status, std::string_view words);

}  // namespace wisp::launcher
