#pragma once
// What a job was run with: its resolved job file, read back.
#include <filesystem>
#include <string>

#include "config/tree.h"

namespace wisp::cli {

// The tree of job.yaml in a job's folder; an empty node if it is not there or is no YAML.
config::Node settings_of(const std::filesystem::path& folder);

// The scalar at a path such as "method.kind"; empty if there is none.
std::string setting_at(const config::Node& settings, const std::string& path);

}  // namespace wisp::cli
