#include "cli/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "base/error.h"
#include "base/process.h"
#include "cli/driver.h"
#include "cli/exit.h"
#include "cli/experiment.h"
#include "cli/output.h"
#include "cli/resume.h"
#include "cli/resumption.h"
#include "cli/submission.h"
#include "cli/submit.h"
#include "cli/sweep_run.h"
#include "launcher/jobs.h"

namespace wisp::cli {

namespace {

constexpr char kStartedMark = '\x1e';  // what a detached driver writes when its job runs

// On stdout how it ended; whether that could be written there.
bool tell(const Outcome& outcome, const launcher::JobFolder& folder, Display& display,
          const GlobalOptions& global) {
  try {
    if (global.json) {
      print(result_json(outcome) + "\n");
    } else if (outcome.status != "failed") {
      print(summary_text(outcome, folder.path().string()));
    }
  } catch (const ReaderGone&) {  // who does not listen is not told
  } catch (const Error& error) {
    display.warn(std::string("wisp: stdout: ") + error.what());
    return false;
  }
  return true;
}

// The driver that hears of what could not be written, while there is one.
using Listener = std::atomic<Driver*>;

// Says how the job ended, as far as that is for here to say; whether it could be said.
using Tell = std::function<bool(const Outcome& outcome)>;

JobEnd drive(const config::Experiment& experiment, const Inventory& inventory, launcher::JobFolder& folder,
             Listener& listener, Display& display, DriverOptions options, const RunOptions& run,
             const Tell& tell_end) {
  Driver driver(experiment, inventory, folder, display, std::move(options));
  listener = &driver;
  JobEnd end{driver.run(), 0, folder.path().string()};
  listener = nullptr;
  const bool told = tell_end(end.outcome);
  end.status = driver.exit_status();
  if (end.status == 0 && (!told || (run.require_gap && end.outcome.status == "finished"))) end.status = 1;
  if (driver.abandoned()) ::_exit(end.status);
  return end;
}

// Passes on what the detached driver says, and to it Ctrl-C, until its job runs or it has ended.
int follow_start(Descriptor from, pid_t driver, const std::string& job_id) {
  std::array<char, 4096> buffer{};
  const sigset_t set = ending_signals();
  const Descriptor signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  for (;;) {
    std::array<pollfd, 2> sources{{{from.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}}};
    ::poll(sources.data(), sources.size(), -1);
    signalfd_siginfo info{};
    while (::read(signals.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGHUP) return 128 + SIGHUP;  // the job was meant to survive a logout
      ::kill(driver, static_cast<int>(info.ssi_signo));
    }
    if (sources[0].revents == 0) continue;
    const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    std::string_view text(buffer.data(), static_cast<std::size_t>(got));
    const bool started = text.find(kStartedMark) != std::string_view::npos;
    if (started) text = text.substr(0, text.find(kStartedMark));
    std::fwrite(text.data(), 1, text.size(), stderr);
    if (started) {
      std::printf("%s\n", job_id.c_str());
      return 0;
    }
  }
  int status = 0;
  while (::waitpid(driver, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void redirect_to_null() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  ::close(null);
}

// The child goes on as the driver, in a session of its own, and survives a logout.
int run_detached(const config::Experiment& experiment, const Inventory& inventory,
                 launcher::JobFolder& folder, Listener& listener, DriverOptions options,
                 const GlobalOptions& global, const RunOptions& run) {
  auto [from, to] = make_pipe();
  const pid_t child = ::fork();
  if (child < 0) throw Error("cannot start the detached driver: fork failed");
  if (child > 0) {
    to.reset();
    return follow_start(std::move(from), child, experiment.job.name + "-" + folder.id());
  }
  from.reset();
  ::setsid();
  folder.adopt();
  redirect_to_null();
  Display display(Display::Style{to.get(), false, global.quiet});
  options.on_started = [&display, &to = to] {
    [[maybe_unused]] const bool read = write_all(to.get(), std::string_view(&kStartedMark, 1));
    display.redirect(-1);
    to.reset();
  };
  const auto tell_end = [&](const Outcome& outcome) { return tell(outcome, folder, display, global); };
  ::_exit(drive(experiment, inventory, folder, listener, display, std::move(options), run, tell_end).status);
}

std::filesystem::path submitted_folder(const RunOptions& run) {
  return std::filesystem::absolute(run.files.front()).parent_path();
}

config::Sweep load_jobs(const GlobalOptions& global, const RunOptions& run, Inventory& inventory) {
  try {
    config::Sweep sweep = load_sweep(global, run.files, inventory);
    check_resume(sweep, run);
    if (!sweep.axes.empty()) check_sweep(sweep, run);
    return sweep;
  } catch (const Error&) {  // else it would seem to begin any time
    if (run.submitted) mark(submitted_folder(run), "failed");
    throw;
  }
}

// The folder in which the job was submitted, or a new one, also for a job that Slurm starts once more.
std::filesystem::path folder_for(const config::Experiment& experiment, const GlobalOptions& global,
                                 const RunOptions& run) {
  if (run.submitted && !launcher::is_job_folder(submitted_folder(run))) return submitted_folder(run);
  return launcher::make_submitted_folder(state_dir(global), experiment.job.name);
}

// One job, here or detached. Of a sweep's only how it ended is told, by who runs the sweep.
JobEnd run_job(const config::Experiment& experiment, const Inventory& inventory, const GlobalOptions& global,
               const RunOptions& run, bool of_sweep) {
  Display display(Display::Style{STDERR_FILENO, ::isatty(STDERR_FILENO) == 1, global.quiet});
  const auto except = run.submitted ? submitted_folder(run) : std::filesystem::path();
  auto resumed = find_resumption(experiment, inventory.catalogs(), state_dir(global), except, run.resume,
                                 [&display](const std::string& text) { display.warn(text); });
  Listener listener = nullptr;
  const auto on_write_error = [&listener](const std::string& why) {
    if (Driver* driver = listener; driver != nullptr) driver->cannot_write(why);
  };
  launcher::JobFolder folder(folder_for(experiment, global, run), on_write_error, experiment.launcher.logs);
  DriverOptions options;
  options.resumed = std::move(resumed);
  const char* runtime_base = std::getenv("WISP_RUNTIME_DIR");
  if (runtime_base != nullptr) options.runtime_base = runtime_base;
  options.job_file = std::filesystem::absolute(run.files.front()).string();
  if (const auto state = launcher::read_state(folder.path())) options.job_file = state->file;  // as submitted
  if (run.detach) {
    JobEnd end;
    end.status = run_detached(experiment, inventory, folder, listener, std::move(options), global, run);
    return end;
  }
  display.say("job " + experiment.job.name + "-" + folder.id() + " in " + folder.path().string());
  if (options.resumed) display.say("it goes on from " + options.resumed->job_folder.string());
  const auto tell_end = [&](const Outcome& outcome) {
    return of_sweep || tell(outcome, folder, display, global);
  };
  return drive(experiment, inventory, folder, listener, display, std::move(options), run, tell_end);
}

}  // namespace

int run_command(const GlobalOptions& global, const RunOptions& run) {
  Inventory inventory;
  const config::Sweep sweep = load_jobs(global, run, inventory);
  const config::Experiment& experiment = sweep.points.front().experiment;
  block_ending_signals();
  if (!sweep.axes.empty()) {
    return run_sweep(sweep, global, run, [&](const config::Experiment& each) {
      return run_job(each, inventory, global, run, true);
    });
  }
  if (experiment.launcher.kind == "slurm" && !experiment.launcher.slurm.allocation) {
    return submit_job(experiment, global, run);
  }
  return run_job(experiment, inventory, global, run, false).status;
}

}  // namespace wisp::cli
