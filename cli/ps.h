#pragma once
// `wisp ps`: the actors of a job, or all jobs.
#include <chrono>
#include <string>

#include "cli/options.h"
#include "launcher/jobs.h"

namespace wisp::cli {

// Reads the job's folder, so it also shows a job whose driver is gone, and says that it is.
int ps_command(const GlobalOptions& options, const PsOptions& ps);

// NAME CLASS HOST PID STATE ATTEMPT UPTIME, a line an actor.
std::string actors_table(const launcher::JobState& state, std::chrono::system_clock::time_point now);
// JOB STATUS ACTORS STARTED FOLDER, a line a job.
std::string jobs_table(const std::vector<launcher::JobEntry>& jobs);

}  // namespace wisp::cli
