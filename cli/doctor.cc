#include "cli/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/doctor_ports.h"
#include "cli/exit.h"
#include "cli/experiment.h"
#include "cli/output.h"
#include "cli/runtime_folder.h"
#include "launcher/bundle.h"
#include "launcher/elf.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;
using Result = Check::Result;

constexpr std::uint64_t kSpaceMin = 256u << 20;      // a program, its libraries, and some rows
constexpr std::uint64_t kSpaceEnough = 1024u << 20;  // logs and checkpoints grow
constexpr std::chrono::milliseconds kClockOffsetMax{500};
constexpr std::size_t kCellMax = 500;

const char* word_of(Result result) {
  switch (result) {
    case Result::kOk:
      return "ok";
    case Result::kWarn:
      return "warn";
    case Result::kFail:
      return "fail";
    case Result::kSkipped:
      return "skipped";
  }
  return "";
}

std::string mebibytes(std::uint64_t bytes) { return fmt::format("{} MiB", bytes >> 20); }

// The checks of one host, as they come.
class Host {
 public:
  explicit Host(std::string name) : name_(std::move(name)) {}
  void add(const std::string& check, Result result, const std::string& detail,
           const std::string& remedy = "") {
    checks_.push_back({name_, check, result, detail, remedy});
  }
  void ok(const std::string& check, const std::string& detail = "") { add(check, Result::kOk, detail); }
  void skip(const std::string& check) { add(check, Result::kSkipped, "not reached"); }
  std::vector<Check> take() { return std::move(checks_); }

 private:
  const std::string name_;
  std::vector<Check> checks_;
};

// What ssh does in turn, up to where it ended.
void add_connection(Host& host, const launcher::Checkup& checkup) {
  using launcher::SshStep;
  using Steps = std::vector<std::pair<SshStep, std::string>>;
  const Steps by_ssh{
      {SshStep::kClient, "ssh"},       {SshStep::kName, "name"},   {SshStep::kConnection, "connection"},
      {SshStep::kHostKey, "host key"}, {SshStep::kLogin, "login"}, {SshStep::kShell, "shell"}};
  // What another program does in between is its own.
  const Steps otherwise{{SshStep::kClient, checkup.program}, {SshStep::kShell, "shell"}};
  for (const auto& [step, name] : checkup.by_ssh ? by_ssh : otherwise) {
    if (checkup.facts || step < checkup.failure->diagnosis.step) {
      host.ok(name, step == SshStep::kConnection && checkup.facts ? checkup.facts->address : "");
    } else if (step == checkup.failure->diagnosis.step) {
      const std::string& words = checkup.failure->words;
      const launcher::Diagnosis& diagnosis = checkup.failure->diagnosis;
      host.add(name, Result::kFail, diagnosis.what + (words.empty() ? "" : ": " + words), diagnosis.remedy);
    } else {
      host.skip(name);
    }
  }
}

void add_machine(Host& host, const launcher::HostFacts& facts) {
  const std::string ours = launcher::this_machine();
  if (facts.machine == ours) return host.ok("machine", facts.machine);
  host.add("machine", Result::kFail, fmt::format("{}, but this machine is {}", facts.machine, ours),
           "wisp sends itself: take hosts of this machine's kind");
}

void add_libc(Host& host, const launcher::HostFacts& facts, const std::string& needed) {
  if (facts.libc.empty()) {
    return host.add("libc", Result::kWarn, "it does not say which C library it has",
                    fmt::format("wisp needs the GNU C library {} or newer there", needed));
  }
  if (!launcher::older(facts.libc, needed))
    return host.ok("libc", fmt::format("glibc {}, {} is needed", facts.libc, needed));
  host.add("libc", Result::kFail, fmt::format("glibc {}, but this wisp needs {}", facts.libc, needed),
           "build wisp on the oldest system among the hosts, or update this one");
}

void add_tools(Host& host, const launcher::HostFacts& facts) {
  std::vector<std::string> missing;
  for (const char* each : {"tar", "gzip", "head", "mktemp"}) {
    if (!facts.tools.contains(each)) missing.emplace_back(each);
  }
  const std::vector<std::string> there(facts.tools.begin(), facts.tools.end());
  if (missing.empty()) return host.ok("tools", join(there, ", "));
  host.add("tools", Result::kFail, "there is no " + join(missing, ", no "), "install it there");
}

void add_space(Host& host, const std::string& check, const std::string& folder, bool writable,
               std::optional<std::uint64_t> free, const std::string& remedy) {
  if (!writable) return host.add(check, Result::kFail, "cannot write into " + folder, remedy);
  if (!free) return host.add(check, Result::kWarn, "unknown free space in " + folder, "look with df");
  const std::string detail = fmt::format("{} free in {}", mebibytes(*free), folder);
  if (*free >= kSpaceEnough) return host.ok(check, detail);
  host.add(check, *free < kSpaceMin ? Result::kFail : Result::kWarn, detail,
           fmt::format("free {} there, or: {}", mebibytes(kSpaceEnough - *free), remedy));
}

void add_program(Host& host, const launcher::Checkup& checkup) {
  if (!checkup.has_program) return host.skip("program");
  const std::size_t others = checkup.facts->bundles.size() - (*checkup.has_program ? 1 : 0);
  const std::string more = others == 0 ? "" : fmt::format("; {} of other versions", others);
  host.ok("program", (*checkup.has_program ? "this version was there" : "this version was brought") + more);
}

// As far as a login may read it.
void add_sshd(Host& host, const launcher::HostFacts& facts, bool tunnel) {
  const auto forwarding = facts.sshd.find("allowtcpforwarding");
  if (tunnel && forwarding != facts.sshd.end() && forwarding->second != "yes" &&
      forwarding->second != "all") {
    return host.add("sshd", Result::kFail, "its sshd_config says AllowTcpForwarding " + forwarding->second,
                    "network.tunnel needs `AllowTcpForwarding yes` there");
  }
  std::vector<std::string> words;
  for (const auto& [word, value] : facts.sshd) words.push_back(word + " " + value);
  host.ok("sshd", words.empty() ? "its limits are its own defaults, or can't be read" : join(words, ", "));
}

void add_agent(Host& host, const launcher::Checkup& checkup, const std::string& needed_libc) {
  if (checkup.agent) {
    return host.ok("agent", fmt::format("{}, {} cores", checkup.agent->hostname, checkup.agent->cores));
  }
  const std::string why = launcher::unfit(*checkup.facts, needed_libc);
  if (!why.empty()) return host.add("agent", Result::kSkipped, why);
  host.add("agent", Result::kFail, checkup.agent_failure,
           "these are its own words; deploy.workdir must be where programs may run (not mounted noexec)");
}

void add_clock(Host& host, const launcher::HostInfo& agent) {
  const auto offset = std::chrono::duration_cast<std::chrono::milliseconds>(agent.clock_offset);
  const std::string detail = fmt::format("{:+} ms", offset.count());
  if (std::chrono::abs(offset) <= kClockOffsetMax) return host.ok("clock", detail);
  host.add("clock", Result::kWarn, detail + " from this machine's",
           "let ntpd, chrony or systemd-timesyncd set it: times in logs are the host's");
}

// The folder, or the nearest one above it that is there.
std::filesystem::path nearest_folder(std::filesystem::path folder) {
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

std::vector<Check> check_hosts(const GlobalOptions& options, const config::Experiment& experiment) {
  const launcher::LauncherSpec& spec = experiment.launcher;
  std::vector<std::filesystem::path> files = launcher::loaded_libraries();
  files.push_back(self_executable());
  const std::string needed_libc = launcher::needed_libc(files);
  launcher::FleetOptions fleet;
  fleet.progress = [&options](const std::string& text) { talk(options, text); };
  std::vector<Check> checks;
  std::vector<std::string> fit;
  for (const launcher::Checkup& each : launcher::examine(spec, needed_libc, fleet)) {
    const std::vector<Check> more =
        checks_of(each, needed_libc, spec.deploy.workdir, experiment.network.tunnel);
    checks.insert(checks.end(), more.begin(), more.end());
    if (each.agent) fit.push_back(each.host);
  }
  const std::vector<Check> ports = port_checks(options, experiment, fit);
  checks.insert(checks.end(), ports.begin(), ports.end());
  return checks;
}

std::string checks_json(const std::vector<Check>& checks, bool ok) {
  Json rows = Json::array();
  for (const Check& each : checks) {
    rows.push_back({{"host", each.host},
                    {"check", each.name},
                    {"result", word_of(each.result)},
                    {"detail", each.detail},
                    {"remedy", each.remedy}});
  }
  const Json json = {{"ok", ok}, {"checks", rows}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::vector<Check> checks_of(const launcher::Checkup& checkup, const std::string& needed_libc,
                             const std::string& workdir, bool tunnel) {
  Host host(checkup.host);
  add_connection(host, checkup);
  if (!checkup.facts) {
    for (const char* each : {"machine", "libc", "tools", "disk", "sshd", "program", "agent", "clock"})
      host.skip(each);
    return host.take();
  }
  const launcher::HostFacts& facts = *checkup.facts;
  add_machine(host, facts);
  add_libc(host, facts, needed_libc);
  add_tools(host, facts);
  add_space(host, "disk", facts.folder, facts.writable, facts.free_bytes,
            fmt::format("set deploy.workdir ({}) to another folder", workdir));
  if (checkup.program == "ssh") add_sshd(host, facts, tunnel);
  add_program(host, checkup);
  add_agent(host, checkup, needed_libc);
  if (checkup.agent) {
    add_clock(host, *checkup.agent);
  } else {
    host.skip("clock");
  }
  return host.take();
}

std::vector<Check> local_checks(const GlobalOptions& options, const std::string& runtime_base) {
  Host host("local");
  host.ok("machine", launcher::this_machine());
  const std::filesystem::path folder = nearest_folder(std::filesystem::absolute(state_dir(options)));
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  add_space(host, "disk", folder.string(), ::access(folder.c_str(), W_OK) == 0,
            error ? std::nullopt : std::optional<std::uint64_t>(space.available),
            "name another folder by --state-dir");
  try {
    RuntimeFolder sockets(runtime_base, random_hex(8));
    sockets.make();
    host.ok("sockets", sockets.path().parent_path().string());
  } catch (const Error& problem) {  // a job that needs none would run
    host.add("sockets", Result::kFail, problem.what(), "set WISP_RUNTIME_DIR to a folder of yours alone");
  }
  return host.take();
}

std::string checks_table(const std::vector<Check>& checks) {
  std::vector<std::vector<std::string>> rows = {{"HOST", "CHECK", "RESULT", "DETAIL"}};
  std::vector<std::string> remedies;
  for (const Check& each : checks) {
    if (each.result == Result::kSkipped) continue;
    rows.push_back({each.host, each.name, word_of(each.result), escape_text(each.detail, kCellMax)});
    remedies.push_back(escape_text(each.remedy, kCellMax));
  }
  const std::vector<std::string> lines = split(table(rows), '\n');
  std::string text = lines[0] + "\n";
  for (std::size_t i = 0; i < remedies.size(); ++i) {
    text += lines[i + 1] + "\n";
    if (!remedies[i].empty()) text += "    " + remedies[i] + "\n";
  }
  return text;
}

int doctor_command(const GlobalOptions& options, const DoctorOptions& doctor) {
  end_on_interrupt();
  const char* base = std::getenv("WISP_RUNTIME_DIR");
  std::vector<Check> checks = local_checks(options, base == nullptr ? "" : base);
  if (!doctor.files.empty()) {
    Inventory inventory;
    const config::Experiment experiment = load_experiment(options, doctor.files, inventory);
    const launcher::LauncherSpec& spec = experiment.launcher;
    if (spec.kind == "slurm" && !spec.slurm.allocation) {
      talk(options, "its hosts are known in an allocation only: run this by salloc, too");
    } else if (spec.kind != "local") {
      const std::vector<Check> more = check_hosts(options, experiment);
      checks.insert(checks.end(), more.begin(), more.end());
    }
  }
  const auto count = [&](Result result) {
    return std::count_if(checks.begin(), checks.end(),
                         [=](const Check& each) { return each.result == result; });
  };
  const auto failures = count(Result::kFail);
  const auto warnings = count(Result::kWarn);
  print(options.json ? checks_json(checks, failures == 0) : checks_table(checks));
  talk(options, failures + warnings == 0 ? "all is well"
                                         : fmt::format("failed: {}, warnings: {}", failures, warnings));
  return failures == 0 ? kExitDone : kExitHost;
}

}  // namespace wisp::cli
