#include "cli/submit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/disk.h"
#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/output.h"
#include "cli/submission.h"
#include "config/resolve.h"
#include "launcher/child.h"
#include "launcher/job_folder.h"
#include "launcher/jobs.h"
#include "launcher/state_file.h"

namespace wisp::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kLookEvery = 200;          // milliseconds: at what the job has written
constexpr milliseconds kAskFirst{1000};  // the controller, then ever more seldom
constexpr milliseconds kAskMax{5000};
constexpr std::chrono::seconds kSilence{3};
constexpr std::chrono::seconds kAnswerMax{60};

std::string read_template(const config::Experiment& experiment) {
  const std::string& file = experiment.launcher.slurm.script;
  if (file.empty()) return std::string(launcher::default_script());
  try {
    return SystemDisk().read_text(file);
  } catch (const Error& error) {  // the place is known here
    throw experiment.error("slurm.template", error.what());
  }
}

// The key that what sbatch complains of was taken from.
std::string key_of(std::string words) {
  std::transform(words.begin(), words.end(), words.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* each : {"partition", "account", "time", "node"}) {
    if (words.find(each) != std::string::npos)
      return std::string("slurm.") + each + (std::string_view(each) == "node" ? "s" : "");
  }
  return "";
}

std::string hand_over(const config::Experiment& experiment, const std::vector<std::string>& command) {
  try {
    return launcher::submit(command);
  } catch (const launcher::StartError& error) {
    throw experiment.error("launcher", error.what(),
                           "submit where Slurm is installed, or take another launcher");
  } catch (const launcher::SubmitError& error) {
    const std::string key = key_of(error.what());
    if (!key.empty() && experiment.given(key)) throw experiment.error(key, error.what());
    throw;
  }
}

// What the job's driver finds, and what others see of the job until then.
void fill_folder(const config::Experiment& experiment, const std::filesystem::path& folder,
                 const std::string& script, const RunOptions& run) {
  launcher::JobState state;
  state.job = experiment.job.name;
  state.id = folder.filename().string().substr(state.job.size() + 1);
  state.file = std::filesystem::absolute(run.files.front()).string();
  state.status = "submitted";
  state.started = SystemClock().wall();
  SystemDisk disk;
  disk.write_text(folder / "job.yaml", config::to_yaml(experiment));
  disk.write_text(folder / kScriptFile, script, 0700);
  disk.write_text(folder / "state.json", launcher::state_to_json(state));
}

// Passes on what is appended to a file that may not be there yet.
class Tail {
 public:
  Tail(std::filesystem::path file, int to) : file_(std::move(file)), to_(to) {}

  // Whether there was anything.
  bool copy() {
    if (!from_) from_.reset(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
    bool any = false;
    std::array<char, 1 << 16> buffer{};
    for (ssize_t got = 0; from_ && (got = ::read(from_.get(), buffer.data(), buffer.size())) > 0;) {
      any = true;
      const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
      if (heard_) heard_ = write_all(to_, text);
    }
    return any;
  }

 private:
  const std::filesystem::path file_;
  const int to_;
  Descriptor from_;
  bool heard_ = true;  // somebody reads `to_`
};

// The view of a submitted job from where it was submitted.
class Follower {
 public:
  Follower(std::string id, std::filesystem::path folder, const GlobalOptions& global)
      : id_(std::move(id)),
        folder_(std::move(folder)),
        global_(global),
        out_(folder_ / kOutFile, STDOUT_FILENO),
        err_(folder_ / kErrFile, STDERR_FILENO) {
    const sigset_t set = ending_signals();
    signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  int run() {
    while (!left_ && !ended()) {
      pollfd source{signals_.get(), POLLIN, 0};
      ::poll(&source, 1, kLookEvery);
      read_signals();
      pass_on();
      ask();
      say_what_is_waited_for();
    }
    pass_on();
    return left_ ? 128 + signal_ : finish();
  }

 private:
  bool ended() const { return lost_ || (job_ && job_->ended()); }

  void pass_on() {
    const bool out = out_.copy();
    const bool err = err_.copy();
    if (out || err) news_at_ = steady_clock::now();
  }

  void ask() {
    const auto now = steady_clock::now();
    const bool over = SystemDisk().exists(folder_ / "result.json");
    const bool news = over && !std::exchange(over_, true);
    if (now < ask_at_ && !news) return;
    try {
      const auto answer = launcher::ask_batch_state(id_, kAnswerMax);
      lost_ = !answer;
      if (answer) job_ = answer;
    } catch (const Error& error) {  // the controller may come back; the job goes on meanwhile
      talk(global_, error.what());
    }
    ask_every_ = over ? kAskFirst : std::min(ask_every_ * 5 / 4, kAskMax);
    ask_at_ = now + ask_every_;
  }

  void say_what_is_waited_for() {
    const auto now = steady_clock::now();
    const bool starting = !job_ || job_->pending();
    if (now - news_at_ < kSilence || (job_ && !starting && job_->state != "COMPLETING")) return;
    news_at_ = now;
    const std::string where =
        job_ ? job_->state + (starting ? " (" + escape_text(job_->reason, 80) + ")" : "") : "no answer yet";
    talk(global_, fmt::format("waiting for Slurm job {}: {} ({} s)", id_, where,
                              std::chrono::duration_cast<std::chrono::seconds>(now - begin_).count()));
  }

  void read_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info)
      handle_signal(static_cast<int>(info.ssi_signo));
  }

  // A logout is no reason to end a job that has been submitted.
  void handle_signal(int signal) {
    if (signal_ == 0) signal_ = signal;
    ++signal_count_;
    if (signal == SIGHUP || signal_count_ >= 3) {
      left_ = true;
      return warn(fmt::format("leaving; Slurm job {} goes on: scancel {} ends it", id_, id_));
    }
    ask_at_ = {};
    ask_every_ = kAskFirst;
    const bool gently = signal_count_ == 1 && job_ && job_->state == "RUNNING";
    talk(global_, gently ? "stopping (Ctrl-C again: stop at once)" : "cancelling Slurm job " + id_);
    try {
      launcher::cancel(id_, gently);
    } catch (const Error& error) {  // it may have ended just now; else the next one may be heard
      warn(error.what());
    }
  }

  int finish() {
    const bool never_ran = !launcher::is_job_folder(folder_);
    if (lost_) {
      talk(global_, fmt::format("Slurm does not know job {} any more", id_));
    } else if (job_->state != "COMPLETED" && job_->state != "FAILED") {
      talk(global_, fmt::format("Slurm job {}: {}", id_, job_->state));
    }
    if (never_ran && job_ && job_->state == "CANCELLED") {
      std::error_code ignored;
      std::filesystem::remove_all(folder_, ignored);
    }
    const int status = lost_ ? told_status() : exit_status_of(*job_);
    return signal_ != 0 && status != kExitDone ? 128 + signal_ : status;
  }

  // What the driver has written where Slurm does not know any more.
  int told_status() const {
    const SystemDisk disk;
    if (!disk.exists(folder_ / "result.json")) return kExitFailed;
    const std::string result = disk.read_text(folder_ / "result.json");
    return nlohmann::json::parse(result).value("exit_status", kExitFailed);
  }

  const std::string id_;
  const std::filesystem::path folder_;
  const GlobalOptions& global_;
  Tail out_;
  Tail err_;
  Descriptor signals_;
  std::optional<launcher::BatchState> job_;
  bool over_ = false;  // its driver has said how it ended
  bool lost_ = false;  // the job has ended, and Slurm has forgotten it
  bool left_ = false;
  int signal_ = 0;
  int signal_count_ = 0;
  const steady_clock::time_point begin_ = steady_clock::now();
  steady_clock::time_point news_at_ = begin_;
  steady_clock::time_point ask_at_ = begin_;
  milliseconds ask_every_ = kAskFirst;
};

}  // namespace

std::string script_text(const config::Experiment& experiment, const std::filesystem::path& folder,
                        const GlobalOptions& global, const RunOptions& run) {
  std::vector<std::string> command{self_executable().string(),
                                   "run",
                                   "--submitted",
                                   "--state-dir",
                                   folder.parent_path().parent_path().string(),
                                   (folder / "job.yaml").string()};
  if (global.json) command.emplace_back("--json");
  if (global.quiet) command.emplace_back("--quiet");
  if (run.resume) command.emplace_back("--resume");
  if (run.require_gap) command.emplace_back("--require-gap");
  try {
    return launcher::fill_script(read_template(experiment), command);
  } catch (const config::ConfigErrors&) {
    throw;
  } catch (const Error& error) {  // the place is known here
    throw experiment.error("slurm.template", error.what(),
                           "it stands for the command that runs the job, such as: exec {run}");
  }
}

std::vector<std::string> submit_command(const config::Experiment& experiment,
                                        const std::filesystem::path& folder) {
  const std::vector<launcher::HostSpec> none;
  const auto& hosts = experiment.given("hosts") ? experiment.launcher.hosts : none;
  return launcher::sbatch_command(experiment.launcher.slurm, hosts, experiment.job.name, folder / kScriptFile,
                                  folder / kOutFile, folder / kErrFile);
}

int exit_status_of(const launcher::BatchState& job) {
  if (job.state == "CANCELLED" || job.state == "TIMEOUT") return 128 + SIGTERM;
  if (job.state == "NODE_FAIL" || job.state == "BOOT_FAIL") return kExitHost;
  if (job.status != 0) return job.status;
  if (job.signal != 0) return 128 + job.signal;
  return job.state == "COMPLETED" ? kExitDone : kExitFailed;
}

int submit_job(const config::Experiment& experiment, const GlobalOptions& global, const RunOptions& run) {
  if (run.submitted) throw Error("--submitted is for the script that runs in an allocation", Fault::kUsage);
  const auto folder = launcher::make_submitted_folder(state_dir(global), experiment.job.name);
  std::string id;
  try {
    fill_folder(experiment, folder, script_text(experiment, folder, global, run), run);
    id = hand_over(experiment, submit_command(experiment, folder));
  } catch (const Error&) {  // nothing will ever run in it
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    throw;
  }
  SystemDisk().write_text(folder / kIdFile, id + "\n");
  talk(global, fmt::format("Slurm job {}: {} in {}", id, folder.filename().string(), folder.string()));
  if (!run.detach) return Follower(id, folder, global).run();
  talk(global,
       fmt::format("next: squeue -j {}; wisp logs -f -j {}; scancel {}", id, folder.filename().string(), id));
  print(folder.filename().string() + "\n");
  return kExitDone;
}

}  // namespace wisp::cli
