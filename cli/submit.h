#pragma once
// A job that is handed to Slurm: the script, its submission, and what is seen of it from here.
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.h"
#include "config/experiment.h"
#include "launcher/slurm.h"

namespace wisp::cli {

// Files of a submitted job, in its folder.
inline constexpr const char* kScriptFile = "submit.sh";
inline constexpr const char* kOutFile = "stdout.log";
inline constexpr const char* kErrFile = "stderr.log";

// The script for a job that will have this folder. Throws ConfigErrors for a template that can't be read or
// has no {run}.
std::string script_text(const config::Experiment& experiment, const std::filesystem::path& folder,
                        const GlobalOptions& global, const RunOptions& run);
// argv that submits it.
std::vector<std::string> submit_command(const config::Experiment& experiment,
                                        const std::filesystem::path& folder);
// The program's exit status for a job that has ended.
int exit_status_of(const launcher::BatchState& job);

// Submits the job and, unless it is detached, shows what it says until it has ended. First Ctrl-C: a graceful
// stop; second: scancel; third: leaves. The exit status is the job's. Throws ConfigErrors for what Slurm
// refuses and the job file asks for. SIGINT, SIGTERM and SIGHUP must be blocked.
int submit_job(const config::Experiment& experiment, const GlobalOptions& global, const RunOptions& run);

}  // namespace wisp::cli
