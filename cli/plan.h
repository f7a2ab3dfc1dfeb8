#pragma once
// `wisp plan`: what a job file would start, without starting anything.
#include <string>
#include <utility>
#include <vector>

#include "cli/layout.h"
#include "cli/options.h"
#include "config/experiment.h"
#include "launcher/working_folder.h"

namespace wisp::cli {

// Where things would run, as far as that is known before a host has been reached.
struct LaunchPlan {
  JobLayout layout;
  std::vector<std::pair<std::string, std::vector<std::string>>> agents;  // host, argv that starts its agent
  std::vector<launcher::FileToPlace> files;  // for the working folder of each host
  bool guessed_slots = false;                // some host's slots are its cores, and those are not known yet
  bool by_input = false;  // what leads to a host reads the remote command, and does not take it as a word
  std::vector<std::string> submit;  // argv; empty: the job is started from here
  std::string script;               // that is submitted
};

// `dim` is that of the model, 0 if it is not known. Throws ConfigErrors for files that can't be read.
LaunchPlan plan_launch(const config::Experiment& experiment, std::uint32_t dim = 0);
// The same with what would be submitted, where the job is one for Slurm. Throws ConfigErrors.
LaunchPlan plan_launch(const config::Experiment& experiment, const GlobalOptions& options,
                       const PlanOptions& plan, std::uint32_t dim = 0);

// A table of nodes, then a line a host with what starts its agent, as it would be typed; $BOOT stands for the
// remote command, which is the same for all. Before that, what would be submitted.
std::string launch_text(const config::Experiment& experiment, const LaunchPlan& plan);

// Prints the method's numbers (cli/method_plan.h) and the launch plan.
int plan_command(const GlobalOptions& options, const PlanOptions& plan);

}  // namespace wisp::cli
