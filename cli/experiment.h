#pragma once
// The way from files on the command line to a typed Experiment.
#include <optional>
#include <string>
#include <vector>

#include "cli/inventory.h"
#include "cli/options.h"
#include "config/experiment.h"
#include "config/sweep.h"
#include "launcher/working_folder.h"
#include "problems/source.h"

namespace wisp::cli {

// The files, later ones over earlier ones, then --set; variables from --var and this process's environment.
// Loads the plugins that they name into `inventory`. Of a sweep, its first job.
// Throws config::ConfigErrors with every mistake.
config::Experiment load_experiment(const GlobalOptions& options, const std::vector<std::string>& files,
                                   Inventory& inventory);

// The same, but every job of a file with a sweep.
config::Sweep load_sweep(const GlobalOptions& options, const std::vector<std::string>& files,
                         Inventory& inventory);

// Only their plugins: for who asks what they bring.
void load_plugins(const GlobalOptions& options, const std::vector<std::string>& files, Inventory& inventory);

// Reads through the job's data once and checks it. Throws Error (kConfig): of the job file where it names a
// file that can't be read or more workers than there are rows, else of the data file.
problems::Source prepare_data(const config::Experiment& experiment, const actors::Catalogs& catalogs);

// The same for the rows that are held back; nothing if there are none. `source`: the training rows'.
std::optional<problems::Source> prepare_test(const config::Experiment& experiment,
                                             const actors::Catalogs& catalogs,
                                             const problems::Source& source);

// The optimum that the job's gap is taken from, given or solved for here; none if the job does without.
std::optional<double> find_optimum(const config::Experiment& experiment, const actors::Catalogs& catalogs,
                                   const problems::Source& source);

// What deploy.files names, read. Throws ConfigErrors there for what can't be.
std::vector<launcher::FileToPlace> files_to_deploy(const config::Experiment& experiment);

}  // namespace wisp::cli
