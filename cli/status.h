#pragma once
// `wisp status`: a job on one screen.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "launcher/jobs.h"

namespace wisp::cli {

// Reads the job's folder alone, so it shows jobs that have ended too, and those driven from elsewhere.
int status_command(const GlobalOptions& options, const StatusOptions& status);

struct HostStatus {
  std::string name;
  std::string address;                // empty: this machine
  std::map<std::string, int> actors;  // by state: how many
};

// The last line of metrics.jsonl.
struct RunStatus {
  std::uint64_t round = 0;
  std::optional<double> loss;  // none: it is not finite
  std::optional<double> gap;
  double seconds = 0;  // of rounds
  std::uint64_t uplink_bytes = 0;
  std::uint64_t downlink_bytes = 0;
  std::uint64_t dense_uplink_bytes = 0;
  std::uint64_t dense_downlink_bytes = 0;
  std::chrono::system_clock::time_point written;  // when
  std::uint64_t updates = 0;
  // Of asynchronous runs.
  std::optional<double> staleness_mean;
  std::uint64_t staleness_p50 = 0;
  std::uint64_t staleness_p99 = 0;
  std::uint64_t staleness_max = 0;
  std::uint64_t dropped = 0;
  // Where they are measured.
  std::optional<double> kept_mass;
  std::optional<double> memory_norm;
};

struct JobStatus {
  launcher::JobEntry job;
  std::string reason;  // why it ended; empty: it has not
  std::string method;  // empty: of plain actors
  std::vector<HostStatus> hosts;
  std::map<std::string, int> actors;  // by state: how many
  std::optional<RunStatus> run;       // none: nothing was measured yet
  std::string last_event;             // of events.jsonl, without starts and orderly ends; empty: none
  std::string last_error;             // the newest line at level error; empty: none
};

// Files of the folder that are missing or damaged leave out what they would have said.
JobStatus status_of(const launcher::JobEntry& job);

std::string status_screen(const JobStatus& status, std::chrono::system_clock::time_point now);
std::string status_json(const JobStatus& status);  // without a newline

}  // namespace wisp::cli
