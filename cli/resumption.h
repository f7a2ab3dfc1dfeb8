#pragma once
// Going on from a checkpoint of an earlier run of the job: where it is, and whether it suits.
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "actors/catalogs.h"
#include "actors/checkpoint.h"
#include "config/experiment.h"

namespace wisp::cli {

// What a run that goes on must have in common with the one that wrote a checkpoint: problem, method, seed and
// their like by key, and the number of workers. Where the data lie is not among it.
std::map<std::string, std::string> traits_of(const config::Experiment& experiment);
inline constexpr const char* kDataTrait = "problem.data";  // SHA-256 of the data file, which is known later

// A checkpoint, and the folder of the job that wrote it.
struct Resumption {
  actors::Checkpoint checkpoint;
  std::filesystem::path job_folder;
  bool other_workers = false;  // so many that only the master's part is of use
};

// The newest one that is whole, of what checkpoint.resume says: of the job folder at that path; or, with
// `auto`, of the last job of this name below `state_dir` that has one and is not `except`, or nothing if
// there is none. `asked`: by --resume, as auto, but there has to be one. Tells `warn` of damaged ones, and of
// later jobs that have none. Throws ConfigErrors that name every key that differs in what it must not, or
// Error (kConfig) if there is nothing to go on from where there has to be, or if that job, or a later one of
// this name, is running.
std::optional<Resumption> find_resumption(const config::Experiment& experiment,
                                          const actors::Catalogs& catalogs,
                                          const std::filesystem::path& state_dir,
                                          const std::filesystem::path& except, bool asked,
                                          const std::function<void(const std::string&)>& warn);

// The same of the data, once its hash is known. Throws ConfigErrors.
void check_data(const config::Experiment& experiment, const Resumption& resumption,
                const std::string& data_sha256);

}  // namespace wisp::cli
