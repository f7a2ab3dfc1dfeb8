#include "cli/plan.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/process.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/experiment.h"
#include "cli/method_plan.h"
#include "cli/output.h"
#include "launcher/ssh.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* isolation_of(const NodePlan& node) {
  return node.isolation == runtime::Isolation::kThread ? "thread" : "process";
}

std::vector<std::string> agent_command(const launcher::LauncherSpec& spec, const launcher::HostSpec& host) {
  if (spec.kind == "ssh") return launcher::ssh_command(spec.ssh, host, launcher::bootstrap_command());
  return {self_executable().string(), "agent"};
}

// As it would be typed.
std::string word(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./:=@,+") == std::string::npos;
  return plain ? text : shell_quote(text);
}

std::string words(const std::vector<std::string>& argv) {
  std::vector<std::string> typed;
  for (const std::string& each : argv)
    typed.push_back(each == launcher::bootstrap_command() ? "\"$BOOT\"" : word(each));
  return join(typed, " ");
}

Json to_json(const config::Experiment& experiment, const LaunchPlan& plan) {
  Json nodes = Json::array();
  for (const NodePlan& node : plan.layout.nodes) {
    nodes.push_back({{"name", node.name},
                     {"host", node.host},
                     {"isolation", isolation_of(node)},
                     {"actors", node.actors}});
  }
  Json agents = Json::array();
  for (const auto& [host, argv] : plan.agents) agents.push_back({{"host", host}, {"argv", argv}});
  return {{"launcher", experiment.launcher.kind},
          {"slots_known", !plan.guessed_slots},
          {"nodes", nodes},
          {"agents", agents}};
}

}  // namespace

LaunchPlan plan_launch(const config::Experiment& experiment) {
  const launcher::LauncherSpec& spec = experiment.launcher;
  LaunchPlan plan;
  std::vector<runtime::HostSlots> slots;
  for (const launcher::HostSpec& host : spec.hosts) {
    plan.guessed_slots = plan.guessed_slots || (spec.kind != "local" && host.slots == 0);
    slots.emplace_back(host.name, host.slots == 0 ? kUnlimitedSlots : host.slots);
    plan.agents.emplace_back(host.name, agent_command(spec, host));
  }
  plan.layout = experiment.plain() ? lay_out(experiment.groups, slots) : lay_out(experiment.job, slots);
  return plan;
}

std::string launch_text(const config::Experiment& experiment, const LaunchPlan& plan) {
  std::vector<std::vector<std::string>> rows = {{"NODE", "HOST", "ISOLATION", "ACTORS"}};
  for (const NodePlan& node : plan.layout.nodes) {
    rows.push_back({node.name, node.host, isolation_of(node), join(node.actors, " ")});
  }
  std::string text = table(rows);
  if (plan.guessed_slots) {
    text += fmt::format(
        "A host without slots takes as many {} as it has cores; that is known when it has been reached.\n",
        experiment.plain() ? "actors" : "workers");
  }
  text += "\nEach host has one agent, which starts its nodes (wisp node, parameters on stdin):\n";
  if (experiment.launcher.kind == "ssh")
    text += "BOOT=" + word(std::string(launcher::bootstrap_command())) + "\n";
  for (const auto& [host, argv] : plan.agents) text += fmt::format("{}: {}\n", host, words(argv));
  return text;
}

int plan_command(const GlobalOptions& options, const PlanOptions& plan) {
  Inventory inventory;
  const config::Experiment experiment = load_experiment(options, plan.files, inventory);
  const LaunchPlan launch = plan_launch(experiment);
  std::optional<MethodPlan> method;
  if (!experiment.plain()) method = plan_method(experiment, inventory.catalogs());
  if (options.json) {
    Json json =
        method ? Json::parse(method_json(experiment, *method)) : Json({{"name", experiment.job.name}});
    json["launch"] = to_json(experiment, launch);
    print(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    return kExitDone;
  }
  print((method ? method_text(experiment, *method) + "\n" : "") + launch_text(experiment, launch));
  talk(options, "next: wisp run " + words(plan.files));
  return kExitDone;
}

}  // namespace wisp::cli
