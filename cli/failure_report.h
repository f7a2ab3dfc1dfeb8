#pragma once
// The block that is printed last when a run fails: who failed first, why, and where to look.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "launcher/job_folder.h"

namespace wisp::cli {

// The first actor or host that failed.
struct RootCause {
  std::string actor;  // empty: no actor is to blame
  std::string host;
  std::uint32_t attempt = 1;
  std::string cause;
  Fault fault = Fault::kFailed;
};

// Several lines; `round` is the last one known of the run. The actor's last log lines are read from the
// folder.
std::string failure_report(const RootCause& root, std::uint64_t round, const std::string& job,
                           const launcher::JobFolder& folder);

}  // namespace wisp::cli
