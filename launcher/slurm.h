#pragma once
// Slurm: the allocation that this process is in, a way to its nodes, and jobs that are submitted.
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "launcher/spec.h"

namespace wisp::launcher {

// The value of an environment variable.
using Variable = std::function<std::optional<std::string>(const std::string& name)>;

// What SLURM_JOB_ID and its like say, and scontrol makes of them; none outside of an allocation. Throws Error
// (kConfig) that says what is missing.
std::optional<Allocation> find_allocation(const Variable& variable);
// "4(x2),2": how many of a node, by node. Nothing if it can't be read.
std::optional<std::vector<std::uint32_t>> parse_counts(std::string_view text);

// argv of a step that runs a shell on one node of the allocation, beside other steps. Its stdin and stdout
// carry any bytes, without delay (docs/decisions/0018).
std::vector<std::string> srun_command(const HostSpec& host);

// What is submitted if the job file names no template. {run} stands for the command that runs the job.
std::string_view default_script();
// The script with `run`, quoted for its shell, in every place of {run}. Throws Error (kConfig) if it has
// none.
std::string fill_script(std::string_view script, const std::vector<std::string>& run);

// argv that submits `script` under the name `job`; what the script writes goes to the files `out` and `err`.
// `hosts`: those of the job file, by which the nodes are asked for.
std::vector<std::string> sbatch_command(const SlurmSpec& slurm, const std::vector<HostSpec>& hosts,
                                        const std::string& job, const std::filesystem::path& script,
                                        const std::filesystem::path& out, const std::filesystem::path& err);

// What Slurm refused.
class SubmitError : public Error {
 public:
  using Error::Error;
};
// Runs it; the job's id. Throws StartError, or SubmitError with its words.
std::string submit(const std::vector<std::string>& sbatch);

// Where a submitted job stands.
struct BatchState {
  std::string state;   // PENDING | RUNNING | COMPLETED | FAILED | CANCELLED | ...
  std::string reason;  // why it waits: "Resources"
  int status = 0;      // the script's exit status
  int signal = 0;      // what ended the script
  bool pending() const;
  bool ended() const;
};
std::optional<BatchState> parse_batch_state(std::string_view scontrol);
// Asks the controller; nothing if it does not know the job, or not any more: it forgets what ended minutes
// ago. Throws Error if it does not answer, at the latest after `limit`.
std::optional<BatchState> ask_batch_state(const std::string& id, std::chrono::milliseconds limit);

// Ends it. `gently`: only its script gets TERM, and what it has started is the script's to end.
void cancel(const std::string& id, bool gently);

}  // namespace wisp::launcher
