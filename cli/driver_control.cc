// What a running driver is asked for by other commands of its user, through its control socket.
#include <algorithm>
#include <csignal>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/driver.h"
#include "launcher/state_file.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds kAnswerMax{2};  // until the event thread has looked at a request

std::string refusal(const std::string& why) { return Json{{"error", why}}.dump(); }

// {"kill": ["worker-1", ...]}
std::vector<std::string> names_in(const std::string& request) {
  const Json json = Json::parse(request, nullptr, false);
  std::vector<std::string> names;
  if (!json.is_object() || !json.contains("kill") || !json["kill"].is_array()) return names;
  for (const Json& each : json["kill"]) {
    if (each.is_string()) names.push_back(each.get<std::string>());
  }
  return names;
}

}  // namespace

std::string Driver::take_request(const std::string& request) {
  const std::vector<std::string> names = names_in(request);
  if (names.empty()) return refusal("the driver knows no such request");
  const auto answer = std::make_shared<std::promise<std::string>>();
  std::future<std::string> given = answer->get_future();
  push(Kill{names, answer});
  if (given.wait_for(kAnswerMax) != std::future_status::ready)
    return refusal("the driver is busy; try again");
  return given.get();
}

// A process ends with all that is in it, so all its actors have to be named. Throws Error.
std::vector<const NodePlan*> Driver::nodes_to_kill(const std::vector<std::string>& actors) const {
  const auto is_named = [&](const std::string& actor) {
    return std::find(actors.begin(), actors.end(), actor) != actors.end();
  };
  std::vector<const NodePlan*> nodes;
  for (const std::string& actor : actors) {
    const auto found = layout_.node_of.find(actor);
    if (found == layout_.node_of.end())
      throw Error(fmt::format("no actor '{}' in this job", escape_text(actor, 80)));
    const NodePlan* node = find_node(found->second);
    for (const std::string& other : node->actors) {
      if (is_named(other)) continue;
      throw Error(
          fmt::format("{} is a thread of process {}, which would end with all its actors; name them all: {}",
                      actor, node->name, join(node->actors, " ")));
    }
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
  }
  return nodes;
}

void Driver::handle(const Kill& kill) {
  if (ending_) return kill.answer->set_value(refusal("the job is ending already"));
  const auto grace = experiment_.launcher.timeouts.shutdown_grace;
  try {
    std::vector<const NodePlan*> nodes;
    launcher::JobState asked;
    {
      const std::lock_guard lock(mutex_);
      nodes = nodes_to_kill(kill.actors);
      for (const launcher::ActorState& each : state_.actors) {
        if (std::find(kill.actors.begin(), kill.actors.end(), each.name) != kill.actors.end())
          asked.actors.push_back(each);
      }
    }
    const auto has_ended = [&](const NodePlan* node) {
      return std::any_of(asked.actors.begin(), asked.actors.end(),
                         [&](const auto& each) { return each.node == node->name && !each.is_alive(); });
    };
    std::erase_if(nodes, has_ended);
    for (const NodePlan* node : nodes) {
      endings_[node->name] = {node->host, std::chrono::steady_clock::now() + grace};
      folder_.append("events.jsonl",
                     event_json(clock_.wall(), "asked to end", node->name, node->host, "wisp kill"));
      display_.say(fmt::format("wisp kill: {}@{} is asked to end", node->name, node->host));
      fleet_->signal(node->host, node->name, SIGTERM);
    }
    kill.answer->set_value(
        Json{{"grace_ms", grace.count()}, {"asked", launcher::state_to_json(asked)}}.dump());
  } catch (const Error& error) {  // of the request: the job goes on
    kill.answer->set_value(refusal(error.what()));
  }
}

bool Driver::is_asked_to_end(const std::string& process) const { return endings_.contains(process); }

void Driver::kill_the_stubborn(std::chrono::steady_clock::time_point now) {
  for (auto& [process, ending] : endings_) {
    if (now < ending.kill_at) continue;
    ending.kill_at = std::chrono::steady_clock::time_point::max();
    fleet_->signal(ending.host, process, SIGKILL);
  }
}

}  // namespace wisp::cli
