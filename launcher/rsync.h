#pragma once
// Files to a host by rsync, over the ssh that leads there: of what has changed only the differences travel.
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "launcher/spec.h"

namespace wisp::launcher {

// Where a program of that name lies in PATH; empty if nowhere.
std::filesystem::path find_program(const std::string& name);

// argv of the rsync that makes `sources`, files and folders, appear in the folder `target` of the host; of
// the folders above it all but the last are there. Files of others are not readable to others. Expects a
// checked spec.
std::vector<std::string> rsync_command(const LauncherSpec& spec, const HostSpec& host,
                                       const std::vector<std::string>& sources, const std::string& target);

// Runs it to its end, calling `check` several times a second, which may throw. Throws Error (kHost) with
// rsync's own words.
void run_rsync(const std::string& host, const std::vector<std::string>& command,
               const std::function<void()>& check);

}  // namespace wisp::launcher
