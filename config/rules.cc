#include "config/rules.h"

#include <algorithm>
#include <map>
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
    gather_crews();
    if (experiment_.plain()) {
      main_actor();
      actor_names();
    } else {
      optimization();
    }
    launcher();
    network();
    for (const Crew& crew : crews_) {
      placement(crew);
      slots(crew);
    }
    if (!experiment_.plain()) combination();
  }

 private:
  // Actors that are placed together, and where the file says so: "actors.worker".
  struct Crew {
    std::string path;
    std::string noun;
    const actors::ActorSpec* spec;
  };

  void gather_crews() {
    if (!experiment_.plain()) {
      crews_.push_back({"actors.master", "", &experiment_.job.master});
      crews_.push_back({"actors.worker", "worker", &experiment_.job.worker});
    }
    for (const actors::GroupSpec& group : experiment_.groups) {
      crews_.push_back({"actors." + group.name, "actor", &group.actor});
    }
  }

  void optimization() {
    const std::size_t before = mistakes_.size();
    data();
    data_reported_ = mistakes_.size() > before;
    stop();
  }

  const ActorClass* class_of(const actors::GroupSpec& group) const {
    const auto& classes = vocabulary_.classes;
    const auto found = std::find_if(classes.begin(), classes.end(),
                                    [&](const ActorClass& each) { return each.name == group.class_name; });
    return found == classes.end() ? nullptr : &*found;
  }

  void main_actor() {
    const actors::GroupSpec* main = nullptr;
    for (const actors::GroupSpec& group : experiment_.groups) {
      const std::string path = "actors." + group.name;
      const ActorClass* of = class_of(group);
      if (of != nullptr && !of->why_not.empty()) report(path + ".class", of->why_not);
      if (!group.main) continue;
      if (main != nullptr) {
        report(path + ".main", "actors." + main->name + " is main already", "one actor is");
      } else if (of != nullptr && !of->has_run) {
        report(path + ".main",
               "class " + group.class_name + " can't be main: it has no method run without arguments");
      } else if (group.actor.replicas != 1) {
        report(path + ".replicas", "the actor that is main has no replicas");
      }
      main = &group;
    }
    if (main == nullptr && draft_.sound("actors")) {
      report("actors", "no actor is main", "add 'main: true' to the one whose run() is the job");
    }
  }

  void actor_names() {
    std::map<std::string, std::string> groups;  // by the name of an actor
    for (const actors::GroupSpec& group : experiment_.groups) {
      for (const std::string& name : group.actor_names()) {
        const auto [first, is_new] = groups.emplace(name, group.name);
        if (!is_new)
          report("actors." + group.name,
                 "an actor of actors." + first->second + " is called " + name + " too");
      }
      const bool own = group.name == "driver" || group.name == "monitor" ||
                       group.name.starts_with("guests-") || group.name.starts_with("node-");
      if (own) report("actors." + group.name, "'" + group.name + "' is a name that wisp itself uses");
    }
  }

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
    } else if (!is_local() && !has_hosts()) {
      report("launcher", "ssh needs hosts", "add hosts, or 'launcher: local'");
    } else if (is_local()) {
      for (const Crew& crew : crews_) no_hosts(crew);
    }
  }

  void no_hosts(const Crew& crew) {
    if (!crew.spec->placement.hosts.empty()) {
      report(crew.path + ".placement.hosts", "a local job has no hosts", "leave them out, or add hosts");
    } else if (!crew.spec->host.empty()) {
      report(crew.path + ".host", "a local job has no hosts", "leave it out, or add hosts");
    }
  }

  void network() {
    if (!draft_.sound("network") || !experiment_.network.tunnel) return;
    if (experiment_.network.security == "plaintext") {
      report("network.security", "a tunnel needs network.security: curve",
             "its ports are open to every user of every host");
    }
    if (!experiment_.network.subnet.empty() || !experiment_.network.interface.empty()) {
      report("network.tunnel", "in a tunnel the hosts' own addresses play no part",
             "leave out network.subnet and network.interface, or the tunnel");
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

  void placement(const Crew& crew) {
    if (!launcher_is_sound() || is_local() || !has_hosts()) return;
    const std::string path = crew.path + ".placement.hosts";
    if (!crew.spec->host.empty()) known_host(crew.path + ".host", crew.spec->host);
    std::vector<std::string> seen;
    for (const std::string& name : crew.spec->placement.hosts) {
      const bool again = std::find(seen.begin(), seen.end(), name) != seen.end();
      if (again) {
        report(path, "host '" + name + "' is given twice");
      } else {
        known_host(path, name);
      }
      seen.push_back(name);
    }
  }

  // Only those that are placed are counted: a master waits while its workers compute. Hosts that leave their
  // slots to the number of cores are unknown here.
  void slots(const Crew& crew) {
    const actors::ActorSpec& actors = *crew.spec;
    const bool placed = draft_.sound(crew.path + ".replicas") &&
                        draft_.sound(crew.path + ".placement.hosts") &&
                        draft_.sound(crew.path + ".placement.oversubscribe");
    if (!launcher_is_sound() || is_local() || !has_hosts() || !placed) return;
    if (crew.noun.empty() || !actors.host.empty()) return;
    const std::vector<std::string> names =
        actors.placement.hosts.empty() ? host_names() : actors.placement.hosts;
    std::uint64_t offered = 0;
    for (const auto& host : experiment_.launcher.hosts) {
      if (std::find(names.begin(), names.end(), host.name) == names.end()) continue;
      if (host.slots == 0) return;
      offered += host.slots;
    }
    if (offered == 0 || actors.replicas <= offered || actors.placement.oversubscribe) return;
    const std::string count = std::to_string(actors.replicas);
    const std::string need = " " + crew.noun + (actors.replicas == 1 ? " needs " : "s need ");
    report(crew.path + ".replicas",
           count + need + count + " slots, but " + listed(names) +
               (names.size() == 1 ? " offers " : " offer ") + std::to_string(offered) +
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
  std::vector<Crew> crews_;
  bool data_reported_ = false;  // what why_not() would only say again
};

}  // namespace

void check_rules(const Draft& draft, const Vocabulary& vocabulary, Mistakes& mistakes) {
  Rules(draft, vocabulary, mistakes).run();
}

}  // namespace wisp::config
