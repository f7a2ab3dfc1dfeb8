#pragma once
// The report of some jobs: one HTML file that needs nothing else.
#include <string>
#include <vector>

#include "cli/report_chart.h"
#include "cli/report_data.h"

namespace wisp::cli {

// Gap (where it is known) or loss by rounds, bytes and seconds, then staleness, where it was measured: every
// job a curve in each.
std::vector<Chart> charts_of(const std::vector<JobCurves>& jobs);

// Legend, charts, and a table of how the jobs ended. Drawn without scripts; one of our own shows the values
// under the pointer. Dark where the reader's screen is, black on white on paper. What comes from files stands
// in it as text, whatever it is.
std::string report_html(const std::vector<JobCurves>& jobs);

}  // namespace wisp::cli
