#pragma once
// `sweep:` of a job file: lists of values by key, whose product is many jobs.
#include <cstddef>
#include <string>
#include <vector>

#include "config/errors.h"
#include "config/experiment.h"
#include "config/load.h"
#include "config/tree.h"

namespace wisp::config {

// No more jobs than that of one file.
inline constexpr std::size_t kPointsMax = 1000;

// One job of a sweep.
struct SweepPoint {
  std::vector<std::string> values;  // by axis, as flow_text() writes them
  Experiment experiment;            // as of a file that says these values itself; its `sweep` is empty
};

struct Sweep {
  std::vector<SweepAxis> axes;     // none: the file has no sweep
  std::vector<SweepPoint> points;  // in the order of the file, the last axis changing fastest; never empty

  // The value of the axis `key` at this point; empty if there is no such axis.
  std::string value(const SweepPoint& point, const std::string& key) const;
};

// As load(), but every job of the file: one, without values, where it has no sweep. A value is put into the
// merged file as --set would put it. A mistake that several points share is reported once, at the file's own
// line: of the base, of the sweep's key, or of its value.
Sweep load_sweep(const Request& request);

// Takes `sweep` out of the merged tree. Reports what is no list of values by key, keys that can't be swept
// (those that are read before all others), values that stand twice, and more than kPointsMax points.
std::vector<SweepAxis> take_axes(Node& root, Mistakes& mistakes);

// Every combination of their values, the last axis changing fastest; one empty one without axes.
std::vector<std::vector<Node>> products(const std::vector<SweepAxis>& axes);

// Puts absolute paths into the axes, as its points have them.
void make_paths_absolute(Sweep& sweep);

// "seed=1 method.sparsifier.density=0.1"; empty without axes.
std::string settings_text(const Sweep& sweep, const SweepPoint& point);

}  // namespace wisp::config
