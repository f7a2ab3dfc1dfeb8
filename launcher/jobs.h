#pragma once
// The register of jobs: which job folders there are, which of them have a living driver, and which one a user
// means.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/job_folder.h"

namespace wisp::launcher {

// Who holds a job's lock. A lock ends with its process, so there is nothing stale to clean up.
struct Driver {
  std::string hostname;
  std::int64_t pid = 0;
  bool here = false;  // on this machine: the pid can be signalled
};

struct JobEntry {
  std::filesystem::path folder;
  JobState state;                // as last written; name and id are those of the folder if there is none
  std::optional<Driver> driver;  // set while the driver lives
};

// Whether the driver of this folder lives, and where.
std::optional<Driver> driver_of(const std::filesystem::path& folder);
// state.json; nothing if it is missing. Throws Error if it is not readable as one.
std::optional<JobState> read_state(const std::filesystem::path& folder);
// As the job is now: its driver, and what it has written. Where nobody drives it, actors whose end was not
// seen are "lost": they run no more, or end within 15 s. Throws Error as read_state(); the driver is known
// then.
void renew(JobEntry& job);

// 8 hex digits, as JobFolder makes them.
bool is_job_id(std::string_view text);
// Whether a driver made it: it is called <job>-<id>, and a lock is in it.
bool is_job_folder(const std::filesystem::path& folder);
// Removes the folder of a job that has ended; the link `latest` then leads to the newest job that is left, or
// is gone with the last one. Throws Error if it is no job folder, if its driver lives, or if something in it
// can't be removed.
void remove_job(const std::filesystem::path& folder);

// All jobs of a state folder, the one that started first first. A missing folder has none; a damaged
// state.json leaves an entry with what the folder's name says.
std::vector<JobEntry> list_jobs(const std::filesystem::path& state_dir);

// What to do when several running jobs fit.
enum class Ambiguous { kTakeLatest, kRefuse };

// `which` is a job's name, its id (or its beginning, from 4 digits), or its job file; empty: the only running
// job, else the latest. Running ones come before ended ones. Throws Error (kUnreachable) if none fits, or if
// several running ones do: always where `which` is given, with kRefuse also where it is empty; the text lists
// them.
JobEntry find_job(const std::filesystem::path& state_dir, const std::string& which,
                  Ambiguous ambiguous = Ambiguous::kTakeLatest);

}  // namespace wisp::launcher
