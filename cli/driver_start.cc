// The conducting half of the driver: from a job file to a running job.
#include <sys/utsname.h>

#include <algorithm>
#include <future>
#include <sstream>

#include <fmt/format.h>

#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/driver.h"
#include "cli/experiment.h"
#include "cli/node.h"
#include "cli/recording.h"
#include "problems/catalog.h"

namespace wisp::cli {

namespace {

constexpr std::chrono::seconds kWaySearch{5};  // for an answer of a node that has nothing else to do
constexpr std::size_t kNamesMax = 3;           // of those that are waited for

// The driver's own log, as one more actor's.
class FolderLog : public Log {
 public:
  FolderLog(launcher::JobFolder& folder, std::string actor, std::string host, const Clock& clock)
      : folder_(folder), actor_(std::move(actor)), host_(std::move(host)), clock_(clock) {}
  void write(Level level, std::string_view text) override {
    LogLine line;
    line.time = clock_.wall();
    line.actor = actor_;
    line.attempt = 1;
    line.host = host_;
    line.level = to_string(level);
    line.text = text;
    folder_.log(line);
  }

 private:
  launcher::JobFolder& folder_;
  const std::string actor_;
  const std::string host_;
  const Clock& clock_;
};

std::string this_host() {
  utsname name{};
  return ::uname(&name) == 0 ? name.nodename : "localhost";
}

std::vector<runtime::HostSlots> slots_of(const launcher::LauncherSpec& spec,
                                         const std::vector<launcher::HostInfo>& hosts) {
  std::vector<runtime::HostSlots> slots;
  for (const launcher::HostInfo& host : hosts) {
    runtime::HostSlots& taken = slots.emplace_back(host.name, host.local ? kUnlimitedSlots : host.cores);
    for (const launcher::HostSpec& each : spec.hosts) {
      if (each.name != host.name) continue;
      if (each.slots > 0) taken.slots = each.slots;
      taken.labels = each.labels;
    }
  }
  return slots;
}

// What nodes must have in common with the driver.
std::string fingerprint_of(const config::Experiment& experiment, const std::string& job_id) {
  if (experiment.plain()) return job_id;
  return fmt::format("{} {} {} {}", job_id, experiment.job.method.kind, experiment.job.problem.kind,
                     actors::to_string(experiment.job.dtype));
}

}  // namespace

void Driver::conduct() {
  Done done;
  try {
    done.summary = start_and_wait();
  } catch (...) {
    done.error = std::current_exception();
  }
  push(std::move(done));
}

void Driver::enter_phase(const std::string& phase) {
  std::lock_guard lock(mutex_);
  phase_ = phase;
  phase_since_ = std::chrono::steady_clock::now();
}

void Driver::check_aborted() const {
  std::lock_guard lock(mutex_);
  if (!abort_reason_.empty()) throw Error(abort_reason_);
}

actors::Summary Driver::start_and_wait() { return experiment_.plain() ? run_actors() : optimize(); }

void Driver::start_hosts() {
  enter_phase("reading the files");
  deployment_ = std::make_unique<launcher::Deployment>(
      experiment_.launcher, *fleet_, state_.job + "-" + folder_.id(), files_to_deploy(experiment_));
  enter_phase("starting the hosts");
  runtime_folder_ = std::make_unique<RuntimeFolder>(options_.runtime_base, folder_.id());
  const bool tunnel = experiment_.network.tunnel && experiment_.launcher.kind == "ssh";
  if (tunnel) runtime_folder_->make();
  fleet_->start_hosts(tunnel ? runtime_folder_->path() : "");
  check_aborted();
  deploy_files(fleet_->hosts());
  start_nodes(fleet_->hosts());
}

void Driver::deploy_files(const std::vector<launcher::HostInfo>& hosts) {
  for (const launcher::HostInfo& host : hosts) {
    enter_phase("bringing the files to " + host.name);
    working_folders_[host.name] = deployment_->bring_to(host.name, [this] { check_aborted(); });
  }
}

actors::Summary Driver::run_actors() {
  start_hosts();
  check_aborted();
  enter_phase("starting the actors");
  const auto start = clock_.steady();
  auto running = actors::start(*system_, experiment_.groups, layout_.node_of);
  push(Running{running.stop});
  enter_phase("");
  running.finished.get();
  actors::Summary summary;
  summary.status = "finished";
  for (const actors::GroupSpec& group : experiment_.groups) {
    if (group.main) summary.reason = group.name + " has returned";
  }
  summary.total_seconds = std::chrono::duration<double>(clock_.steady() - start).count();
  return summary;
}

actors::Summary Driver::optimize() {
  enter_phase("reading the data");
  actors::Recording recording = recording_of(experiment_);
  source_ = prepare_data(experiment_, inventory_.catalogs());
  test_ = prepare_test(experiment_, inventory_.catalogs(), source_);
  optimum_ = std::async(std::launch::async,
                        [this] { return find_optimum(experiment_, inventory_.catalogs(), source_); });
  digest_ = std::async(std::launch::async, [this] {
    return source_.path.empty() ? std::string() : sha256_file_hex(source_.path);
  });
  start_hosts();
  enter_phase("sending the data");
  const actors::Layout layout = deploy(source_);
  enter_phase("solving for the optimum");
  const std::optional<double> f_star = optimum_.get();
  data_sha256_ = digest_.get();
  check_aborted();
  enter_phase("starting the actors");
  actors::JobSpec spec = experiment_.job;
  spec.simulation = {};  // here times are what they are
  supervisor_ = supervise(spec, layout, f_star, std::move(recording));
  push(Running{[supervisor = supervisor_] { supervisor->stop(); }});
  const std::uint64_t rounds = spec.evaluate.every_rounds;
  enter_phase(rounds != 0 ? fmt::format("in the first {} rounds, or setting up the workers", rounds)
                          : "before the second evaluation, or setting up the workers");
  return supervisor_->run();
}

void Driver::start_nodes(const std::vector<launcher::HostInfo>& hosts) {
  enter_phase("starting the nodes");
  const std::vector<runtime::HostSlots> slots = slots_of(experiment_.launcher, hosts);
  const auto of_job = [&] {
    const std::uint32_t dim = inventory_.catalogs().problems.dim(experiment_.job.problem, source_.info);
    return lay_out(experiment_.job, slots, dim);
  };
  JobLayout layout = experiment_.plain() ? lay_out(experiment_.groups, slots) : of_job();
  const auto run = static_cast<std::uint64_t>(std::stoull(random_hex(15), nullptr, 16));
  network_ = std::make_unique<NetworkPlan>(experiment_.network, hosts, runtime_folder_->path(), run,
                                           launcher::own_addresses());
  NetworkPlan& network = *network_;
  for (const launcher::HostInfo& host : hosts) {
    leave_nothing_on(host);
  }
  runtime_folder_->make();
  control_ =
      std::make_unique<ControlSocket>(ControlSocket::path_in(runtime_folder_->path()),
                                      [this](const std::string& request) { return take_request(request); });
  std::vector<runtime::NodeId> ids;
  for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
    ids.push_back(static_cast<runtime::NodeId>(i + 1));
    network.add_node(ids.back(), layout.nodes[i].host);
  }
  sockets_ = std::make_unique<runtime::ZmqSockets>(network.driver());
  fingerprint_ = fingerprint_of(experiment_, folder_.id());
  slots_ = slots;

  runtime::SystemOptions options;
  options.run = run;
  options.fingerprint = fingerprint_;
  options.clock = &clock_;
  options.make_log = [this](const std::string& actor) -> std::unique_ptr<Log> {
    return std::make_unique<FolderLog>(folder_, actor == "monitor" ? actor : "driver", this_host(), clock_);
  };
  options.on_failure = [this](const std::string& why) {
    Done done;
    done.error = std::make_exception_ptr(Error(why));
    push(std::move(done));
  };
  options.on_suspect = [this](runtime::NodeId node, std::chrono::nanoseconds) { push(Silent{node, false}); };
  options.on_well = [this](runtime::NodeId node, std::chrono::nanoseconds) { push(Silent{node, true}); };
  options.on_dead = [this](runtime::NodeId node, const std::string& cause) { push(Dead{node, cause}); };
  auto system = std::make_unique<runtime::System>(options, inventory_.registry(), sockets_->data(),
                                                  sockets_->control());
  for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
    const runtime::NodeId id = system->expect(layout.nodes[i].name);
    WISP_CHECK(id == ids[i], "the driver issues node numbers from 1 up");
  }
  {
    std::lock_guard lock(mutex_);
    layout_ = layout;
    node_ids_ = ids;
    attempts_.assign(ids.size(), 1);
    next_node_id_ = static_cast<runtime::NodeId>(ids.size() + 1);
    for (const launcher::HostInfo& host : hosts) {
      if (!host.local)
        addresses_[host.name] = network.tunnel() ? host.address : network.address_of(host.name);
    }
    system_ = std::move(system);
  }
  if (network.tunnel()) open_tunnel(network);
  for (std::size_t i = 0; i < layout.nodes.size(); ++i) start_node(i, 1);
  system_->wait_for(
      ids, experiment_.launcher.timeouts.start, [this](const std::vector<std::string>& missing) {
        check_aborted();
        std::string names;
        for (std::size_t i = 0; i < std::min(missing.size(), kNamesMax); ++i) {
          const NodePlan* node = find_node(missing[i]);
          names += (i == 0 ? "" : ", ") + missing[i] + (node == nullptr ? "" : "@" + node->host);
        }
        if (missing.size() > kNamesMax) names += fmt::format(" and {} more", missing.size() - kNamesMax);
        std::lock_guard lock(mutex_);
        phase_ = "waiting for " + names + ": started, has not joined yet";
      });
  check_ways();
}

// How many nodes before it are on the same host.
// The sockets of a job that dies without a word go with its agent.
void Driver::leave_nothing_on(const launcher::HostInfo& host) {
  if (host.local || network_->ipc()) fleet_->remove_at_end(host.name, runtime_folder_->path());
}

int Driver::local_rank(std::size_t index) const {
  const auto begin = layout_.nodes.begin();
  return static_cast<int>(
      std::count_if(begin, begin + static_cast<std::ptrdiff_t>(index),
                    [&](const NodePlan& node) { return node.host == layout_.nodes[index].host; }));
}

// Under the number that the driver has for it now.
void Driver::start_node(std::size_t index, std::uint32_t attempt) {
  const NodePlan& node = layout_.nodes[index];
  runtime::NodeParameters parameters = network_->parameters(node_ids_[index], node, sockets_->addresses());
  parameters.fingerprint = fingerprint_;
  parameters.log_level = parse_level(experiment_.launcher.logs.level).value_or(Level::kInfo);
  parameters.plugins = plugins_on(node.host);
  parameters.disturbed = std::any_of(experiment_.chaos.begin(), experiment_.chaos.end(),
                                     [](const auto& each) { return each.is_of_network(); });
  launcher::Process process;
  process.name = node.name;
  process.attempt = attempt;
  process.arguments = {"node"};
  process.input = node_input(parameters);
  process.environment = node.env;
  process.folder = working_folders_[node.host];
  process.memory_max = node.memory;
  process.nice = node.nice;
  process.environment["WISP_JOB_ID"] = state_.job + "-" + folder_.id();
  process.environment["WISP_ACTOR"] = node.actors.front();
  process.environment["WISP_RANK"] = std::to_string(index);
  process.environment["WISP_LOCAL_RANK"] = std::to_string(local_rank(index));
  process.environment["WISP_WORLD_SIZE"] = std::to_string(layout_.nodes.size());
  process.environment["WISP_ATTEMPT"] = std::to_string(attempt);
  process.environment["WISP_LOG_DIR"] = (folder_.path() / "logs").string();
  fleet_->start(node.host, std::move(process));
}

// Workers don't talk to each other, relays do; plain actors all may.
void Driver::open_tunnel(NetworkPlan& network) {
  enter_phase("opening the tunnel");
  const auto is_master = [&](runtime::NodeId id) { return find_node(id)->name == layout_.master_node; };
  const auto is_relay = [&](runtime::NodeId id) {
    const auto& relays = layout_.relays;
    return std::any_of(relays.begin(), relays.end(),
                       [&](const auto& relay) { return relay.node == find_node(id)->name; });
  };
  const auto talk = [&](runtime::NodeId a, runtime::NodeId b) {
    return experiment_.plain() || is_master(a) || is_master(b) || (is_relay(a) && is_relay(b));
  };
  for (const auto& [host, forwards] : network.forwards(talk)) {
    fleet_->forward(host, forwards);
    check_aborted();
  }
  enter_phase("starting the nodes");
}

// Both ways between nodes of different hosts: between the master's and all others, and from each relay to the
// next; of plain actors, between all.
void Driver::check_ways() {
  enter_phase("the nodes look for each other");
  std::vector<std::pair<std::size_t, runtime::Future<std::vector<runtime::NodeId>>>> searches;
  for (std::size_t from = 0; from < layout_.nodes.size(); ++from) {
    const NodePlan& node = layout_.nodes[from];
    const bool to_all = experiment_.plain() || node.name == layout_.master_node;
    const std::string next = next_relay(node.name);
    std::vector<runtime::NodeId> others;
    for (std::size_t to = 0; to < layout_.nodes.size(); ++to) {
      const NodePlan& other = layout_.nodes[to];
      if (other.host != node.host && (to_all || other.name == next)) others.push_back(node_ids_[to]);
    }
    if (!others.empty()) {
      searches.emplace_back(from, system_->find_unreachable(node_ids_[from], others, kWaySearch));
    }
  }
  for (auto& [from, search] : searches) {
    const std::vector<runtime::NodeId> unreachable = search.get(2 * kWaySearch);
    check_aborted();
    if (!unreachable.empty()) throw Error(no_way(from, unreachable.front()), Fault::kHost);
  }
}

// The node of the relay that follows the one on `node`; empty if there is none.
std::string Driver::next_relay(const std::string& node) const {
  const auto& relays = layout_.relays;
  const auto here = std::find_if(relays.begin(), relays.end(),
                                 [&](const actors::RelayPlace& relay) { return relay.node == node; });
  return here == relays.end() || here + 1 == relays.end() ? "" : (here + 1)->node;
}

std::string Driver::no_way(std::size_t from, runtime::NodeId to) const {
  const NodePlan& here = layout_.nodes[from];
  const NodePlan& there = *find_node(to);
  if (experiment_.network.tunnel) {
    return fmt::format(
        "{}@{} and {}@{} do not hear each other through the tunnel\n"
        "    `AllowTcpForwarding yes` must be in the sshd_config of both",
        here.name, here.host, there.name, there.host);
  }
  return fmt::format(
      "{}@{} ({}) and {}@{} ({}) do not hear each other\n"
      "    is there a firewall between them? ports {}-{} (network.ports) must be open both ways;\n"
      "    or are these not the addresses that they have for each other (hosts.{}.address)?",
      here.name, here.host, system_->endpoint_of(node_ids_[from]), there.name, there.host,
      system_->endpoint_of(to), experiment_.network.port_first, experiment_.network.port_last, there.host);
}

// Elsewhere they lie beside the libraries that the launcher brought.
std::vector<std::string> Driver::plugins_on(const std::string& host) const {
  const bool here = fleet_->host(host).local;
  std::vector<std::string> paths;
  for (const std::filesystem::path& plugin : inventory_.plugins()) {
    paths.push_back(here ? plugin.string() : plugin.filename().string());
  }
  return paths;
}

actors::Layout Driver::deploy(const problems::Source& source) {
  actors::Layout layout;
  layout.master_node = layout_.master_node;
  layout.worker_nodes = layout_.worker_nodes;
  layout.relays = layout_.relays;
  const actors::JobSpec& job = experiment_.job;
  for (std::uint32_t i = 0; i < job.worker.replicas; ++i) {
    layout.sources.push_back(deploy_rows(job.problem, source, i));
    if (test_) layout.tests.push_back(deploy_rows(problems::Catalog::test_spec(job.problem), *test_, i));
    check_aborted();
  }
  return layout;
}

problems::Source Driver::deploy_rows(const problems::ProblemSpec& spec, const problems::Source& source,
                                     std::uint32_t worker) {
  problems::Source mine = source;
  const std::string& host = layout_.worker_hosts[worker];
  if (problems::Catalog::needs_no_file(spec) || fleet_->host(host).local) return mine;
  const actors::JobSpec& job = experiment_.job;
  std::ostringstream rows;
  inventory_.catalogs().problems.write_shard(spec, source, worker, job.worker.replicas, job.seed, rows);
  const std::string text = std::move(rows).str();
  mine.path = fleet_->put_bytes(host, Bytes::copy(std::as_bytes(std::span(text))));
  mine.is_shard = true;
  return mine;
}

}  // namespace wisp::cli
