#pragma once
// A job file, read: the specs of all rooms, and where each value came from.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/spec.h"
#include "config/errors.h"
#include "config/source.h"
#include "config/tree.h"
#include "launcher/spec.h"
#include "runtime/spec.h"

namespace wisp::config {

enum class KeyType;

// One value of the resolved file, whether given or a default.
struct Resolved {
  std::vector<std::string> path;  // e.g. hosts, node1, slots
  KeyType key_type;               // of its row in the table of keys
  Node value;                     // paths are absolute, variables replaced, host patterns expanded
  bool is_default = false;
};

// One key of `sweep`, and what it takes one after another.
struct SweepAxis {
  std::string key;  // a path, as --set takes it
  Place place;
  std::vector<Node> values;  // scalars, or sections that lie over what the file says
};

struct Experiment {
  actors::JobSpec job;
  // With launcher local: one host named "local". With slurm: the nodes of the allocation, or names that stand
  // for those to come.
  launcher::LauncherSpec launcher;
  runtime::NetworkSpec network;
  std::vector<std::string> plugins;       // absolute paths of shared libraries
  std::vector<actors::GroupSpec> groups;  // of a job of plain actors, which has no use for `job` but its name
                                          // and what happens on failure
  std::vector<actors::ChaosSpec> chaos;   // in the order of the file
  std::map<std::string, Place, std::less<>> places;  // of what was given: "actors.worker.placement.kind"
  std::vector<Resolved> resolved;                    // in the order of the table of keys
  std::vector<SweepAxis> sweep;  // of a file for many jobs, of which this is the first; empty: the only one

  // A job of plain actors: neither problem nor method, but actors of one's own.
  bool plain() const { return !groups.empty(); }
  // Where `path` was given; else where the nearest section around it was; else the job file as a whole.
  Place where(std::string_view path) const;
  bool given(std::string_view path) const { return places.find(path) != places.end(); }
  // Which key makes of the job one run without restarts and checkpoints, which are off unless given: record,
  // replay or simulation; empty: none.
  std::string_view single_run_key() const;
  // For what only turns out later (a data file that isn't there): an error as load() would have reported it.
  ConfigErrors error(std::string_view path, std::string message, std::string hint = "") const;
};

}  // namespace wisp::config
