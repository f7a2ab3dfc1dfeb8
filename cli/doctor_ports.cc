#include "cli/doctor_ports.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/network_plan.h"
#include "cli/output.h"
#include "launcher/fleet.h"
#include "launcher/reach.h"

namespace wisp::cli {
namespace {

using namespace std::chrono_literals;
using Result = Check::Result;

constexpr auto kReachMax = 3s;
constexpr auto kAnswerMax = 15s;  // of a process on a host, which takes kReachMax itself
constexpr const char* kHere = "this machine";

// What the processes of a fleet have printed, by host and process.
class Answers {
 public:
  void take(const launcher::Event& event) {
    const std::lock_guard lock(mutex_);
    if (const auto* line = std::get_if<launcher::Line>(&event)) {
      answers_.try_emplace({line->host, line->process}, line->text);
    } else if (const auto* exited = std::get_if<launcher::Exited>(&event)) {
      answers_.try_emplace({exited->host, exited->process}, launcher::describe(*exited));
    } else if (const auto* lost = std::get_if<launcher::HostLost>(&event)) {
      lost_[lost->host] = "the host was lost";
    }
    changed_.notify_all();
  }
  // Its first line, or how it ended without one.
  std::string wait(const std::string& host, const std::string& process) {
    std::unique_lock lock(mutex_);
    const auto key = std::pair(host, process);
    changed_.wait_for(lock, kAnswerMax, [&] { return answers_.contains(key) || lost_.contains(host); });
    if (answers_.contains(key)) return answers_[key];
    return lost_.contains(host) ? lost_[host] : "no answer";
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<std::string, std::string>, std::string> answers_;
  std::map<std::string, std::string> lost_;
};

// One who is to be reached.
struct Target {
  std::string name;
  std::string address;
  std::uint16_t port = 0;  // 0: it does not listen, and `why` says why
  std::string why;
};

class PortSearch {
 public:
  PortSearch(const GlobalOptions& options, const config::Experiment& experiment,
             const std::vector<std::string>& hosts)
      : network_(experiment.network), range_(fmt::format("{}-{}", network_.port_first, network_.port_last)) {
    launcher::LauncherSpec spec = experiment.launcher;
    std::erase_if(spec.hosts, [&](const auto& host) { return std::ranges::count(hosts, host.name) == 0; });
    launcher::FleetOptions fleet;
    fleet.progress = [&options](const std::string& text) { talk(options, text); };
    fleet_ =
        std::make_unique<launcher::Fleet>(spec, fleet, [this](const auto& event) { answers_.take(event); });
    fleet_->start_hosts();
  }

  std::vector<Check> run() {
    const NetworkPlan plan(network_, fleet_->hosts(), "/", 0, launcher::own_addresses());
    for (const launcher::HostInfo& host : fleet_->hosts()) {
      targets_.push_back({host.name, plan.address_of(host.name), 0, ""});
      start(host.name, "listen",
            {"listen", targets_.back().address, std::to_string(network_.port_first),
             std::to_string(network_.port_last)});
    }
    for (Target& each : targets_) await_port(each);
    for (const std::string& address : plan.driver_addresses()) listen_here(address);
    for (const launcher::HostInfo& host : fleet_->hosts()) {
      for (std::size_t i = 0; i < targets_.size(); ++i) {
        if (concerns(host.name, targets_[i], plan))
          start(host.name, fmt::format("to-{}", i),
                {"connect", targets_[i].address, std::to_string(targets_[i].port)});
      }
    }
    std::vector<Check> checks;
    for (std::size_t i = 0; i < targets_.size(); ++i) checks.push_back(check(i, plan));
    fleet_->stop(0ms);
    return checks;
  }

 private:
  void start(const std::string& host, const std::string& name, std::vector<std::string> words) {
    launcher::Process process;
    process.name = name;
    process.arguments = std::move(words);
    process.arguments.insert(process.arguments.begin(), "reach");
    fleet_->start(host, std::move(process));
  }

  void await_port(Target& target) {
    const std::string said = answers_.wait(target.name, "listen");
    const auto read = std::from_chars(said.data(), said.data() + said.size(), target.port);
    if (read.ec != std::errc() || read.ptr != said.data() + said.size()) {
      target.port = 0;
      target.why = said;
    }
  }

  void listen_here(const std::string& address) {
    Target target{kHere, address, 0, ""};
    try {
      listeners_.push_back(
          std::make_unique<launcher::PortListener>(address, network_.port_first, network_.port_last));
      target.port = listeners_.back()->port();
    } catch (const Error& error) {
      target.why = error.what();
    }
    targets_.push_back(std::move(target));
  }

  // The driver has an address for each network by which hosts see it.
  bool concerns(const std::string& from, const Target& target, const NetworkPlan& plan) const {
    if (target.port == 0 || target.name == from) return false;
    return target.name != kHere || plan.driver_address_of(from) == target.address;
  }

  Check check(std::size_t index, const NetworkPlan& plan) {
    const Target& target = targets_[index];
    std::vector<Unreached> unreached;
    if (target.port == 0) return port_check(target.name, target.address, {{"", target.why}}, range_);
    const auto note = [&](const std::string& from, const std::string& why) {
      if (!why.empty()) unreached.push_back({from, why});
    };
    if (target.name != kHere) {
      note(kHere, launcher::why_not_reached(target.address, target.port, kReachMax));
    }
    for (const launcher::HostInfo& host : fleet_->hosts()) {
      if (!concerns(host.name, target, plan)) continue;
      const std::string said = answers_.wait(host.name, fmt::format("to-{}", index));
      note(host.name, said == "reached" ? "" : said);
    }
    return port_check(target.name, target.address, unreached, range_);
  }

  const runtime::NetworkSpec network_;
  const std::string range_;
  Answers answers_;
  std::vector<Target> targets_;
  std::vector<std::unique_ptr<launcher::PortListener>> listeners_;
  std::unique_ptr<launcher::Fleet> fleet_;  // goes first: it reports to the answers
};

}  // namespace

Check port_check(const std::string& host, const std::string& endpoint,
                 const std::vector<Unreached>& unreached, const std::string& range) {
  Check check{host, "ports", Result::kOk, fmt::format("{} ({}) is reached by all", endpoint, range), ""};
  if (unreached.empty()) return check;
  check.result = Result::kFail;
  if (unreached.front().from.empty()) {
    check.detail = unreached.front().why;
    check.remedy =
        "set network.ports to a range that is free there, or hosts.*.address to an address that it has";
    return check;
  }
  std::vector<std::string> texts;
  for (const Unreached& each : unreached) texts.push_back(fmt::format("{}: {}", each.from, each.why));
  check.detail = fmt::format("{} is not reached from {}", endpoint, join(texts, ", "));
  check.remedy = fmt::format("open ports {} (network.ports) there, or set network.tunnel: true", range);
  return check;
}

std::vector<Check> port_checks(const GlobalOptions& options, const config::Experiment& experiment,
                               const std::vector<std::string>& hosts) {
  if (hosts.empty() || experiment.network.tunnel) return {};
  try {
    return PortSearch(options, experiment, hosts).run();
  } catch (const Error& error) {  // of one host, which its text names
    std::vector<std::string> lines = split(error.what(), '\n');
    for (std::string& each : lines) each.erase(0, std::min(each.find_first_not_of(' '), each.size()));
    return {{"hosts", "ports", Result::kFail, lines.front(),
             lines.size() > 1 ? join({lines.begin() + 1, lines.end()}, " | ")
                              : "mend that first, then ask again"}};
  }
}

}  // namespace wisp::cli
