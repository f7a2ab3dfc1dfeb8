#pragma once
// What a command line asks for: the options that every command takes, and those of each command.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wisp::cli {

// Taken everywhere, before or after the command.
struct GlobalOptions {
  std::string job;  // -j: a name, an id, or the job file; empty: the only running job, else the latest
  std::vector<std::string> sets;  // --set a.b=V, and --workers N as actors.worker.replicas=N
  std::vector<std::string> vars;  // --var K=V
  bool json = false;
  bool quiet = false;          // no talk on stderr but warnings and errors
  std::string color = "auto";  // auto | always | never
  std::string state_dir;       // empty: launcher::default_state_dir()
};

struct RunOptions {
  std::vector<std::string> files;
  bool detach = false;
  bool resume = false;       // go on from the last checkpoint of the last job of this name
  bool require_gap = false;  // finished without the gap is exit status 1
  bool submitted = false;    // FILE lies in the folder that was made for this job when it was submitted
};

struct ConfigOptions {
  std::vector<std::string> files;
  std::string format = "yaml";  // yaml | json
  bool schema = false;          // the JSON Schema instead; the files only say which plugins
};

struct PlanOptions {
  std::vector<std::string> files;
};

struct SimulateOptions {
  std::vector<std::string> files;
  std::uint64_t seeds = 1;
  std::uint64_t seed = 1;  // the first
  bool trace = false;
};

struct PsOptions {
  bool all = false;    // a table of all jobs
  bool watch = false;  // again and again, until the job ends
};

struct StatusOptions {
  bool watch = false;
};

struct LogsOptions {
  std::vector<std::string> actors = {};  // names or shell patterns; empty: all
  bool follow = false;
  std::optional<std::size_t> last = {};
  bool prefix = true;
  // Times as they were typed: "10m" ago, or a moment in UTC.
  std::string since = {};
  std::string until = {};
  std::string level = "debug";  // and above
  std::string grep = {};        // an extended regular expression
  std::string host = {};        // a name or a shell pattern
  bool previous = false;
  std::optional<std::uint32_t> attempt = {};
};

struct InspectOptions {
  std::string actor;
};

struct KillOptions {
  std::vector<std::string> actors;
};

struct DownOptions {
  bool force = false;
  std::optional<std::chrono::milliseconds> timeout = {};
};

struct ReportOptions {
  std::vector<std::string> jobs;  // job folders, sweeps, or jobs as -j takes them; empty: that of -j
  std::string output;
  std::string trace;  // empty: none
};

struct PruneOptions {
  bool all = false;  // job folders of every job that has ended, not only of those long ago
  bool dry_run = false;
};

struct DoctorOptions {
  std::vector<std::string> files;  // none: this machine alone
};

struct WaitOptions {
  std::optional<std::chrono::milliseconds> timeout = {};
};

struct ListOptions {
  std::string what;                       // methods | problems | sparsifiers | actors | keys
  std::vector<std::string> files = {};    // job files whose plugins are asked too
  std::vector<std::string> plugins = {};  // the same without a job file
  bool markdown = false;                  // a table for a page of docs
};

struct CompletionOptions {
  std::string shell;  // bash | zsh | fish
};

struct CompleteOptions {
  std::vector<std::string> words;  // what was typed behind "wisp"; the last one is completed
};

// --state-dir, or the default. Throws Error.
std::filesystem::path state_dir(const GlobalOptions& options);

// Whether what is written to `fd` is coloured: as --color says; auto: on a terminal, unless NO_COLOR is set.
bool use_color(const GlobalOptions& options, int fd);

}  // namespace wisp::cli
