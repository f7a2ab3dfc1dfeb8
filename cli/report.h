#pragma once
// `wisp report`.
#include "cli/options.h"

namespace wisp::cli {

// Writes the page, and the trace where it is asked for. Reads files only: jobs may run or have ended, here or
// elsewhere. Throws Error: kUnreachable for a job that is not there, kFailed where a file can't be written.
int report_command(const GlobalOptions& options, const ReportOptions& report);

}  // namespace wisp::cli
