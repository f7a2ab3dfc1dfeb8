#include "launcher/ssh.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace wisp::launcher {
namespace {

// In single quotes for any login shell: no single quote, newline, backslash or exclamation mark within.
// `read` of a shell takes single bytes, so nothing of the bundle or of the agent's input is lost to it. Two
// that unpack the same bundle at once both succeed.
constexpr std::string_view kBootstrap =
    "exec /bin/sh -c '"
    "umask 077; "
    "fail() { echo; echo \"wisp-fail $1\"; exit 73; }; "
    "echo; echo \"wisp-boot 1 $(uname -s) $(uname -m) $(getconf GNU_LIBC_VERSION 2>/dev/null)\"; "
    "IFS= read -r w && IFS= read -r b && IFS= read -r k || exit 74; "
    "case \"$w\" in \"~\") w=$HOME ;; \"~/\"*) w=$HOME/${w#??} ;; esac; "
    "if test \"$k\" = none; then "
    "case \"$b\" in \"~/\"*) b=$HOME/${b#??} ;; esac; "
    "command -v \"$b\" >/dev/null || fail \"there is no program $b on this host (deploy.kind is none)\"; "
    "echo wisp-ready; exec \"$b\" agent; fi; "
    "d=$w/bundles/$b; "
    "mkdir -p \"$w/bundles\" || fail \"cannot make the folder $w/bundles\"; "
    "if test -e \"$d/complete\"; then echo wisp-have; else "
    "test \"$k\" = shared-fs && fail \"$w is not the folder of this name that the job was started with "
    "(deploy.kind is shared-fs)\"; "
    "for p in tar gzip head mktemp; do command -v $p >/dev/null || fail \"there is no $p on this host\"; "
    "done; "
    "t=$(mktemp -d \"$w/bundles/.new.XXXXXX\") || fail \"cannot write into $w/bundles\"; "
    "clean() { rm -rf \"$t\"; }; trap clean EXIT; "
    "echo wisp-need; IFS= read -r n || exit 74; "
    "head -c \"$n\" | gzip -d | tar -x -f - -C \"$t\" || fail \"cannot unpack the program into $w/bundles\"; "
    "test -e \"$t/complete\" || fail \"the program arrived incomplete\"; "
    "test -e \"$d/complete\" || mv \"$t\" \"$d\" || fail \"cannot rename into $d\"; "
    "rm -rf \"$t\" \"$d/${t##*/}\"; trap - EXIT; "
    "test -e \"$d/complete\" || fail \"$d is damaged; remove it\"; "
    "fi; "
    "echo wisp-ready; exec \"$d/bin/wisp\" agent'";

// As above: for any login shell. What a host does not have is left out.
constexpr std::string_view kProbe =
    "exec /bin/sh -c '"
    "echo; echo \"wisp-probe $(uname -s) $(uname -m)\"; "
    "IFS= read -r w || exit 74; "
    "case \"$w\" in \"~\") w=$HOME ;; \"~/\"*) w=$HOME/${w#??} ;; esac; "
    "echo \"wisp-reached $SSH_CONNECTION\"; "
    "echo \"wisp-libc $(getconf GNU_LIBC_VERSION 2>/dev/null)\"; "
    "for p in tar gzip head mktemp rsync; do command -v $p >/dev/null && echo \"wisp-has $p\"; done; "
    "for b in \"$w\"/bundles/*/complete; do "
    "test -e \"$b\" && b=${b%/complete} && echo \"wisp-bundle ${b##*/}\"; done; "
    "grep -iE \"^ *(MaxStartups|MaxSessions|AllowTcpForwarding) \" /etc/ssh/sshd_config 2>/dev/null | "
    "while read -r k v; do echo \"wisp-sshd $k $v\"; done; "
    "until test -e \"$w\"; do w=$(dirname \"$w\"); done; "
    "echo \"wisp-folder $w\"; "
    "test -d \"$w\" && test -w \"$w\" && echo wisp-writable; "
    "echo \"wisp-space $(df -Pk \"$w\" 2>/dev/null | tail -n 1)\"; "
    "echo wisp-done'";

constexpr std::size_t kWordLinesMax = 8;
constexpr std::uint16_t kDiscardPort = 9;

void add_option(std::vector<std::string>& argv, const std::string& word, const std::string& value) {
  argv.push_back("-o");
  argv.push_back(word + "=" + value);
}

// As ssh reads it: it takes blanks for the end, and puts something of its own in place of a %.
std::string control_path(const std::filesystem::path& socket) {
  std::string text = "\"";
  for (const char c : socket.string()) {
    if (c == '%' || c == '"' || c == '\\') text += c == '%' ? '%' : '\\';
    text += c;
  }
  return text + "\"";
}

struct Meaning {
  SshStep step;
  const char* words;  // in what ssh says
  const char* what;
  const char* remedy;  // {0}: the host's name
};

constexpr std::array<Meaning, 17> kMeanings{{
    {SshStep::kName, "Could not resolve hostname", "unknown host",
     "check its name, or set hosts.{0}.ssh.hostname"},
    {SshStep::kHostKey, "REMOTE HOST IDENTIFICATION HAS CHANGED", "the host key has changed",
     "if that is expected, remove the old key with `ssh-keygen -R {0}` and log in once by hand"},
    {SshStep::kHostKey, "Host key verification failed", "unknown host key",
     "log in once by hand, `ssh {0} true`, and compare the key"},
    {SshStep::kHostKey, "No matching host key", "no common host key type",
     "see ssh_config(5), HostKeyAlgorithms"},
    {SshStep::kLogin, "Too many authentication failures", "login refused",
     "name the key: IdentityFile and IdentitiesOnly in ssh_config"},
    {SshStep::kLogin, "Permission denied", "login refused",
     "`ssh -o BatchMode=yes {0} true` must work without a question: check hosts.{0}.ssh.user, and load the "
     "key into "
     "ssh-agent"},
    {SshStep::kConnection, "Connection refused", "connection refused",
     "is sshd running there, and is hosts.{0}.ssh.port right?"},
    {SshStep::kConnection, "No route to host", "no route to the host",
     "is the host up, and its address right?"},
    {SshStep::kConnection, "Network is unreachable", "the network is unreachable", "is the network up?"},
    {SshStep::kConnection, "timed out", "timeout",
     "is the host up, and its port open? ssh.connect_timeout can be raised"},
    {SshStep::kClient, "Bad configuration option", "ssh does not accept its configuration",
     "see ssh.options and ssh.config_file"},
    {SshStep::kClient, "Bad owner or permissions", "ssh does not accept its configuration",
     "make the named file private"},
    {SshStep::kClient, "Can't open user config file", "ssh does not find its configuration",
     "check ssh.config_file"},
    {SshStep::kClient, "command-line: line", "ssh does not accept its configuration", "see ssh.options"},
    {SshStep::kConnection, "kex_exchange_identification", "the connection was closed before the login",
     "sshd's MaxStartups may be reached: lower ssh.max_parallel; or it is no sshd that listens there"},
    {SshStep::kConnection, "Connection reset", "the connection was reset",
     "is it sshd that listens on this port?"},
    {SshStep::kConnection, "Connection closed", "the connection was closed",
     "sshd's own log on {0} has the reason"},
}};

}  // namespace

std::vector<std::string> ssh_command(const SshSpec& ssh, const HostSpec& host,
                                     std::string_view remote_command, const std::filesystem::path& socket) {
  std::vector<std::string> argv = ssh.program;
  if (!ssh.config_file.empty()) argv.insert(argv.end(), {"-F", ssh.config_file});
  if (!socket.empty()) {  // ssh keeps the first it sees, and one that persists would outlive this client
    add_option(argv, "ControlMaster", "yes");
    add_option(argv, "ControlPath", control_path(socket));
    add_option(argv, "ControlPersist", "no");
  }
  for (const auto& [word, value] : ssh.options) add_option(argv, word, value);  // these before ours
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(ssh.connect_timeout).count();
  add_option(argv, "BatchMode", "yes");
  add_option(argv, "ConnectTimeout", fmt::format("{}", seconds));
  add_option(argv, "ServerAliveInterval", "5");
  add_option(argv, "ServerAliveCountMax", "3");
  add_option(argv, "LogLevel", "ERROR");
  if (socket.empty()) {
    add_option(argv, "ControlMaster", "no");  // a shared connection would outlive this client
    add_option(argv, "ControlPath", "none");
  }
  add_option(argv, "ClearAllForwardings", "yes");
  add_option(argv, "RemoteCommand", "none");
  argv.insert(argv.end(), {"-T", "-x", "-a"});
  if (host.ssh.port != 0) argv.insert(argv.end(), {"-p", fmt::format("{}", host.ssh.port)});
  if (!host.ssh.user.empty()) argv.insert(argv.end(), {"-l", host.ssh.user});
  if (!host.ssh.proxy_jump.empty()) argv.insert(argv.end(), {"-J", host.ssh.proxy_jump});
  argv.push_back("--");
  argv.push_back(host.ssh.hostname.empty() ? host.name : host.ssh.hostname);
  argv.emplace_back(remote_command);
  return argv;
}

std::vector<std::string> ssh_forward_command(const SshSpec& ssh, const HostSpec& host,
                                             const std::filesystem::path& socket,
                                             const std::vector<Forward>& forwards) {
  std::vector<std::string> argv = ssh.program;
  argv.insert(argv.end(), {"-F", "none"});  // which might ask for forwardings of its own
  add_option(argv, "ControlPath", control_path(socket));
  add_option(argv, "BatchMode", "yes");
  add_option(argv, "LogLevel", "ERROR");
  argv.insert(argv.end(), {"-O", "forward"});
  for (const Forward& each : forwards) {
    argv.emplace_back(each.listens == Forward::Listens::kHere ? "-L" : "-R");
    const std::uint16_t to = each.port == 0 ? kDiscardPort : each.port;
    argv.push_back(fmt::format("127.0.0.1:{}:127.0.0.1:{}", each.port, to));
  }
  argv.insert(argv.end(), {"--", host.ssh.hostname.empty() ? host.name : host.ssh.hostname});
  return argv;
}

std::string_view bootstrap_command() { return kBootstrap; }

std::string this_machine() {
  utsname here{};
  ::uname(&here);
  return fmt::format("{} {}", here.sysname, here.machine);
}

std::string_view probe_command() { return kProbe; }

std::string last_words(std::string_view errors, std::string_view separator) {
  std::vector<std::string> lines;
  for (std::string& line : split(errors, '\n')) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) lines.push_back(escape_text(line, 300));
  }
  if (lines.size() > kWordLinesMax)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kWordLinesMax));
  return join(lines, separator);
}

Diagnosis diagnose_ssh(const HostSpec& host, bool booted, const std::string& status, std::string_view words) {
  if (booted) {
    if (status == "exit status 255" && words.empty()) {  // of a broken connection ssh would say something
      return {SshStep::kShell, "the agent was killed",
              fmt::format("if {} has run out of memory, `dmesg` there says so", host.name)};
    }
    const bool agent = status != "exit status 255" && !status.starts_with("signal");
    return {SshStep::kShell, fmt::format("{} ended ({})", agent ? "the agent" : "the ssh connection", status),
            ""};
  }
  for (const Meaning& each : kMeanings) {
    if (words.find(each.words) != std::string_view::npos) {
      return {each.step, each.what, fmt::format(fmt::runtime(each.remedy), host.name)};
    }
  }
  return {SshStep::kShell, fmt::format("ssh ended ({}) before /bin/sh could answer", status),
          fmt::format("`ssh {} /bin/sh -c true` must work", host.name)};
}

}  // namespace wisp::launcher
