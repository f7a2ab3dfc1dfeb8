#pragma once
// The merged tree, held against the table of keys -> Experiment.
#include <set>
#include <string>
#include <string_view>

#include "config/errors.h"
#include "config/experiment.h"
#include "config/variables.h"
#include "config/vocabulary.h"

namespace wisp::config {

// An Experiment with the paths in which a mistake was found: what hangs on these need not be complained of
// again.
struct Draft {
  Experiment experiment;
  std::set<std::string, std::less<>> failed;

  // No mistake at `path`, above or below it.
  bool sound(std::string_view path) const;
  // No mistake at `path` or above it.
  bool sound_above(std::string_view path) const;
};

// Reports unknown keys, values that don't fit and required keys that are missing; fills in the defaults.
// `stem` is the job's name if the tree has none.
Draft build(const Node& root, const std::string& stem, const Vocabulary& vocabulary,
            const Lookup& environment, Mistakes& mistakes);

}  // namespace wisp::config
