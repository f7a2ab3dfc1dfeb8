#include "config/load.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "config/build.h"
#include "config/convert.h"
#include "config/errors.h"
#include "config/files.h"
#include "config/keys.h"
#include "config/overrides.h"
#include "config/resolve.h"
#include "config/rules.h"
#include "config/sweep.h"

namespace wisp::config {
namespace {

// --var before the environment.
Lookup outer_lookup(const Request& request, Mistakes& mistakes) {
  auto values = std::make_shared<std::map<std::string, std::string>>();
  for (const std::string& option : request.vars) {
    const std::size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    if (equals == std::string::npos || !is_variable_name(name)) {
      const auto source = std::make_shared<Source>(Source::Kind::kOption, "--var", "", option, 0);
      mistakes.add({source, 1, 1, option.size()}, "no assignment to a variable", "write --var NAME=value");
    } else {
      (*values)[name] = option.substr(equals + 1);
    }
  }
  return [values, environment = request.environment](const std::string& name) -> std::optional<std::string> {
    if (const auto found = values->find(name); found != values->end()) return found->second;
    return environment ? environment(name) : std::nullopt;
  };
}

// Text that nobody gives a meaning to may hold any '$'.
void substitute_known(Node& root, const Lookup& lookup, Mistakes& mistakes) {
  for (Member& member : root.members) {
    const bool skipped = member.key == "vars" || member.key.starts_with("x-");
    if (!skipped) substitute(member.value, lookup, mistakes);
  }
}

// Read and merged, variables replaced.
Node read_root(const Request& request, Mistakes& mistakes) {
  const Lookup outer = outer_lookup(request, mistakes);
  std::optional<Node> root = read_files(request, outer, mistakes);
  if (!root) mistakes.throw_if_any();
  if (!root) throw Error("no job file was given", Fault::kUsage);
  substitute_known(*root, with_vars(*root, outer, mistakes), mistakes);
  return std::move(*root);
}

// Comes before all else: what plugins bring decides what else is right.
Vocabulary with_plugins(const Node& root, const Request& request) {
  Vocabulary vocabulary = request.vocabulary;
  const Node* plugins = root.find("plugins");
  if (plugins == nullptr || plugins->is_null()) return vocabulary;
  Node paths = *plugins;
  Value value;
  if (convert(*find_key("plugins"), "plugins", paths, vocabulary, request.environment, value)) {
    return vocabulary;  // build() says why
  }
  Mistakes mistakes;
  for (const Node& path : paths.items) {
    try {
      if (!request.load_plugin) throw Error("plugins can't be loaded here");
      vocabulary = request.load_plugin(path.text);
    } catch (const Error& error) {  // the place is known here, the reason there
      mistakes.add(path.place, error.what());
    }
  }
  mistakes.throw_if_any();
  return vocabulary;
}

// Of hosts that are nodes of the allocation, where the file does not say how many.
void take_slots(launcher::LauncherSpec& spec) {
  if (!spec.slurm.allocation) return;
  for (launcher::HostSpec& host : spec.hosts) {
    for (const launcher::HostSpec& node : spec.slurm.allocation->hosts) {
      if (node.name == host.name && host.slots == 0) host.slots = node.slots;
    }
  }
}

// Hosts are the nodes of the allocation, where the file does not name some of them; where there is none yet,
// as many without a known name.
void take_nodes(Draft& draft, const Request& request, Mistakes& mistakes) {
  launcher::LauncherSpec& spec = draft.experiment.launcher;
  if (spec.kind != "slurm" || !draft.sound("launcher")) return;
  try {
    if (request.find_allocation) spec.slurm.allocation = request.find_allocation();
  } catch (const Error& error) {  // the place is known here, the reason there
    draft.failed.emplace("launcher");
    return mistakes.add(draft.experiment.where("launcher"), error.what());
  }
  if (!spec.hosts.empty()) return take_slots(spec);
  if (spec.slurm.allocation) {
    spec.hosts = spec.slurm.allocation->hosts;
  } else {
    spec.hosts.resize(std::max(spec.slurm.nodes, 1u));
    for (std::size_t i = 0; i < spec.hosts.size(); ++i) spec.hosts[i].name = "slurm-" + std::to_string(i + 1);
  }
  std::sort(spec.hosts.begin(), spec.hosts.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

Experiment build_checked(const Node& root, const std::string& stem, const Vocabulary& vocabulary,
                         const Request& request, Mistakes& mistakes) {
  Draft draft = build(root, stem, vocabulary, request.environment, mistakes);
  take_nodes(draft, request, mistakes);
  check_rules(draft, vocabulary, mistakes);
  return std::move(draft.experiment);
}

// One file for the order of the updates of each job.
void check_records(const Sweep& sweep, Mistakes& mistakes) {
  std::set<std::string> files;
  for (const SweepPoint& point : sweep.points) {
    const std::string& file = point.experiment.job.record;
    if (file.empty() || files.insert(file).second) continue;
    return mistakes.add(point.experiment.where("record"),
                        "several jobs of the sweep would write the record " + file + ", and the last be left",
                        "leave it out, or run each job by itself");
  }
}

// Which of the jobs would be the last one is a matter of chance.
void check_resume(const Sweep& sweep, Mistakes& mistakes) {
  if (sweep.axes.empty()) return;
  for (const SweepPoint& point : sweep.points) {
    if (point.experiment.job.checkpoint.resume != "auto") continue;
    return mistakes.add(
        point.experiment.where("checkpoint.resume"),
        "the jobs of a sweep have one name: auto would take the last checkpoint of any of them",
        "leave it out: a sweep that is run again goes on with the jobs that have not ended");
  }
}

}  // namespace

Vocabulary load_plugins(const Request& request) {
  Mistakes mistakes;
  return with_plugins(read_root(request, mistakes), request);
}

Sweep load_sweep(const Request& request) {
  Mistakes mistakes;
  Node root = read_root(request, mistakes);
  const Vocabulary vocabulary = with_plugins(root, request);
  Sweep sweep;
  const std::size_t before = mistakes.size();
  sweep.axes = take_axes(root, mistakes);
  if (mistakes.size() > before) mistakes.throw_if_any();  // the jobs of half a sweep lack what it gives
  const std::string stem =
      request.files.empty() ? "" : std::filesystem::path(request.files.front()).stem().string();
  for (const std::vector<Node>& values : products(sweep.axes)) {
    Mistakes found;
    Node own = root;
    SweepPoint point;
    for (std::size_t i = 0; i < values.size(); ++i) {
      point.values.push_back(flow_text(values[i]));
      assign_at(own, sweep.axes[i].key, sweep.axes[i].place, values[i], found);
    }
    point.experiment = build_checked(own, stem, vocabulary, request, found);
    sweep.points.push_back(std::move(point));
    mistakes.add_new(found);
  }
  mistakes.throw_if_any();
  check_records(sweep, mistakes);
  check_resume(sweep, mistakes);
  mistakes.throw_if_any();
  make_paths_absolute(sweep);
  return sweep;
}

Experiment load(const Request& request) {
  Sweep sweep = load_sweep(request);
  Experiment experiment = std::move(sweep.points.front().experiment);
  experiment.sweep = std::move(sweep.axes);
  return experiment;
}

}  // namespace wisp::config
