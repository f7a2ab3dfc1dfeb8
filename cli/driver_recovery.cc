// What the driver does for its supervisor: nodes that have ended are started again, here or on another host.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/error.h"
#include "cli/driver.h"
#include "problems/catalog.h"

namespace wisp::cli {

namespace {

constexpr std::chrono::seconds kSayEvery{3};
constexpr std::chrono::seconds kTryMost{30};

}  // namespace

// On the conducting thread.
class Driver::Recovery final : public actors::Stage {
 public:
  Recovery(Driver& driver, actors::Layout layout) : driver_(driver), layout_(std::move(layout)) {}

  std::vector<Ended> take_ended() override {
    driver_.check_aborted();
    std::lock_guard lock(driver_.mutex_);
    return std::exchange(driver_.ended_, {});
  }
  std::optional<runtime::NodeId> start(const std::string& name, std::uint32_t attempt) override;
  problems::Source rows(std::uint32_t worker) const override { return layout_.sources[worker]; }
  problems::Source test_rows(std::uint32_t worker) const override { return layout_.tests[worker]; }
  void wait(std::chrono::nanoseconds at_most) override {
    driver_.check_aborted();
    std::unique_lock lock(driver_.mutex_);
    driver_.ended_changed_.wait_for(
        lock, at_most, [this] { return !driver_.ended_.empty() || !driver_.abort_reason_.empty(); });
  }
  std::chrono::nanoseconds now() const override { return driver_.clock_.steady(); }
  void tell(const std::string& node, const std::string& event, const std::string& text) override {
    driver_.display_.say(text);
    const NodePlan* plan = driver_.find_node(node);
    driver_.folder_.append("events.jsonl", event_json(driver_.clock_.wall(), event, node,
                                                      plan == nullptr ? "" : plan->host, text));
  }

 private:
  bool is_lost(const std::string& host) const;
  std::string cause_of_loss(const std::string& host) const;
  std::string why_away(const std::string& host) const;
  std::optional<std::string> next_host(const NodePlan& node);
  bool is_back(const std::string& host);
  void bring_rows(std::size_t index);

  Driver& driver_;
  actors::Layout layout_;
  std::set<std::string>
      without_rows_;  // nodes whose host has been lost since their workers' rows were brought
  std::map<std::string, std::string> away_;                      // by host: why it could not be brought back
  std::map<std::string, std::chrono::nanoseconds> tried_since_;  // to bring it back, no other being left
  std::chrono::nanoseconds said_at_{0};
};

std::string Driver::Recovery::cause_of_loss(const std::string& host) const {
  std::lock_guard lock(driver_.mutex_);
  const auto found = driver_.lost_hosts_.find(host);
  return found == driver_.lost_hosts_.end() ? "" : found->second;
}

bool Driver::Recovery::is_lost(const std::string& host) const {
  std::lock_guard lock(driver_.mutex_);
  return driver_.lost_hosts_.contains(host);
}

std::string Driver::Recovery::why_away(const std::string& host) const {
  const auto why = away_.find(host);
  return why == away_.end() ? "" : ": " + why->second.substr(0, why->second.find('\n'));
}

// Its own, unless that is lost. Nothing: not now, as when its agent is still to show that it is there.
std::optional<std::string> Driver::Recovery::next_host(const NodePlan& node) {
  if (!is_lost(node.host))
    return driver_.fleet_->is_ready(node.host) ? std::optional(node.host) : std::nullopt;
  const std::string& wish = driver_.experiment_.job.failure.on_host_lost;
  if (wish == "fail") return std::nullopt;  // the job is about to end
  const auto if_back = [&] { return is_back(node.host) ? std::optional(node.host) : std::nullopt; };
  if (wish == "wait") return if_back();
  std::vector<runtime::HostSlots> left;
  for (runtime::HostSlots host : driver_.slots_) {
    if (is_lost(host.name)) continue;
    host.used = 0;
    for (const NodePlan& each : driver_.layout_.nodes) {
      if (each.host == host.name) host.used += each.cpus;
    }
    left.push_back(std::move(host));
  }
  const auto place = runtime::replacement(left, node.cpus);
  if (!place) {
    std::string cause = "no host is left; " + cause_of_loss(node.host);
    if (driver_.fleet_->host(node.host).local) {  // it can only be this machine's agent that has ended
      if (now() - tried_since_.try_emplace(node.host, now()).first->second <= kTryMost) return if_back();
      cause +=
          fmt::format("; for {} s it could not be started again{}", kTryMost.count(), why_away(node.host));
    }
    throw runtime::ActorDied(
        runtime::Failure(runtime::Failure::Kind::kDied, node.actors.front(), std::move(cause), Fault::kHost));
  }
  driver_.fleet_->write_off(node.host);
  if (place->oversubscribed) {
    driver_.display_.say(fmt::format("{} goes to {}, which has no slot free for it", node.name, place->host));
  }
  return place->host;
}

// Tries to start its agent again; whether that has come about.
bool Driver::Recovery::is_back(const std::string& host) {
  if (!driver_.fleet_->is_ready(host)) {
    driver_.network_->lose_forwards(host);
    if (std::string why = driver_.fleet_->bring_back(host); !why.empty()) away_[host] = std::move(why);
    if (now() >= said_at_ + kSayEvery) {
      said_at_ = now();
      driver_.display_.say(fmt::format("waiting for host {} to come back{}", host, why_away(host)));
    }
    return false;
  }
  {
    std::lock_guard lock(driver_.mutex_);
    driver_.lost_hosts_.erase(host);
  }
  tried_since_.erase(host);
  away_.erase(host);
  driver_.leave_nothing_on(driver_.fleet_->host(host));
  driver_.working_folders_[host] = driver_.deployment_->bring_to(host, [this] { driver_.check_aborted(); });
  driver_.display_.say(fmt::format("host {} is back", host));
  driver_.folder_.append("events.jsonl", event_json(driver_.clock_.wall(), "host back", "", host, ""));
  return true;
}

// To the host that its node is on now.
void Driver::Recovery::bring_rows(std::size_t index) {
  const NodePlan& node = driver_.layout_.nodes[index];
  const actors::JobSpec& job = driver_.experiment_.job;
  for (std::uint32_t i = 0; i < driver_.layout_.worker_nodes.size(); ++i) {
    if (driver_.layout_.worker_nodes[i] != node.name) continue;
    driver_.layout_.worker_hosts[i] = node.host;
    layout_.sources[i] = driver_.deploy_rows(job.problem, driver_.source_, i);
    if (driver_.test_) {
      layout_.tests[i] = driver_.deploy_rows(problems::Catalog::test_spec(job.problem), *driver_.test_, i);
    }
  }
}

std::optional<runtime::NodeId> Driver::Recovery::start(const std::string& name, std::uint32_t attempt) {
  const auto& nodes = driver_.layout_.nodes;
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const NodePlan& node) { return node.name == name; });
  WISP_CHECK(found != nodes.end(), "a node of this job");
  const auto index = static_cast<std::size_t>(found - nodes.begin());
  const std::string before = found->host;
  if (is_lost(before)) {
    for (const NodePlan& node : nodes) {
      if (node.host == before) without_rows_.insert(node.name);
    }
  }
  const auto host = next_host(*found);
  if (!host) return std::nullopt;
  if (*host != before) {
    {
      std::lock_guard lock(driver_.mutex_);
      driver_.layout_.nodes[index].host = *host;
    }
    tell(name, "moved", fmt::format("{} goes from {}, which is lost, to {}", name, before, *host));
  }
  if (without_rows_.erase(name) > 0) bring_rows(index);
  NetworkPlan& network = *driver_.network_;
  const runtime::NodeId old = driver_.node_ids_[index];
  const runtime::NodeId id = driver_.next_node_id_++;
  network.replace_node(old, id, *host);
  const runtime::NodeId expected = driver_.system_->expect(name, "", network.public_key(id));
  WISP_CHECK(expected == id, "the driver issues node numbers from 1 up");
  {
    std::lock_guard lock(driver_.mutex_);
    driver_.node_ids_[index] = id;
    driver_.attempts_[index] = attempt;
  }
  if (network.tunnel()) driver_.open_tunnel(network);
  tell(name, "restarted", fmt::format("{}@{} is started again, attempt {}", name, *host, attempt));
  driver_.start_node(index, attempt);
  return id;
}

// What was measured up to the checkpoint is of this run, too.
void Driver::take_over_metrics(const Resumption& resumption) {
  std::ifstream earlier(resumption.job_folder / "metrics.jsonl");
  for (std::string line; std::getline(earlier, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("updates") || !json["updates"].is_number_unsigned()) return;
    if (json["updates"].get<std::uint64_t>() > resumption.checkpoint.updates) return;
    folder_.append("metrics.jsonl", line);
  }
}

// A host that is not this machine: `before`, while it is there. Empty: there is none.
std::string Driver::host_for_copies(const std::string& before) const {
  std::lock_guard lock(mutex_);
  const auto serves = [this](const launcher::HostInfo& host) {
    return !host.local && !lost_hosts_.contains(host.name);
  };
  const auto& hosts = fleet_->hosts();
  if (!before.empty() && serves(fleet_->host(before))) return before;
  const auto found = std::find_if(hosts.begin(), hosts.end(), serves);
  return found == hosts.end() ? "" : found->name;
}

std::string Driver::host_of_copies() const {
  std::lock_guard lock(mutex_);
  return copies_on_;
}

// On the keeper's thread.
void Driver::copy_checkpoint(std::uint64_t number, const std::filesystem::path& file) {
  const std::string before = host_of_copies();
  const std::string host = host_for_copies(before);
  if (host.empty()) throw Error("no host is left for its second copy (checkpoint.copies)", Fault::kHost);
  fleet_->keep_checkpoint(host, file, number, experiment_.job.checkpoint.keep);
  if (host == before) return;
  {
    std::lock_guard lock(mutex_);
    copies_on_ = host;
  }
  display_.say(fmt::format("checkpoints are copied to {}", host));
}

// They are for a run that has failed.
void Driver::forget_copies() {
  const std::string host = host_of_copies();
  try {
    if (!host.empty() && fleet_->is_ready(host)) fleet_->forget_checkpoints(host);
  } catch (const Error& error) {
    display_.warn(error.what());
  }
}

std::shared_ptr<actors::Supervisor> Driver::supervise(const actors::JobSpec& job,
                                                      const actors::Layout& layout,
                                                      std::optional<double> f_star,
                                                      actors::Recording recording) {
  recovery_ = std::make_unique<Recovery>(*this, layout);
  actors::Supervision supervision;
  supervision.stage = recovery_.get();
  supervision.on_failed_checkpoint = [this](const std::string& why) {
    display_.say("no checkpoint could be written: " + why);
  };
  if (job.checkpoint.enabled() && job.checkpoint.copies > 1) {
    if (host_for_copies("").empty()) {
      throw experiment_.error("checkpoint.copies",
                              "all of this job is on this machine: there is no second host",
                              "name another one in hosts, or leave it out");
    }
    supervision.copy = [this](std::uint64_t number, const std::filesystem::path& file) {
      copy_checkpoint(number, file);
    };
  }
  supervision.on_progress = [this](const actors::Progress& progress) { push(progress); };
  supervision.recording = std::move(recording);
  supervision.traits = traits_of(experiment_);
  if (!data_sha256_.empty()) supervision.traits[kDataTrait] = data_sha256_;
  const bool resumes = options_.resumed.has_value();
  if (job.checkpoint.enabled() || resumes) {
    supervision.checkpoints =
        std::make_unique<actors::CheckpointFolder>(disk_, folder_.path() / "ckpt", job.checkpoint.keep);
  }
  if (resumes) {
    check_data(experiment_, *options_.resumed, data_sha256_);
    supervision.checkpoints->write(options_.resumed->checkpoint);
    take_over_metrics(*options_.resumed);
    supervision.other_workers = options_.resumed->other_workers;
  }
  auto supervisor =
      std::make_shared<actors::Supervisor>(*system_, job, layout, f_star, std::move(supervision));
  std::map<std::string, runtime::NodeId> nodes;
  for (std::size_t i = 0; i < layout_.nodes.size(); ++i) nodes[layout_.nodes[i].name] = node_ids_[i];
  supervisor->start(nodes);
  std::lock_guard lock(mutex_);
  supervised_ = true;
  return supervisor;
}

}  // namespace wisp::cli
