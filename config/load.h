#pragma once
// A job file and the command line's changes to it -> a typed Experiment, or every mistake at once.
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "config/variables.h"
#include "config/vocabulary.h"

namespace wisp::config {

// What to read. Values win in this order: includes < a file < later files < sets; and for variables
// vars < environment < the file's `vars:`, the first that has it.
struct Request {
  std::vector<std::string> files;  // as the user wrote them; later ones merge over earlier ones
  std::vector<std::string>
      sets;  // "a.b[0].c=V", V as YAML; an empty V deletes; "hosts.\"node3.lab\".slots=4"
  std::vector<std::string> vars;  // "K=V"
  Lookup environment;             // null: no environment
  Vocabulary vocabulary;
  // Loads a plugin that the files name (an absolute path) and returns the vocabulary with its names. Throws
  // Error, whose text is reported at the place that named it. Null: plugins are mistakes.
  std::function<Vocabulary(const std::string& path)> load_plugin = nullptr;
  // What Slurm has given to this process, asked for if the launcher is slurm. Throws Error, whose text is
  // reported at the place of the launcher. Null: nothing.
  std::function<std::optional<launcher::Allocation>()> find_allocation = nullptr;
  std::filesystem::path
      folder;  // relative files and relative paths of `sets` start here; empty: the current one
};

// Throws ConfigErrors (Fault::kConfig). Of a file with a sweep (sweep.h), the first job. Opens no file but
// the job files: whether data and hosts exist is found out by who needs them.
Experiment load(const Request& request);

// The vocabulary with the names of the plugins that the files name, whatever else is wrong with them. Throws
// ConfigErrors.
Vocabulary load_plugins(const Request& request);

}  // namespace wisp::config
