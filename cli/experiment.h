#pragma once
// The way from files on the command line to a typed Experiment.
#include <string>
#include <vector>

#include "cli/options.h"
#include "config/experiment.h"
#include "config/vocabulary.h"
#include "problems/source.h"

namespace wisp::cli {

// The names that the rooms below have, and what their theory forbids.
config::Vocabulary vocabulary();

// The files, later ones over earlier ones, then --set; variables from --var and this process's environment.
// Throws config::ConfigErrors with every mistake.
config::Experiment load_experiment(const GlobalOptions& options, const std::vector<std::string>& files);

// Reads through the job's data once and checks it. Throws Error (kConfig): of the job file where it names a
// file that can't be read or more workers than there are rows, else of the data file.
problems::Source prepare_data(const config::Experiment& experiment);

}  // namespace wisp::cli
