#include "cli/show_config.h"

#include "cli/exit.h"
#include "cli/experiment.h"
#include "cli/output.h"
#include "config/resolve.h"
#include "config/schema.h"

namespace wisp::cli {

int config_command(const GlobalOptions& options, const ConfigOptions& config) {
  Inventory inventory;
  if (config.schema) {
    if (!config.files.empty()) load_plugins(options, config.files, inventory);
    print(config::to_json_schema(inventory.vocabulary()) + "\n");
    return kExitDone;
  }
  const config::Experiment experiment = load_experiment(options, config.files, inventory);
  const bool as_json = options.json || config.format == "json";
  print(as_json ? config::to_json(experiment) + "\n" : config::to_yaml(experiment));
  return kExitDone;
}

}  // namespace wisp::cli
