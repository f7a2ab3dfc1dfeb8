#pragma once
// Which program this is, and what it was built from.
#include <string>
#include <utility>
#include <vector>

#include "cli/options.h"

namespace wisp::cli {

extern const char* const kVersion;   // of the project
extern const char* const kCommit;    // of the work tree, "-dirty" behind it where files differ; or "unknown"
extern const char* const kCompiler;  // with its version
extern const char* const kFlags;     // by which everything was compiled

// Name and version of the libraries that carry the wire and the job file.
std::vector<std::pair<std::string, std::string>> library_versions();

// `wisp version [--json]`.
int version_command(const GlobalOptions& options);

}  // namespace wisp::cli
