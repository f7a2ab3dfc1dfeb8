#pragma once
// What a sweep came to: a row for each combination of its values, seeds taken together.
#include <optional>
#include <string>
#include <vector>

#include "cli/sweep.h"
#include "config/sweep.h"

namespace wisp::cli {

// `ended` is by point; nothing for one that has not ended. A figure of several seeds is their median, with
// the least and the largest in brackets.
std::string sweep_table(const config::Sweep& sweep, const std::vector<std::optional<EndedPoint>>& ended);

// {"sweep", "folder", "points": [{"settings", "folder", "result"}], "table": [...]} on one line; figures of
// the table are {"median", "min", "max"}; points that have not ended are left out.
std::string sweep_json(const std::string& name, const std::string& folder, const config::Sweep& sweep,
                       const std::vector<std::optional<EndedPoint>>& ended);

// "   1  seed=1 ...": the jobs that a file makes, for `wisp plan` and `wisp config`.
std::string points_text(const config::Sweep& sweep);

}  // namespace wisp::cli
