#include "cli/show_config.h"

#include "base/text.h"
#include "cli/exit.h"
#include "cli/experiment.h"
#include "cli/output.h"
#include "cli/sweep_table.h"
#include "config/resolve.h"
#include "config/schema.h"

namespace wisp::cli {
namespace {

// Empty for a single job.
std::string points_comment(const config::Sweep& sweep) {
  if (sweep.axes.empty()) return "";
  std::string text = "# its " + std::to_string(sweep.points.size()) + " jobs:\n";
  for (std::string& line : split(points_text(sweep), '\n')) {
    if (!line.empty()) text += "# " + line + "\n";
  }
  return text;
}

}  // namespace

int config_command(const GlobalOptions& options, const ConfigOptions& config) {
  Inventory inventory;
  if (config.schema) {
    if (!config.files.empty()) load_plugins(options, config.files, inventory);
    print(config::to_json_schema(inventory.vocabulary()) + "\n");
    return kExitDone;
  }
  config::Sweep sweep = load_sweep(options, config.files, inventory);
  config::Experiment& experiment = sweep.points.front().experiment;
  experiment.sweep = sweep.axes;
  const bool as_json = options.json || config.format == "json";
  print(as_json ? config::to_json(experiment) + "\n" : config::to_yaml(experiment) + points_comment(sweep));
  return kExitDone;
}

}  // namespace wisp::cli
