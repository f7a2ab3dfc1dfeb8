#pragma once
// A timeline of jobs, as Perfetto and chrome://tracing open it.
#include <string>
#include <vector>

#include "cli/report_data.h"

namespace wisp::cli {

// The Trace Event Format. Each job is a process of the trace: its processes are slices from start to exit
// (events.jsonl), whatever else was noted is a mark on the track of whom it concerns, and loss, gap and bytes
// are counters (metrics.jsonl). The counters begin when the last process has started, and take no account of
// the time that evaluation takes. Reads events.jsonl of each job's folder; a job without one has counters
// alone.
std::string trace_json(const std::vector<JobCurves>& jobs);

}  // namespace wisp::cli
