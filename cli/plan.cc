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
#include "cli/submit.h"
#include "cli/sweep_table.h"
#include "cli/waiting.h"
#include "launcher/ssh.h"
#include "launcher/way.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* isolation_of(const NodePlan& node) {
  return node.isolation == runtime::Isolation::kThread ? "thread" : "process";
}

// "cpus 2, memory 2GiB, nice 5, OMP_NUM_THREADS=1": what differs from the defaults.
std::string takes(const NodePlan& node) {
  std::vector<std::string> parts;
  if (node.cpus > node.actors.size()) parts.push_back(fmt::format("cpus {}", node.cpus));
  if (node.memory > 0) parts.push_back("memory " + format_size(node.memory));
  if (node.nice != 0) parts.push_back(fmt::format("nice {}", node.nice));
  for (const auto& [name, value] : node.env) parts.push_back(name + "=" + escape_text(value, 40));
  return join(parts, ", ");
}

std::string files_text(const std::vector<launcher::FileToPlace>& files) {
  constexpr std::size_t kNamesMax = 5;
  std::vector<std::string> names;
  std::uint64_t bytes = 0;
  for (const launcher::FileToPlace& each : files) {
    bytes += each.size;
    if (names.size() < kNamesMax) names.push_back(escape_text(each.name, 80));
  }
  const std::size_t more = files.size() - names.size();
  return fmt::format("\nEach host's working folder has {}{} ({} bytes)\n", join(names, ", "),
                     more == 0 ? "" : fmt::format(" and {} more", more), bytes);
}

std::vector<std::string> agent_command(const launcher::LauncherSpec& spec, const launcher::HostSpec& host) {
  if (spec.kind == "local") return {self_executable().string(), "agent"};
  return launcher::way_to(spec, host, launcher::bootstrap_command()).argv;
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
                     {"actors", node.actors},
                     {"cpus", node.cpus},
                     {"nice", node.nice},
                     {"env", node.env}});
    if (node.memory > 0) nodes.back()["memory"] = node.memory;
  }
  Json files = Json::array();
  for (const launcher::FileToPlace& each : plan.files)
    files.push_back({{"name", each.name}, {"size", each.size}, {"sha256", each.sha256}});
  Json agents = Json::array();
  for (const auto& [host, argv] : plan.agents) agents.push_back({{"host", host}, {"argv", argv}});
  Json json = {{"launcher", experiment.launcher.kind},
               {"slots_known", !plan.guessed_slots},
               {"nodes", nodes},
               {"files", files},
               {"agents", agents}};
  if (!plan.submit.empty()) json.update({{"submit", plan.submit}, {"script", plan.script}});
  return json;
}

std::string submit_text(const config::Experiment& experiment, const LaunchPlan& plan) {
  if (plan.submit.empty()) return "";
  std::string text =
      "To Slurm, <id> made up anew:\n" + words(plan.submit) + "\n\nThe script:\n" + plan.script;
  if (!plan.script.ends_with('\n')) text += "\n";
  if (!experiment.given("hosts"))
    text += "\nIn the allocation, whose nodes are called slurm-1, slurm-2, ... here:\n";
  return text + "\n";
}

Json points_json(const config::Sweep& sweep) {
  Json points = Json::array();
  for (const config::SweepPoint& point : sweep.points) {
    Json& settings = points.emplace_back(Json::object());
    for (std::size_t i = 0; i < sweep.axes.size(); ++i) settings[sweep.axes[i].key] = point.values[i];
  }
  return points;
}

}  // namespace

LaunchPlan plan_launch(const config::Experiment& experiment, std::uint32_t dim) {
  const launcher::LauncherSpec& spec = experiment.launcher;
  LaunchPlan plan;
  plan.by_input = spec.kind == "slurm" || spec.kind == "command";
  std::vector<runtime::HostSlots> slots;
  for (const launcher::HostSpec& host : spec.hosts) {
    plan.guessed_slots = plan.guessed_slots || (spec.kind != "local" && host.slots == 0);
    slots.emplace_back(host.name, host.slots == 0 ? kUnlimitedSlots : host.slots, host.labels);
    plan.agents.emplace_back(host.name, agent_command(spec, host));
  }
  plan.files = files_to_deploy(experiment);
  plan.layout = experiment.plain() ? lay_out(experiment.groups, slots) : lay_out(experiment.job, slots, dim);
  return plan;
}

LaunchPlan plan_launch(const config::Experiment& experiment, const GlobalOptions& options,
                       const PlanOptions& files, std::uint32_t dim) {
  LaunchPlan plan = plan_launch(experiment, dim);
  if (experiment.launcher.kind != "slurm" || experiment.launcher.slurm.allocation) return plan;
  const auto folder =
      std::filesystem::absolute(state_dir(options)) / "jobs" / (experiment.job.name + "-<id>");
  RunOptions run;
  run.files = files.files;
  plan.submit = submit_command(experiment, folder);
  plan.script = script_text(experiment, folder, {}, run);
  return plan;
}

std::string launch_text(const config::Experiment& experiment, const LaunchPlan& plan) {
  std::vector<std::vector<std::string>> rows = {{"NODE", "HOST", "ISOLATION", "ACTORS", "TAKES"}};
  bool any_takes = false;
  for (const NodePlan& node : plan.layout.nodes) {
    rows.push_back({node.name, node.host, isolation_of(node), join(node.actors, " "), takes(node)});
    any_takes = any_takes || !rows.back().back().empty();
  }
  if (!any_takes) {
    for (auto& row : rows) row.pop_back();
  }
  std::string text = submit_text(experiment, plan) + table(rows);
  if (plan.guessed_slots) {
    text += fmt::format(
        "A host without slots takes as many {} as it has cores; that is known when it has been reached.\n",
        experiment.plain() ? "actors" : "workers");
  }
  if (!plan.files.empty()) text += files_text(plan.files);
  text += "\nEach host has one agent, which starts its nodes (wisp node, parameters on stdin):\n";
  if (plan.by_input) text += "(what leads to a shell there gives it $BOOT to read first)\n";
  if (experiment.launcher.kind != "local")
    text += "BOOT=" + word(std::string(launcher::bootstrap_command())) + "\n";
  for (const auto& [host, argv] : plan.agents) text += fmt::format("{}: {}\n", host, words(argv));
  return text;
}

int plan_command(const GlobalOptions& options, const PlanOptions& plan) {
  Inventory inventory;
  const config::Sweep sweep = load_sweep(options, plan.files, inventory);
  const config::Experiment& experiment = sweep.points.front().experiment;
  std::optional<MethodPlan> method;
  if (!experiment.plain()) {
    method = while_saying([&](const std::string& text) { talk(options, text); },
                          "reading the data, and taking its constants",
                          [&] { return plan_method(experiment, inventory.catalogs()); });
  }
  const LaunchPlan launch = plan_launch(experiment, options, plan, method ? method->dim : 0);
  if (method) take_relays(launch.layout.relays.size(), *method);
  if (options.json) {
    Json json =
        method ? Json::parse(method_json(experiment, *method)) : Json({{"name", experiment.job.name}});
    json["launch"] = to_json(experiment, launch);
    if (!sweep.axes.empty()) json["points"] = points_json(sweep);
    print(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    return kExitDone;
  }
  if (!sweep.axes.empty())
    print(fmt::format("{} jobs, one after another:\n{}\nThe first of them:\n", sweep.points.size(),
                      points_text(sweep)));
  print((method ? method_text(experiment, *method) + "\n" : "") + launch_text(experiment, launch));
  talk(options, "next: wisp run " + words(plan.files));
  return kExitDone;
}

}  // namespace wisp::cli
