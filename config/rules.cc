#include "config/rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "config/keys.h"
#include "config/chaos_rules.h"
#include "config/recovery_rules.h"

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
    deploy();
    for (const Crew& crew : crews_) {
      placement(crew);
      labels(crew);
      slots(crew);
    }
    check_chaos(draft_, mistakes_);
    if (experiment_.plain()) return;
    check_recovery(draft_, mistakes_);
    combination();
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
    regulariser();
    wire();
    stop();
    order();
    simulation();
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

  void regulariser() {
    const problems::RegulariserSpec& box = experiment_.job.problem.regulariser;
    if (box.kind == "box" && box.low > box.high && draft_.sound("problem.regulariser")) {
      report("problem.regulariser.low", "a box whose low is above its high holds no point");
    }
  }

  void wire() {
    const bool narrow = experiment_.job.dtype == actors::Dtype::kFloat32;
    if (narrow && experiment_.job.method.wire.values == "float64" && draft_.sound("method.wire_dtype")) {
      report("method.wire_dtype", "float64 says more than dtype float32 computes", "leave it out");
    }
  }

  void stop() {
    const actors::StopSpec& stop = experiment_.job.stop;
    if (!stop.ends() && experiment_.job.replay.empty() && draft_.sound("stop")) {
      report("stop", "nothing stops this job", "set stop.gap, stop.rounds or stop.time");
    }
    const bool known = experiment_.job.problem.optimum != problems::ProblemSpec::Optimum::kUnknown;
    if (stop.gap && !known && draft_.sound_above("problem.optimum")) {
      report("stop.gap", "the gap f(x) - f* is known only with problem.optimum",
             "add 'optimum: solve' to the problem, or its value");
    }
  }

  void order() {
    const actors::JobSpec& job = experiment_.job;
    for (const std::string key : {"record", "replay"}) {
      if (experiment_.given(key) && job.method.consistency.kind == "sync")
        report(key, key + " is for asynchronous runs: rounds have one order only",
               "leave it out, or use method.consistency: async");
    }
    if (!job.record.empty() && job.record == job.replay)
      report("record", "it is the file that is replayed", "take another one");
  }

  void simulation() {
    const actors::SimulationSpec& spec = experiment_.job.simulation;
    if (spec.given && experiment_.job.method.consistency.kind == "sync")
      report("simulation", "simulation is for asynchronous jobs",
             "leave it out, or use method.consistency: async");
    for (const auto& [path, delay] :
         {std::pair{"simulation.compute", &spec.compute}, {"simulation.latency", &spec.latency}}) {
      const char* other = delay->kind == "lognormal" ? ".mean" : ".median";
      if (experiment_.given(std::string(path) + other)) {
        report(std::string(path) + other, "a delay of kind " + delay->kind + " has no " + (other + 1),
               delay->kind == "lognormal" ? "give its median" : "give its mean");
      }
    }
    if (spec.staleness.empty()) return;
    for (const char* key : {"compute", "latency", "bandwidth"}) {
      const std::string path = std::string("simulation.") + key;
      if (experiment_.given(path))
        report(path, "with simulation.staleness no times are simulated", "leave out one of them");
    }
    if (experiment_.job.method.consistency.kind == "ssp")
      report("simulation.staleness",
             "with consistency ssp it is the workers' waiting that bounds the staleness",
             "use consistency: async, or simulated times");
  }

  // Hosts whose names are known.
  bool has_hosts() const {
    const bool known = experiment_.given("hosts") || experiment_.launcher.slurm.allocation;
    return known && !experiment_.launcher.hosts.empty();
  }
  bool is_local() const { return experiment_.launcher.kind == "local"; }
  bool launcher_is_sound() const { return draft_.sound("hosts") && draft_.sound("launcher"); }

  void launcher() {
    if (!launcher_is_sound()) return;
    const std::string& kind = experiment_.launcher.kind;
    if (experiment_.given("slurm") && !experiment_.given("launcher")) {
      report("slurm", "slurm has no effect without its launcher", "add 'launcher: slurm'");
    }
    if (kind == "slurm" || kind == "command") no_ssh();
    if (kind == "slurm") return slurm();
    if (is_local() && has_hosts()) {
      report("launcher", "a local launcher takes no hosts", "leave out launcher, or hosts");
    } else if (!is_local() && !has_hosts()) {
      report("launcher", kind + " needs hosts", "add hosts, or 'launcher: local'");
    } else if (is_local()) {
      for (const Crew& crew : crews_) no_hosts(crew);
    } else if (kind == "command") {
      command();
    }
  }

  void deploy() {
    const launcher::DeploySpec& deploy = experiment_.launcher.deploy;
    if (deploy.kind == "none" && !deploy.files.empty() && draft_.sound("deploy"))
      report("deploy.files", "deploy.kind none sends nothing", "take another kind, or leave the files out");
  }

  void command() {
    const auto& words = experiment_.launcher.command;
    const auto names_host = [](const std::string& word) { return word.find("{host}") != std::string::npos; };
    if (std::any_of(words.begin(), words.end(), names_host)) return;
    report("launcher.template", "the template names no {host}: every host would be the same one",
           "such as [ kubectl, exec, -i, \"{host}\", --, sh ]");
  }

  // Keys of a way that is not taken.
  void no_ssh() {
    const std::string& kind = experiment_.launcher.kind;
    std::vector<std::string> given;
    if (experiment_.given("ssh")) given.emplace_back("ssh");
    for (const auto& host : experiment_.launcher.hosts) {
      const std::string path = "hosts." + host.name + ".ssh";
      if (experiment_.given(path)) given.push_back(path);
    }
    if (experiment_.network.tunnel) given.emplace_back("network.tunnel");
    for (const std::string& path : given) {
      report(path, "launcher " + kind + " does not go by ssh", "leave it out, or take 'launcher: ssh'");
    }
  }

  void slurm() {
    const launcher::SlurmSpec& slurm = experiment_.launcher.slurm;
    if (slurm.allocation) {
      if (experiment_.given("hosts")) hosts_are_allocated(*slurm.allocation);
    } else if (!experiment_.given("hosts")) {
      for (const Crew& crew : crews_) no_known_nodes(crew);
    } else if (slurm.nodes > 0 && slurm.nodes != experiment_.launcher.hosts.size()) {
      report("slurm.nodes",
             std::to_string(slurm.nodes) + " nodes, but " +
                 std::to_string(experiment_.launcher.hosts.size()) + " hosts",
             "leave out one of them");
    }
  }

  void hosts_are_allocated(const launcher::Allocation& allocation) {
    std::vector<std::string> nodes;
    for (const auto& node : allocation.hosts) nodes.push_back(node.name);
    for (const auto& host : experiment_.launcher.hosts) {
      if (std::find(nodes.begin(), nodes.end(), host.name) != nodes.end()) continue;
      report("hosts." + host.name,
             "host '" + host.name + "' is not in the Slurm allocation " + allocation.job_id + ": that has " +
                 listed(nodes),
             "leave out hosts, or allocate this one by --nodelist");
    }
  }

  void no_known_nodes(const Crew& crew) {
    const bool by_list = !crew.spec->placement.hosts.empty();
    if (!by_list && crew.spec->host.empty()) return;
    report(crew.path + (by_list ? ".placement.hosts" : ".host"),
           "which nodes Slurm will give is not known yet",
           "leave it out, or name the nodes under hosts, too");
  }

  void no_hosts(const Crew& crew) {
    if (!crew.spec->placement.hosts.empty()) {
      report(crew.path + ".placement.hosts", "a local job has no hosts", "leave them out, or add hosts");
    } else if (crew.spec->placement.kind == "label") {
      report(crew.path + ".placement.kind", "a local job has no hosts with labels",
             "leave it out, or add hosts");
    } else if (!crew.spec->host.empty()) {
      report(crew.path + ".host", "a local job has no hosts", "leave it out, or add hosts");
    }
  }

  void network() {
    if (!draft_.sound("network")) return;
    if (experiment_.network.transport == "ipc" && experiment_.launcher.kind != "local") {
      report("network.transport", "ipc reaches this host only", "use tcp, or auto");
    }
    if (!experiment_.network.tunnel) return;
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

  // What `match` asks for, written as in a job file.
  static std::string written(const std::map<std::string, std::string>& labels) {
    std::string text;
    for (const auto& [name, value] : labels) text += (text.empty() ? "" : ", ") + name + ": " + value;
    return text;
  }

  void labels(const Crew& crew) {
    const runtime::PlacementSpec& placement = crew.spec->placement;
    const std::string path = crew.path + ".placement";
    if (!draft_.sound(path)) return;
    const bool by_label = placement.kind == "label";
    if (by_label && placement.match.empty()) {
      report(path, "placement by label needs a match", "such as 'match: { disk: ssd }'");
    } else if (!by_label && !placement.match.empty()) {
      report(path + ".match", "placement of kind " + placement.kind + " has no match", "add 'kind: label'");
    } else if (by_label && launcher_is_sound() && !is_local() && candidates(placement).empty()) {
      report(path + ".match", "no host has label " + written(placement.match), labels_there_are());
    }
  }

  std::string labels_there_are() const {
    std::set<std::string> there;
    for (const auto& host : experiment_.launcher.hosts) {
      for (const auto& label : host.labels) there.insert(label.first + ": " + label.second);
    }
    if (there.empty()) return "give hosts labels: hosts.<name>.labels";
    return "there are " + join(std::vector<std::string>(there.begin(), there.end()), ", ");
  }

  // The hosts that a placement may use.
  std::vector<const launcher::HostSpec*> candidates(const runtime::PlacementSpec& placement) const {
    std::vector<const launcher::HostSpec*> found;
    for (const launcher::HostSpec& host : experiment_.launcher.hosts) {
      const auto& names = placement.hosts;
      if (!names.empty() && std::find(names.begin(), names.end(), host.name) == names.end()) continue;
      const bool fits = placement.kind != "label" ||
                        std::all_of(placement.match.begin(), placement.match.end(), [&](const auto& label) {
                          const auto own = host.labels.find(label.first);
                          return own != host.labels.end() && own->second == label.second;
                        });
      if (fits) found.push_back(&host);
    }
    return found;
  }

  // Only those that are placed are counted: a master waits while its workers compute. Hosts that leave their
  // slots to the number of cores are unknown here.
  void slots(const Crew& crew) {
    const actors::ActorSpec& actors = *crew.spec;
    const bool placed =
        draft_.sound(crew.path + ".replicas") && draft_.sound(crew.path + ".placement.hosts") &&
        draft_.sound(crew.path + ".placement.match") &&
        draft_.sound(crew.path + ".placement.oversubscribe") && draft_.sound(crew.path + ".resources");
    if (!launcher_is_sound() || is_local() || !has_hosts() || !placed) return;
    if (crew.noun.empty() || !actors.host.empty() || actors.placement.oversubscribe) return;
    std::vector<std::string> names;
    std::uint64_t offered = 0;
    std::uint64_t fit = 0;
    for (const launcher::HostSpec* host : candidates(actors.placement)) {
      if (host->slots == 0) return;
      names.push_back(host->name);
      offered += host->slots;
      fit += host->slots / actors.resources.cpus;
    }
    if (names.empty() || actors.replicas <= fit) return;
    report(crew.path + ".replicas", too_few(crew, names, offered));
  }

  static std::string too_few(const Crew& crew, const std::vector<std::string>& names, std::uint64_t offered) {
    const std::uint64_t replicas = crew.spec->replicas;
    const std::uint64_t cpus = crew.spec->resources.cpus;
    std::string text = std::to_string(replicas) + " " + crew.noun + (replicas == 1 ? "" : "s");
    if (cpus > 1) text += " of " + std::to_string(cpus) + " cpus";
    text += replicas == 1 ? " needs " : " need ";
    text += std::to_string(replicas * cpus) + " slots, but " + listed(names);
    text += (names.size() == 1 ? " offers " : " offer ") + std::to_string(offered);
    if (cpus > 1) text += ", and an actor's slots are of one host";
    return text + "; raise slots, lower replicas, or set placement.oversubscribe: true";
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
