#pragma once
// Way: the program that leads to a shell on a host, whose stdin and stdout it carries, and what its end
// means.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/spec.h"
#include "launcher/ssh.h"

namespace wisp::launcher {

struct Way {
  std::string program;  // as messages call it
  std::vector<std::string> argv;
  // What the shell at its other end must read first; empty for ssh, whose argv says it. That shell may read
  // on into what follows: wait for an answer before writing more.
  std::string first_input;
};

// The way on which `remote_command` (bootstrap_command() or probe_command()) is run on a host. Nothing of the
// job file passes through a shell. `socket` as in ssh_command(); other programs have none. Expects a checked
// spec that is not of kind local.
Way way_to(const LauncherSpec& spec, const HostSpec& host, std::string_view remote_command,
           const std::filesystem::path& socket = {});

// What the end of that program means. `booted`: the remote command had answered. `status` is its exit status,
// `words` its stderr.
Diagnosis diagnose(const LauncherSpec& spec, const HostSpec& host, bool booted, const std::string& status,
                   std::string_view words);

// What to do where that program is not there.
std::string remedy_of_missing(const LauncherSpec& spec);

}  // namespace wisp::launcher
