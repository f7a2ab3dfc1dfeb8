#pragma once
// `wisp logs`: what the actors of a job have written, merged by time.
#include <string>

#include "base/log.h"
#include "cli/options.h"

namespace wisp::cli {

// Reads the job's folder, also while it grows; where a driver ended before all lines had arrived, what its
// hosts have kept is fetched first. Throws Error (kUsage) for an actor that the job does not have, for a time
// that is none, and for a regular expression that is none. Ctrl-C ends the process with exit status 130.
int logs_command(const GlobalOptions& options, const LogsOptions& logs);

enum class LogStyle {
  kStored,   // as it is stored
  kColored,  // and time, actor, round and level in a colour that belongs to the actor
  kBare,     // the text alone
  kJson,     // an object
};

// One line, with its newline. Safe for a terminal whatever the actor wrote.
std::string log_text(const LogLine& line, LogStyle style);

}  // namespace wisp::cli
