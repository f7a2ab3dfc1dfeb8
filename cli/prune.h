#pragma once
// `wisp prune`: removes what jobs that have ended left on this machine.
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.h"

namespace wisp::cli {

// Ends no process. Prints what it removes, a line a folder, and says by which rule, and which agents it saw
// that have lost their driver. Exit status 1 if something could not be removed.
int prune_command(const GlobalOptions& options, const PruneOptions& prune);

// A job folder is old this long after its job's end.
inline constexpr std::chrono::hours kJobFolderAge{30 * 24};

struct Leftover {
  std::string kind;  // "sockets" | "job folder"
  std::string job;   // <job>-<id>, or only the id where no job folder says more
  std::string why;
  std::filesystem::path path;
};

// What there is to remove at `now`: of the folders for sockets (`runtime_base` as for RuntimeFolder) those in
// which nobody listens, and which belong to no running job; of the job folders those whose job ended
// kJobFolderAge ago, with `all` every one whose job has ended.
std::vector<Leftover> find_leftovers(const std::filesystem::path& state_dir,
                                     const std::filesystem::path& runtime_base, bool all,
                                     std::chrono::system_clock::time_point now);

}  // namespace wisp::cli
