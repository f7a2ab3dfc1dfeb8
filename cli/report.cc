#include "cli/report.h"

#include <fmt/format.h>

#include "base/disk.h"
#include "cli/exit.h"
#include "cli/output.h"
#include "cli/report_data.h"
#include "cli/report_page.h"
#include "cli/report_trace.h"

namespace wisp::cli {
namespace {

constexpr unsigned kShownMode = 0644;  // pages are for others, too

}  // namespace

int report_command(const GlobalOptions& options, const ReportOptions& report) {
  const std::vector<JobCurves> jobs = read_jobs(options, report.jobs);
  SystemDisk disk;
  disk.write_text(report.output, report_html(jobs), kShownMode);
  talk(options, fmt::format("{}: {} job{}", report.output, jobs.size(), jobs.size() == 1 ? "" : "s"));
  if (!report.trace.empty()) {
    disk.write_text(report.trace, trace_json(jobs), kShownMode);
    talk(options, fmt::format("{}: open it at ui.perfetto.dev, or in chrome://tracing", report.trace));
  }
  return kExitDone;
}

}  // namespace wisp::cli
