#pragma once
// An Experiment as a job file again: complete, and every value with where it came from.
#include <string>

#include "config/experiment.h"

namespace wisp::config {

// A valid job file that loads to the same Experiment from any folder: each scalar with `# from file:line` or
// `# default`, no variables, no includes, no shorthands.
std::string to_yaml(const Experiment& experiment);
// Of a file with a sweep, `sweep` with its lists as well; then only what was given, and not what the sweep
// decides: the defaults follow from each job's own values.
// The same values as JSON; numbers are numbers, durations and sizes texts as in YAML.
std::string to_json(const Experiment& experiment);

// One value on one line of YAML: `isega`, `[ 1, 2 ]`, `{ kind: gd, step_size: paper }`.
std::string flow_text(const Node& value);

}  // namespace wisp::config
