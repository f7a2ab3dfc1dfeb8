#pragma once
// An Experiment as a job file again: complete, and every value with where it came from.
#include <string>

#include "config/experiment.h"

namespace wisp::config {

// A valid job file that loads to the same Experiment from any folder: each scalar with `# from file:line` or
// `# default`, no variables, no includes, no shorthands.
std::string to_yaml(const Experiment& experiment);
// The same values as JSON; numbers are numbers, durations and sizes texts as in YAML.
std::string to_json(const Experiment& experiment);

}  // namespace wisp::config
