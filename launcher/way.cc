#include "launcher/way.h"

#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "launcher/slurm.h"

namespace wisp::launcher {
namespace {

constexpr std::string_view kHost = "{host}";

std::string with_host(std::string word, const std::string& host) {
  for (auto at = word.find(kHost); at != std::string::npos; at = word.find(kHost, at + host.size())) {
    word.replace(at, kHost.size(), host);
  }
  return word;
}

std::vector<std::string> argv_to(const LauncherSpec& spec, const HostSpec& host) {
  if (spec.kind == "slurm") return srun_command(host);
  std::vector<std::string> argv;
  for (const std::string& word : spec.command) argv.push_back(with_host(word, host.name));
  return argv;
}

struct Meaning {
  const char* words;  // in what srun says
  const char* what;
  const char* remedy;
};

constexpr std::array<Meaning, 4> kSrunMeanings{{
    {"Invalid job id", "the allocation has ended", "allocate nodes again"},
    {"Unable to contact slurm controller", "Slurm's controller does not answer", "`scontrol ping` must work"},
    {"Invalid node name", "Slurm does not know this node", "`sinfo` lists those that there are"},
    {"nodes are busy", "another step holds the node",
     "start that one with --overlap, or run this outside of it"},
}};

}  // namespace

Way way_to(const LauncherSpec& spec, const HostSpec& host, std::string_view remote_command,
           const std::filesystem::path& socket) {
  Way way;
  if (spec.kind == "ssh") {
    way.program = "ssh";
    way.argv = ssh_command(spec.ssh, host, remote_command, socket);
  } else {
    way.argv = argv_to(spec, host);
    WISP_CHECK(!way.argv.empty(), "a checked spec that is not of kind local");
    way.program = escape_text(std::filesystem::path(way.argv.front()).filename().string(), 80);
    way.first_input = std::string(remote_command) + "\n";
  }
  return way;
}

Diagnosis diagnose(const LauncherSpec& spec, const HostSpec& host, bool booted, const std::string& status,
                   std::string_view words) {
  if (spec.kind == "ssh") return diagnose_ssh(host, booted, status, words);
  const Way way = way_to(spec, host, "");
  if (booted)
    return {SshStep::kShell,
            fmt::format("the agent, or {} on the way to it, ended ({})", way.program, status), ""};
  for (const Meaning& each : kSrunMeanings) {
    if (spec.kind == "slurm" && words.find(each.words) != std::string_view::npos)
      return {SshStep::kClient, each.what, each.remedy};
  }
  return {SshStep::kShell, fmt::format("{} ended ({}) before a shell could answer", way.program, status),
          fmt::format("`{}` must start a shell there that reads its stdin",
                      escape_text(join(way.argv, " "), 300))};
}

std::string remedy_of_missing(const LauncherSpec& spec) {
  if (spec.kind == "ssh") return "install an ssh client, or set ssh.program";
  if (spec.kind == "slurm") return "srun is part of Slurm: run this where Slurm is installed";
  return "install it, or name another program in launcher.template";
}

}  // namespace wisp::launcher
