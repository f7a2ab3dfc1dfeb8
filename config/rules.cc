#include "config/rules.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "config/keys.h"

namespace wisp::config {
namespace {

// Names of people's lists: "node2 and node3", cut short where there are many.
std::string listed(const std::vector<std::string>& names) {
  if (names.size() == 1) return names[0];
  if (names.size() > 4) return std::to_string(names.size()) + " hosts";
  const std::vector<std::string> first(names.begin(), names.end() - 1);
  return join(first, ", ") + " and " + names.back();
}

class Rules {
 public:
  Rules(const Draft& draft, const Vocabulary& vocabulary, Mistakes& mistakes)
      : draft_(draft), experiment_(draft.experiment), vocabulary_(vocabulary), mistakes_(mistakes) {}

  void run() {
    const std::size_t before = mistakes_.size();
    data();
    data_reported_ = mistakes_.size() > before;
    stop();
    launcher();
    placement();
    slots();
    combination();
  }

 private:
  void report(std::string_view path, std::string message, std::string hint = "") {
    mistakes_.add(experiment_.where(path), std::move(message), std::move(hint));
  }

  void data() {
    const problems::DataSpec& data = experiment_.job.problem.data;
    if (!draft_.sound_above("problem.data") || !draft_.sound("problem.data.format")) return;
    if (data.format == "synthetic") {
      if (data.dim == 0 && draft_.sound("problem.data.dim")) {
        report("problem.data.format", "synthetic data needs problem.data.dim");
      }
      if (!data.path.empty())
        report("problem.data.path", "synthetic data is not read from a file", "leave out the path");
    } else if (data.path.empty() && draft_.sound("problem.data.path")) {
      report("problem.data", "'problem.data.path' is missing",
             "the file with the rows, or 'format: synthetic' with a dim");
    }
  }

  void stop() {
    const actors::StopSpec& stop = experiment_.job.stop;
    if (!stop.gap && !stop.rounds && !stop.time && draft_.sound("stop")) {
      report("stop", "nothing stops this job", "set stop.gap, stop.rounds or stop.time");
    }
    const bool known = experiment_.job.problem.optimum != problems::ProblemSpec::Optimum::kUnknown;
    if (stop.gap && !known && draft_.sound_above("problem.optimum")) {
      report("stop.gap", "the gap f(x) - f* is known only with problem.optimum",
             "add 'optimum: solve' to the problem, or its value");
    }
  }

  bool has_hosts() const { return experiment_.given("hosts") && !experiment_.launcher.hosts.empty(); }
  bool is_local() const { return experiment_.launcher.kind == "local"; }
  bool launcher_is_sound() const { return draft_.sound("hosts") && draft_.sound("launcher"); }

  void launcher() {
    if (!launcher_is_sound()) return;
    if (is_local() && has_hosts()) {
      report("launcher", "a local launcher takes no hosts", "leave out launcher, or hosts");
    } else if (is_local() && !experiment_.job.worker.placement.hosts.empty()) {
      report("actors.worker.placement.hosts", "a local job has no hosts", "leave them out, or add hosts");
    } else if (is_local() && !experiment_.job.master.host.empty()) {
      report("actors.master.host", "a local job has no hosts", "leave it out, or add hosts");
    } else if (!is_local() && !has_hosts()) {
      report("launcher", "ssh needs hosts", "add hosts, or 'launcher: local'");
    }
  }

  std::vector<std::string> host_names() const {
    std::vector<std::string> names;
    for (const auto& host : experiment_.launcher.hosts) names.push_back(host.name);
    return names;
  }

  void known_host(std::string_view path, const std::string& name) {
    const std::vector<std::string> names = host_names();
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    const auto meant = nearest(name, names);
    report(path, "host '" + name + "' is not in hosts", meant ? "did you mean '" + *meant + "'?" : "");
  }

  void placement() {
    if (!launcher_is_sound() || is_local() || !has_hosts()) return;
    if (!experiment_.job.master.host.empty()) known_host("actors.master.host", experiment_.job.master.host);
    std::vector<std::string> seen;
    for (const std::string& name : experiment_.job.worker.placement.hosts) {
      const bool again = std::find(seen.begin(), seen.end(), name) != seen.end();
      if (again) {
        report("actors.worker.placement.hosts", "host '" + name + "' is given twice");
      } else {
        known_host("actors.worker.placement.hosts", name);
      }
      seen.push_back(name);
    }
  }

  // Only workers are counted: the master waits while they compute. Hosts that leave their slots to the number
  // of cores are unknown here.
  void slots() {
    const bool placed = draft_.sound("actors.worker.replicas") &&
                        draft_.sound("actors.worker.placement.hosts") &&
                        draft_.sound("actors.worker.placement.oversubscribe");
    if (!launcher_is_sound() || is_local() || !has_hosts() || !placed) return;
    const actors::ActorSpec& worker = experiment_.job.worker;
    const std::vector<std::string> names =
        worker.placement.hosts.empty() ? host_names() : worker.placement.hosts;
    std::uint64_t offered = 0;
    for (const auto& host : experiment_.launcher.hosts) {
      if (std::find(names.begin(), names.end(), host.name) == names.end()) continue;
      if (host.slots == 0) return;
      offered += host.slots;
    }
    if (offered == 0 || worker.replicas <= offered || worker.placement.oversubscribe) return;
    const std::string count = std::to_string(worker.replicas);
    const std::string workers = count + (worker.replicas == 1 ? " worker needs " : " workers need ");
    report("actors.worker.replicas",
           workers + count + " slots, but " + listed(names) + (names.size() == 1 ? " offers " : " offer ") +
               std::to_string(offered) +
               "; raise slots, lower replicas, or set placement.oversubscribe: true");
  }

  void combination() {
    if (!vocabulary_.why_not || !draft_.sound("problem") || !draft_.sound("method") || data_reported_) return;
    const auto reason = vocabulary_.why_not(experiment_);
    if (!reason) return;
    const std::size_t colon = reason->find(": ");
    const std::string key = reason->substr(0, colon);
    const bool names_key = colon != std::string::npos && find_key(key) != nullptr;
    report(names_key ? key : "method.kind", *reason);
  }

  const Draft& draft_;
  const Experiment& experiment_;
  const Vocabulary& vocabulary_;
  Mistakes& mistakes_;
  bool data_reported_ = false;  // what why_not() would only say again
};

}  // namespace

void check_rules(const Draft& draft, const Vocabulary& vocabulary, Mistakes& mistakes) {
  Rules(draft, vocabulary, mistakes).run();
}

}  // namespace wisp::config
