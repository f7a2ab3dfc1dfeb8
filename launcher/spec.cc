#include "launcher/spec.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/text.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void refuse(const std::string& text) { throw Error(text, Fault::kConfig); }

bool is_one_line(const std::string& text) {
  return text.find_first_of(std::string_view("\n\r\0", 3)) == std::string::npos;
}

void check_name(const std::string& what, const std::string& name) {
  if (!is_host_name(name)) {
    refuse(fmt::format("{} '{}' is not one: letters, digits, '.', '_' and '-', not beginning with '-' or '.'",
                       what, escape_text(name, 80)));
  }
}

// What ssh takes as a place: a name, or an IPv6 address.
void check_address(const std::string& what, const std::string& address) {
  const bool ipv6 = address.find(':') != std::string::npos &&
                    address.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string::npos;
  if (!ipv6) check_name(what, address);
}

// [user@]host[:port], several by comma.
void check_proxy_jump(const std::string& text) {
  for (const std::string& hop : split(text, ',')) {
    std::string host = hop;
    if (const auto at = host.find('@'); at != std::string::npos) {
      check_name("ssh.proxy_jump's user", host.substr(0, at));
      host = host.substr(at + 1);
    }
    if (const auto colon = host.find(':'); colon != std::string::npos) {
      const std::string port = host.substr(colon + 1);
      if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) {
        refuse(fmt::format("ssh.proxy_jump '{}' has no port after its colon", escape_text(hop, 80)));
      }
      host = host.substr(0, colon);
    }
    check_name("ssh.proxy_jump", host);
  }
}

void check_host(const HostSpec& host) {
  check_name("host", host.name);
  if (!host.address.empty() && !parse_ip(host.address)) {
    refuse(fmt::format("address '{}' of host '{}' is no IPv4 or IPv6 address", escape_text(host.address, 80),
                       host.name));
  }
  if (!host.ssh.hostname.empty()) check_address("ssh.hostname", host.ssh.hostname);
  if (!host.ssh.user.empty()) check_name("ssh.user", host.ssh.user);
  if (!host.ssh.proxy_jump.empty()) check_proxy_jump(host.ssh.proxy_jump);
}

void check_ssh(const SshSpec& ssh) {
  if (ssh.program.empty() || ssh.program.front().empty()) refuse("ssh.program is empty");
  if (ssh.connect_timeout <= 0ms) refuse("ssh.connect_timeout must be more than 0");
  if (ssh.max_parallel == 0) refuse("ssh.max_parallel must be at least 1");
  for (const auto& [word, value] : ssh.options) {
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                            "0123456789") == std::string::npos;
    if (!plain) refuse(fmt::format("ssh.options: '{}' is no word of ssh_config(5)", escape_text(word, 80)));
    if (!is_one_line(value)) refuse(fmt::format("ssh.options.{}: more than one line", word));
  }
}

void check_command(const std::vector<std::string>& command) {
  if (command.empty() || command.front().empty()) refuse("launcher.template is empty");
  const auto names_host = [](const std::string& word) { return word.find("{host}") != std::string::npos; };
  if (std::none_of(command.begin(), command.end(), names_host)) refuse("launcher.template names no {host}");
}

}  // namespace

void LauncherSpec::check() const {
  const bool known = kind == "local" || kind == "ssh" || kind == "slurm" || kind == "command";
  if (!known) refuse(fmt::format("unknown launcher '{}' (local | ssh | slurm | command)", kind));
  if (kind != "local" && hosts.empty()) refuse(fmt::format("launcher {} needs hosts", kind));
  if (kind == "command") check_command(command);
  std::set<std::string> names;
  for (const HostSpec& host : hosts) {
    check_host(host);
    if (!names.insert(host.name).second) refuse(fmt::format("host '{}' is there twice", host.name));
  }
  if (kind == "local" && hosts.size() > 1) refuse("launcher local has one host: this machine");
  check_ssh(ssh);
  const std::string& dir = deploy.workdir;
  if (!(dir.starts_with('/') || dir == "~" || dir.starts_with("~/")) || !is_one_line(dir)) {
    refuse(fmt::format("deploy.workdir '{}' must begin with / or ~/", escape_text(dir, 200)));
  }
  if (deploy.kind == "none" && !deploy.files.empty())
    refuse("deploy.files are to be sent, but deploy.kind none sends nothing");
  if (timeouts.start <= 0ms) refuse("timeouts.start must be more than 0");
  if (timeouts.shutdown_grace < 0ms) refuse("timeouts.shutdown_grace must not be negative");
  if (!parse_level(logs.level))
    refuse(fmt::format("unknown level '{}' (debug | info | warn | error)", logs.level));
  if (logs.format != "text" && logs.format != "json")
    refuse(fmt::format("unknown format of logs '{}' (text | json)", escape_text(logs.format, 80)));
  if (logs.rotate_size == 0) refuse("logs.rotate.max_size must be more than 0");
  if (logs.rotate_files < 2) refuse("logs.rotate.max_files must be at least 2");
}

}  // namespace wisp::launcher
