#pragma once
// A job that was submitted to Slurm, as other commands see it.
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/options.h"

namespace wisp::cli {

// The file in a job's folder that holds its number in Slurm.
inline constexpr const char* kIdFile = "slurm_job_id";

// Whether such a job may still begin.
class Submission {
 public:
  explicit Submission(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Asks Slurm now and then. Throws Error if it does not answer.
  bool may_begin();
  // Its number in Slurm, if it has one.
  std::optional<std::string> id() const;

 private:
  const std::filesystem::path folder_;
  std::chrono::steady_clock::time_point ask_at_{};
  bool ended_ = false;
};

// What others read of a submitted job that will not begin. Throws Error.
void mark(const std::filesystem::path& folder, const std::string& status);

// `wisp down` of a submitted job that waits, or that is driven from another machine: by scancel, of its
// script alone if it has begun, of all with --force, and waits for its end. The exit status; nothing if it is
// no such job.
std::optional<int> down_in_slurm(const GlobalOptions& options, const DownOptions& down);

}  // namespace wisp::cli
