#include "cli/resumption.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/text.h"
#include "launcher/jobs.h"

namespace wisp::cli {

namespace {

constexpr const char* kWorkers = "actors.worker.replicas";

std::string key_of(const config::Resolved& value) {
  std::string key;
  for (const std::string& each : value.path) key += (key.empty() ? "" : ".") + each;
  return key;
}

// Other data would be told by its hash; the optimum, what is tested and when it stops change nothing of the
// iterates.
bool is_trait(const std::string& key) {
  if (key == "seed" || key == "dtype" || key == kWorkers) return true;
  for (const char* left_out : {"problem.data.path", "problem.data.labels", "problem.data.from",
                               "problem.test", "problem.optimum", "method.nonfinite"}) {
    if (key.rfind(left_out, 0) == 0) return false;
  }
  return key.rfind("problem.", 0) == 0 || key.rfind("method.", 0) == 0;
}

std::string text_of(const config::Node& node) {
  if (node.is_scalar()) return node.text;
  if (!node.is_list()) return "";
  std::string text = "[";
  for (const config::Node& each : node.items) text += (text.size() > 1 ? ", " : "") + text_of(each);
  return text + "]";
}

std::filesystem::path checkpoints_of(const std::filesystem::path& job_folder) { return job_folder / "ckpt"; }

bool has_checkpoints(const std::filesystem::path& job_folder) {
  const std::vector<std::filesystem::path> files = SystemDisk().list(checkpoints_of(job_folder));
  return std::any_of(files.begin(), files.end(),
                     [](const auto& file) { return file.extension() == ".ckpt"; });
}

[[noreturn]] void refuse_running(const std::filesystem::path& wish) {
  const std::filesystem::path folder = std::filesystem::canonical(wish);  // `latest` is a link
  throw Error(fmt::format("{} is running: stop it first (wisp down -j {})", folder.string(),
                          folder.filename().string()),
              Fault::kConfig);
}

// The last job of this name that has any. Later ones without are told to `warn`; of them, too, none may be
// running.
std::optional<launcher::JobEntry> last_job(const std::string& name, const std::filesystem::path& state_dir,
                                           const std::filesystem::path& except,
                                           const std::function<void(const std::string&)>& warn) {
  std::vector<launcher::JobEntry> jobs = launcher::list_jobs(state_dir);
  std::reverse(jobs.begin(), jobs.end());
  std::vector<std::string> later;
  for (launcher::JobEntry& job : jobs) {
    if (job.state.job != name || job.folder == except) continue;
    if (job.driver) refuse_running(job.folder);
    if (has_checkpoints(job.folder)) {
      if (!later.empty()) {
        warn(fmt::format("{} came later, but left no checkpoint: it goes on from one of {}",
                         join(later, ", "), job.folder.filename().string()));
      }
      return job;
    }
    later.push_back(job.folder.filename().string());
  }
  return std::nullopt;
}

// What a method does anyhow may be said or not.
void leave_out_the_usual(std::map<std::string, std::string>& traits, const config::Experiment& experiment,
                         const actors::Catalogs& catalogs) {
  optim::MethodSpec usual = experiment.job.method;
  usual.consistency = {};
  const auto found = traits.find("method.consistency.kind");
  if (found != traits.end() && found->second != catalogs.methods.consistency_of(usual)) return;
  traits.erase("method.consistency.kind");
  if (usual.late != "drop") traits.erase("method.consistency.bound");  // else that is how late is too late
}

void compare(const config::Experiment& experiment, const actors::Catalogs& catalogs, Resumption& resumption) {
  std::map<std::string, std::string> now = traits_of(experiment);
  std::map<std::string, std::string> then = resumption.checkpoint.traits;
  then.erase(kDataTrait);
  leave_out_the_usual(now, experiment, catalogs);
  leave_out_the_usual(then, experiment, catalogs);
  config::Mistakes mistakes;
  const std::string from = resumption.job_folder.filename().string();
  const auto differs = [&](const std::string& key, const std::string& was, const std::string& is) {
    mistakes.add(experiment.where(key),
                 fmt::format("{} is {}, but was {} in {}, which is to be resumed", key, is, was, from),
                 "take the value back, or run without --resume");
  };
  for (const auto& [key, value] : now) {
    const auto found = then.find(key);
    const std::string was = found == then.end() ? "not set" : found->second;
    if (found != then.end()) then.erase(found);
    if (was == value) continue;
    if (key == kWorkers) {
      const auto why = catalogs.methods.why_fixed_workers(experiment.job.method);
      resumption.other_workers = true;
      if (!why) continue;
      mistakes.add(experiment.where(key),
                   fmt::format("{} is {}, but was {} in {}: {}", key, value, was, from, *why),
                   "take the value back, or run without --resume");
    } else {
      differs(key, was, value);
    }
  }
  for (const auto& [key, value] : then) differs(key, value, "not set");
  mistakes.throw_if_any();
}

}  // namespace

std::map<std::string, std::string> traits_of(const config::Experiment& experiment) {
  std::map<std::string, std::string> traits;
  for (const config::Resolved& each : experiment.resolved) {
    const std::string key = key_of(each);
    if (is_trait(key) && (each.value.is_scalar() || each.value.is_list())) traits[key] = text_of(each.value);
  }
  return traits;
}

std::optional<Resumption> find_resumption(const config::Experiment& experiment,
                                          const actors::Catalogs& catalogs,
                                          const std::filesystem::path& state_dir,
                                          const std::filesystem::path& except, bool asked,
                                          const std::function<void(const std::string&)>& warn) {
  const std::string& wish = experiment.job.checkpoint.resume;
  Resumption resumption;
  if (!asked && wish == "never") return std::nullopt;
  if (wish == "never" || wish == "auto") {
    const auto job = last_job(experiment.job.name, state_dir, except, warn);
    if (!job && !asked) return std::nullopt;
    if (!job) {
      throw Error(
          fmt::format("nothing to resume: no job called {} in {} has a checkpoint; run without --resume",
                      experiment.job.name, (state_dir / "jobs").string()),
          Fault::kConfig);
    }
    resumption.job_folder = job->folder;
  } else {
    resumption.job_folder = wish;
    if (!std::filesystem::is_directory(resumption.job_folder) || !has_checkpoints(wish)) {
      throw experiment.error("checkpoint.resume", wish + " has no checkpoints",
                             "the folder of a job is meant, as wisp run prints it");
    }
  }
  if (launcher::driver_of(resumption.job_folder)) refuse_running(resumption.job_folder);
  SystemDisk disk;
  std::vector<std::string> warnings;
  auto found = actors::CheckpointFolder(disk, checkpoints_of(resumption.job_folder), 1).newest(warnings);
  for (const std::string& warning : warnings) warn(warning);
  if (!found) {
    throw Error(fmt::format("nothing to resume: no checkpoint in {} can be used; run without --resume",
                            checkpoints_of(resumption.job_folder).string()),
                Fault::kConfig);
  }
  resumption.checkpoint = *std::move(found);
  compare(experiment, catalogs, resumption);
  return resumption;
}

void check_data(const config::Experiment& experiment, const Resumption& resumption,
                const std::string& data_sha256) {
  const auto found = resumption.checkpoint.traits.find(kDataTrait);
  if (found == resumption.checkpoint.traits.end() || found->second == data_sha256) return;
  throw experiment.error(
      "problem.data.path",
      fmt::format("the data are not those of {}, which is to be resumed: SHA-256 {} instead of {}",
                  resumption.job_folder.filename().string(), data_sha256.substr(0, 12),
                  found->second.substr(0, 12)),
      "take the file of that run, or run without --resume");
}

}  // namespace wisp::cli
