#include "cli/sweep_run.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/exit.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/sweep.h"
#include "cli/sweep_table.h"
#include "config/resolve.h"

namespace wisp::cli {
namespace {

// 128 + a signal that came while no job was there to take it; 0 if none did.
int pending_status() {
  sigset_t pending;
  ::sigpending(&pending);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (::sigismember(&pending, signal) == 1) return 128 + signal;
  }
  return 0;
}

std::string end_text(const Outcome& outcome) {
  const actors::Progress& last = outcome.summary.last;
  std::string text = outcome.status;
  if (outcome.plain || outcome.summary.iterate_hash.empty()) return text + ": " + outcome.reason;
  text += fmt::format(" after {} rounds, loss {:.6g}", last.round, last.loss);
  if (last.gap) text += fmt::format(", gap {:.3g}", *last.gap);
  return text + ", up " + size_text(last.uplink_bytes);
}

class SweepRun {
 public:
  SweepRun(const config::Sweep& sweep, const GlobalOptions& global, const RunOptions& run)
      : sweep_(sweep),
        global_(global),
        run_(run),
        name_(sweep.points.front().experiment.job.name),
        folder_(state_dir(global), name_),
        ended_(sweep.points.size()) {
    config::Experiment first = sweep.points.front().experiment;
    first.sweep = sweep.axes;
    folder_.write("sweep.yaml", config::to_yaml(first));
  }

  int run(const RunJob& run_job) {
    for (std::size_t i = 0; i < ended_.size(); ++i) digests_.push_back(digest_of(experiment(i)));
    take_what_has_ended();
    for (std::size_t i = 0; i < ended_.size() && !stopped_; ++i) {
      if (!ended_[i]) run_point(i, run_job);
    }
    tell();
    return status_;
  }

 private:
  const config::Experiment& experiment(std::size_t i) const { return sweep_.points[i].experiment; }

  std::string count() const {
    const auto done = std::count_if(ended_.begin(), ended_.end(), [](const auto& each) { return each; });
    return fmt::format("{} of {}", done, ended_.size());
  }

  void take_what_has_ended() {
    for (std::size_t i = 0; i < ended_.size(); ++i) {
      if (const EndedPoint* known = folder_.find(digests_[i])) ended_[i] = *known;
    }
    const bool any = std::any_of(ended_.begin(), ended_.end(), [](const auto& each) { return each; });
    talk(global_, fmt::format("sweep {} of {} jobs in {}{}", name_, ended_.size(), folder_.path().string(),
                              any ? "; " + count() + " have ended before" : ""));
  }

  void run_point(std::size_t i, const RunJob& run_job) {
    if (const int status = pending_status(); status != 0) return stop(status);
    const std::string settings = config::settings_text(sweep_, sweep_.points[i]);
    talk(global_, fmt::format("[{}/{}] {}", i + 1, ended_.size(), settings));
    JobEnd end = run_job(experiment(i));
    talk(global_, fmt::format("[{}/{}] {}", i + 1, ended_.size(), end_text(end.outcome)));
    if (end.outcome.status == "cancelled") return stop(end.status);
    if (status_ == 0) status_ = end.status;
    if (end.outcome.status == "failed") return;
    ended_[i] = EndedPoint{digests_[i], settings, std::move(end.folder), result_json(end.outcome)};
    folder_.add(*ended_[i]);
  }

  void stop(int status) {
    stopped_ = true;
    status_ = status;
  }

  void tell() {
    const std::string table = sweep_table(sweep_, ended_);
    folder_.write("table.txt", table);
    try {
      print(global_.json ? sweep_json(name_, folder_.path().string(), sweep_, ended_) + "\n" : table);
    } catch (const ReaderGone&) {  // who does not listen is not told
    }
    if (stopped_) talk(global_, count() + " jobs have ended; the same command goes on with the others");
    for (const std::optional<EndedPoint>& each : ended_) {
      if (run_.require_gap && status_ == 0 && each && each->result.find("\"finished\"") != std::string::npos)
        status_ = kExitFailed;
    }
  }

  const config::Sweep& sweep_;
  const GlobalOptions& global_;
  const RunOptions& run_;
  const std::string name_;
  SweepFolder folder_;
  std::vector<std::string> digests_;
  std::vector<std::optional<EndedPoint>> ended_;
  bool stopped_ = false;
  int status_ = kExitDone;
};

}  // namespace

void check_sweep(const config::Sweep& sweep, const RunOptions& run) {
  const auto refuse = [&](const std::string& why, const std::string& remedy) {
    throw config::ConfigErrors({{sweep.axes.front().place, why, remedy}});
  };
  if (run.detach) refuse("a sweep can't be left running with -d", "start it with nohup, and without -d");
  for (const config::SweepPoint& point : sweep.points) {
    const launcher::LauncherSpec& spec = point.experiment.launcher;
    if (spec.kind == "slurm" && !spec.slurm.allocation)
      refuse("a sweep can't be handed to Slurm",
             "start it within an allocation: salloc, or a script of sbatch");
  }
}

int run_sweep(const config::Sweep& sweep, const GlobalOptions& global, const RunOptions& run,
              const RunJob& run_job) {
  return SweepRun(sweep, global, run).run(run_job);
}

}  // namespace wisp::cli
