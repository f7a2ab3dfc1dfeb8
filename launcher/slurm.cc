#include "launcher/slurm.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "launcher/capture.h"
#include "launcher/ssh.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnswerMax = 30s;  // for the controller, which may be busy
constexpr std::uint32_t kNodesMax = 1u << 16;
constexpr std::string_view kRun = "{run}";
constexpr std::string_view kScript =
    "#!/bin/sh\n"
    "#SBATCH --exclusive\n"
    "exec {run}\n";

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> expand_nodes(const std::string& list) {
  Captured said;
  try {
    said = run_and_capture({"scontrol", "show", "hostnames", list}, kAnswerMax);
  } catch (const StartError& error) {
    throw Error(fmt::format("{}; it is part of Slurm, and names the nodes of this allocation", error.what()),
                Fault::kConfig);
  }
  std::vector<std::string> names;
  for (const std::string& line : split(said.out, '\n')) {
    if (!line.empty()) names.push_back(line);
  }
  if (!said.succeeded() || names.empty()) {
    throw Error(fmt::format("scontrol does not know the nodes {} of this allocation ({})\n    {}",
                            escape_text(list, 200), describe(said.ended), last_words(said.err, "\n    ")),
                Fault::kConfig);
  }
  return names;
}

// A word behind `name`= in what scontrol says on one line.
std::string value_of(std::string_view text, const std::string& name) {
  const std::string key = " " + name + "=";
  const auto at = text.find(key);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = text.substr(at + key.size());
  return std::string(rest.substr(0, rest.find_first_of(" \n")));
}

// A % begins a pattern there.
std::string file_pattern(const std::filesystem::path& file) {
  std::string pattern;
  for (const char c : file.string()) pattern += c == '%' ? "%%" : std::string(1, c);
  return pattern;
}

std::string slurm_time(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

std::optional<std::vector<std::uint32_t>> parse_counts(std::string_view text) {
  std::vector<std::uint32_t> counts;
  for (const std::string& part : split(text, ',')) {
    const auto times = part.find("(x");
    const bool repeats = times != std::string::npos && part.ends_with(')');
    const auto count = number_of(std::string_view(part).substr(0, repeats ? times : part.size()));
    const auto nodes =
        repeats ? number_of(std::string_view(part).substr(times + 2, part.size() - times - 3)) : 1;
    if (!count || !nodes || counts.size() + *nodes > kNodesMax) return std::nullopt;
    counts.insert(counts.end(), *nodes, *count);
  }
  return counts;
}

std::optional<Allocation> find_allocation(const Variable& variable) {
  const auto id = variable("SLURM_JOB_ID");
  if (!id || id->empty()) return std::nullopt;
  const auto list = variable("SLURM_JOB_NODELIST");
  if (!list || list->empty())
    throw Error("SLURM_JOB_ID is set, but not SLURM_JOB_NODELIST: is this an allocation?", Fault::kConfig);
  Allocation allocation;
  allocation.job_id = *id;
  const std::vector<std::string> names = expand_nodes(*list);
  const auto cpus = parse_counts(variable("SLURM_JOB_CPUS_PER_NODE").value_or(""));
  for (std::size_t i = 0; i < names.size(); ++i) {
    HostSpec& host = allocation.hosts.emplace_back();
    host.name = names[i];
    if (cpus && cpus->size() == names.size()) host.slots = (*cpus)[i];
  }
  return allocation;
}

std::vector<std::string> srun_command(const HostSpec& host) {
  return {"srun",      "--nodes=1",    "--ntasks=1",      "--ntasks-per-node=1", "--nodelist=" + host.name,
          "--overlap", "--unbuffered", "--cpu-bind=none", "--mpi=none",          "--job-name=wisp-agent",
          "/bin/sh"};
}

std::string_view default_script() { return kScript; }

std::string fill_script(std::string_view script, const std::vector<std::string>& run) {
  std::vector<std::string> words;
  for (const std::string& each : run) words.push_back(shell_quote(each));
  const std::string command = join(words, " ");
  std::string text(script);
  auto at = text.find(kRun);
  if (at == std::string::npos) throw Error("the template has no {run}", Fault::kConfig);
  for (; at != std::string::npos; at = text.find(kRun, at + command.size()))
    text.replace(at, kRun.size(), command);
  return text;
}

std::vector<std::string> sbatch_command(const SlurmSpec& slurm, const std::vector<HostSpec>& hosts,
                                        const std::string& job, const std::filesystem::path& script,
                                        const std::filesystem::path& out, const std::filesystem::path& err) {
  std::vector<std::string> argv{"sbatch",
                                "--parsable",
                                "--job-name=" + job,
                                "--open-mode=append",
                                "--output=" + file_pattern(out),
                                "--error=" + file_pattern(err)};
  const auto nodes = slurm.nodes > 0 ? slurm.nodes : static_cast<std::uint32_t>(hosts.size());
  if (nodes > 0) argv.push_back(fmt::format("--nodes={}", nodes));
  std::vector<std::string> names;
  for (const HostSpec& each : hosts) names.push_back(each.name);
  if (!names.empty()) argv.push_back("--nodelist=" + join(names, ","));
  if (!slurm.partition.empty()) argv.push_back("--partition=" + slurm.partition);
  if (!slurm.account.empty()) argv.push_back("--account=" + slurm.account);
  if (slurm.time > 0ms) argv.push_back("--time=" + slurm_time(slurm.time));
  argv.push_back(script.string());
  return argv;
}

std::string submit(const std::vector<std::string>& sbatch) {
  const Captured said = run_and_capture(sbatch, kAnswerMax);
  const std::string id =
      said.out.substr(0, said.out.find_first_of(";\n"));  // "17;cluster" where there are several
  if (said.succeeded() && number_of(id)) return id;
  throw SubmitError(fmt::format("sbatch did not take the job ({})\n    {}", describe(said.ended),
                                last_words(said.err, "\n    ")),
                    Fault::kHost);
}

bool BatchState::pending() const { return state == "PENDING" || state == "CONFIGURING"; }

bool BatchState::ended() const {
  constexpr std::array<std::string_view, 7> kGoesOn{"PENDING", "CONFIGURING", "RUNNING", "COMPLETING",
                                                    "STOPPED", "SUSPENDED",   "REQUEUED"};
  return std::find(kGoesOn.begin(), kGoesOn.end(), state) == kGoesOn.end();
}

std::optional<BatchState> parse_batch_state(std::string_view scontrol) {
  BatchState job;
  job.state = value_of(scontrol, "JobState");
  if (job.state.empty()) return std::nullopt;
  job.reason = value_of(scontrol, "Reason");
  const std::string code = value_of(scontrol, "ExitCode");
  const auto colon = code.find(':');
  if (colon == std::string::npos) return job;
  job.status = static_cast<int>(number_of(std::string_view(code).substr(0, colon)).value_or(0));
  job.signal = static_cast<int>(number_of(std::string_view(code).substr(colon + 1)).value_or(0));
  return job;
}

std::optional<BatchState> ask_batch_state(const std::string& id, std::chrono::milliseconds limit) {
  const Captured said = run_and_capture({"scontrol", "--oneliner", "show", "job", id}, limit);
  if (said.succeeded()) return parse_batch_state(said.out);
  if (said.err.find("Invalid job id") != std::string::npos) return std::nullopt;
  throw Error(fmt::format("scontrol says nothing of job {} ({})\n    {}", id, describe(said.ended),
                          last_words(said.err, "\n    ")),
              Fault::kHost);
}

void cancel(const std::string& id, bool gently) {
  std::vector<std::string> argv{"scancel"};
  if (gently) argv.insert(argv.end(), {"--batch", "--signal=TERM"});
  argv.push_back(id);
  const Captured said = run_and_capture(argv, kAnswerMax);
  if (said.succeeded()) return;
  throw Error(
      fmt::format("scancel {} ended ({})\n    {}", id, describe(said.ended), last_words(said.err, "\n    ")),
      Fault::kTeardown);
}

}  // namespace wisp::launcher
