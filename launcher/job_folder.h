#pragma once
// JobFolder: what a job leaves on disk: its files, its logs, and the lock by which others see that it runs.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "launcher/spec.h"

namespace wisp::launcher {

// One row of `wisp ps`.
struct ActorState {
  std::string name;
  std::string class_name;
  std::string host;
  std::int64_t pid = 0;
  std::string state;  // starting | running | exited | failed | lost
  std::uint32_t attempt = 1;
  std::chrono::system_clock::time_point started;
  std::string cause;  // why it ended
  std::string node;   // the process that holds it, as events.jsonl calls it

  bool is_alive() const { return state == "running" || state == "starting"; }
};

// state.json: what the driver says of itself and its actors while it runs; the last word stays.
struct JobState {
  std::string job;
  std::string id;
  std::string file;    // absolute path of the first job file
  std::string status;  // submitted | starting | running | stopping | converged | finished | diverged | failed
                       // | cancelled
  std::chrono::system_clock::time_point started;
  std::vector<ActorState> actors;
  std::map<std::string, std::chrono::microseconds> clock_offsets;  // by host: its clock minus the driver's
  std::map<std::string, std::string> addresses;  // by host: what other hosts reach it by; not of this machine
  std::string control;  // the socket at which the driver takes requests; empty: there is none
};

// $XDG_STATE_HOME/wisp, else ~/.local/state/wisp. Throws Error if neither variable is set.
std::filesystem::path default_state_dir();

// <state_dir>/jobs/<job>-<id> of a job that will be started later, elsewhere. It has no lock yet, and so is
// no job folder to `wisp prune`. Throws Error.
std::filesystem::path make_submitted_folder(const std::filesystem::path& state_dir, const std::string& job);

// Makes the link jobs/latest lead to the job folder called `target`: readers find the old link or the new
// one, never none. Throws Error.
void point_latest(const std::filesystem::path& jobs, const std::string& target);

// Owned by the driver. <state_dir>/jobs/<job>-<id>/ with mode 0700, files 0600, and the link jobs/latest to
// it: job.yaml result.json provenance.json state.json events.jsonl metrics.jsonl model.npy
// logs/<actor>/<attempt>.log, put aside as launcher/log_files.h says. Thread-safe. Whatever fails names the
// path and the reason (read-only, full).
class JobFolder {
 public:
  // `on_write_error` hears of the first append that failed, once, in the thread that wrote; the job should
  // end then. Throws Error (kFailed) if the folder can't be made or locked.
  JobFolder(const std::filesystem::path& state_dir, const std::string& job,
            std::function<void(const std::string&)> on_write_error, LogSpec logs = {});
  // One that make_submitted_folder() has made, by which the job is started now. A second time it fails.
  JobFolder(const std::filesystem::path& submitted, std::function<void(const std::string&)> on_write_error,
            LogSpec logs = {});
  ~JobFolder();  // releases the lock
  JobFolder(const JobFolder&) = delete;
  JobFolder& operator=(const JobFolder&) = delete;

  const std::filesystem::path& path() const;
  const std::string& id() const;  // 8 hex digits

  // Records this process as the driver; after a fork that lets the child go on as the driver (the lock is
  // inherited).
  void adopt();

  // The whole file, atomically: temporary, fsync, rename. Throws Error.
  void write(std::string_view file, std::string_view content);
  void write_state(const JobState& state);
  // One line at the end of events.jsonl or metrics.jsonl; the newline is added. Never throws: see
  // on_write_error.
  void append(std::string_view file, std::string_view line);
  // Appends to the log of its actor and attempt; the file appears with its first line. Never throws.
  void log(const LogLine& line);
  // Where log() puts it now. Throws Error for an actor's name that is none.
  std::filesystem::path log_path(const std::string& actor, std::uint32_t attempt) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wisp::launcher
