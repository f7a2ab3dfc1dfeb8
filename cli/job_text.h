#pragma once
// What the commands that watch jobs say of one.
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "launcher/jobs.h"

namespace wisp::cli {

// "<name>-<id>", as -j takes it.
std::string title(const launcher::JobEntry& job);

// Whether a job with this status has ended by itself or was ended: it will not change any more.
bool is_final(std::string_view status);
// The exit status of `wisp run` and `wisp wait` for a final status.
int exit_status_of(std::string_view status);

// "running (driver 4711)", "converged", or that the driver was killed before it could say more.
std::string status_text(const launcher::JobEntry& job);

// That the job is driven from another machine than this, and the command that asks for the same there.
std::string driven_elsewhere(const launcher::JobEntry& job, const GlobalOptions& options,
                             const std::string& command, const std::vector<std::string>& arguments = {});

// What is said of a name that none of the `known` actors of the job has.
std::string no_such_actor(const launcher::JobEntry& job, const std::string& name,
                          const std::vector<std::string>& known);

// A reason of several lines as one that is safe for a terminal.
std::string on_one_line(const std::string& text);

// "8s", "3m05s", "2h04m", "5d03h".
std::string uptime_text(std::chrono::seconds uptime);

}  // namespace wisp::cli
