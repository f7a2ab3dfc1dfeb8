#pragma once
// The way from files on the command line to a typed Experiment.
#include <string>
#include <vector>

#include "cli/options.h"
#include "config/experiment.h"
#include "config/vocabulary.h"

namespace wisp::cli {

// The names that the rooms below have, and what their theory forbids.
config::Vocabulary vocabulary();

// The files, later ones over earlier ones, then --set; variables from --var and this process's environment.
// Throws config::ConfigErrors with every mistake.
config::Experiment load_experiment(const GlobalOptions& options, const std::vector<std::string>& files);

}  // namespace wisp::cli
