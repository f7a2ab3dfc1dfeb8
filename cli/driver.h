#pragma once
// Driver: node 0 of a job: starts hosts, nodes and actors, watches them, and sees to it that all of it ends.
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "actors/job.h"
#include "actors/supervisor.h"
#include "base/disk.h"
#include "base/process.h"
#include "cli/chaos.h"
#include "cli/control.h"
#include "cli/failure_report.h"
#include "cli/inventory.h"
#include "cli/layout.h"
#include "cli/network_plan.h"
#include "cli/outcome.h"
#include "cli/progress_line.h"
#include "cli/resumption.h"
#include "cli/runtime_folder.h"
#include "config/experiment.h"
#include "launcher/deployment.h"
#include "launcher/fleet.h"
#include "launcher/job_folder.h"
#include "problems/catalog.h"

namespace wisp::cli {

struct DriverOptions {
  std::filesystem::path runtime_base;  // WISP_RUNTIME_DIR, or empty
  std::string job_file;                // absolute path of the first
  std::function<void()> on_started;    // all actors are there and the run begins
  std::optional<Resumption> resumed;   // what the run goes on from
};

// One run of one job. The thread that calls run() waits for events: signals, reports of the agents, the run's
// end; a second thread conducts the start and waits for the run's summary. SIGINT, SIGTERM and SIGHUP must be
// blocked in every thread before the driver is made; it takes them itself.
class Driver {
 public:
  // `inventory` knows what the experiment names; both outlive the driver.
  Driver(const config::Experiment& experiment, const Inventory& inventory, launcher::JobFolder& folder,
         Display& display, DriverOptions options);
  ~Driver();

  // Until everything of the job has ended. First signal: a graceful stop; second: kill; third: leaves the
  // process at once.
  Outcome run();
  // Something could not be recorded in the job's folder: the run fails. From any thread.
  void cannot_write(const std::string& why) { push(CannotWrite{why}); }
  // After run(): a computation of the start did not heed the stop. The process has to be left by _exit();
  // this object can't be destroyed.
  bool abandoned() const { return abandoned_; }
  // The program's exit status, after run(): by status, or 128 + the signal that ended it.
  int exit_status() const { return exit_status_; }

 private:
  class Recovery;  // driver_recovery.cc
  struct Running {
    std::function<void()> stop;  // null: this job can't be asked
  };
  struct CannotWrite {
    std::string why;
  };
  // A node's heartbeats stay away; and have done so for too long.
  struct Silent {
    runtime::NodeId node;
    bool no_longer = false;
  };
  struct Dead {
    runtime::NodeId node;
    std::string cause;
  };
  // `wisp kill`: these processes are to end.
  struct Kill {
    std::vector<std::string> actors;
    std::shared_ptr<std::promise<std::string>> answer;
  };
  struct Done {
    std::optional<actors::Summary> summary;
    std::exception_ptr error;
  };
  using Event = std::variant<launcher::Started, launcher::Exited, launcher::HostLost, Running, CannotWrite,
                             Silent, Dead, actors::Progress, Kill, Done>;

  // The conducting thread.
  void conduct();
  actors::Summary start_and_wait();
  actors::Summary optimize();
  actors::Summary run_actors();
  void start_hosts();
  void start_nodes(const std::vector<launcher::HostInfo>& hosts);
  void start_node(std::size_t index, std::uint32_t attempt);
  void leave_nothing_on(const launcher::HostInfo& host);
  int local_rank(std::size_t index) const;
  void take_over_metrics(const Resumption& resumption);
  std::string host_for_copies(const std::string& before) const;
  std::string host_of_copies() const;
  void copy_checkpoint(std::uint64_t number, const std::filesystem::path& file);
  void forget_copies();
  std::shared_ptr<actors::Supervisor> supervise(const actors::JobSpec& job, const actors::Layout& layout,
                                                std::optional<double> f_star, actors::Recording recording);
  void open_tunnel(NetworkPlan& network);
  void check_ways();
  std::string no_way(std::size_t from, runtime::NodeId to) const;
  std::string next_relay(const std::string& node) const;
  std::vector<std::string> plugins_on(const std::string& host) const;
  void deploy_files(const std::vector<launcher::HostInfo>& hosts);
  actors::Layout deploy(const problems::Source& source);
  // Worker `worker`'s rows of `source`, brought to its host where that has not got the file.
  problems::Source deploy_rows(const problems::ProblemSpec& spec, const problems::Source& source,
                               std::uint32_t worker);
  void enter_phase(const std::string& phase);
  void check_aborted() const;

  // The event thread.
  void push(Event event);
  void on_agent(const launcher::Event& event);  // the fleet's thread
  void take_line(const launcher::Line& line);   // the fleet's thread
  std::string cause_of(const launcher::Exited& exited) const;
  bool wait_for_event(Event& event, std::chrono::milliseconds wait);
  void handle(const launcher::Started& started);
  void handle(const launcher::Exited& exited);
  void handle(const launcher::HostLost& lost);
  void handle(const Running& running);
  void handle(const CannotWrite& event);
  void handle(const Silent& silent);
  void handle(const Dead& dead);
  void handle(const actors::Progress& progress);
  void handle(const Kill& kill);
  void handle(const Done& done);
  void handle_signal(int signal);
  void tick();
  std::string take_request(const std::string& request);  // the control socket's thread
  std::vector<const NodePlan*> nodes_to_kill(const std::vector<std::string>& actors) const;
  void kill_the_stubborn(std::chrono::steady_clock::time_point now);
  bool is_asked_to_end(const std::string& process) const;
  void begin_chaos();  // these and the next: driver_chaos.cc
  void carry_on_chaos(std::chrono::steady_clock::time_point now);
  void carry_out(ChaosAction action);
  void end_chaos();
  std::chrono::milliseconds until_chaos(std::chrono::milliseconds wait) const;
  bool is_running(const std::string& actor) const;
  void say_what_is_waited_for(std::chrono::steady_clock::time_point now);
  void fail(RootCause root);
  void give_up();  // ends whatever the conducting thread waits for
  void end_by_force();
  void stop_fleet(std::chrono::milliseconds grace);
  bool hold_back(Event event);  // these two: driver_slurm.cc
  void release_held(std::chrono::steady_clock::time_point now);
  bool any_node_left() const;
  bool see_events_until(const std::function<bool()>& done, std::chrono::steady_clock::time_point deadline);
  void lose_nodes(const std::function<bool(const NodePlan&)>& which, const std::string& cause);
  bool is_supervised() const;
  std::optional<NodePlan> node_of(const std::string& name, std::uint32_t attempt) const;
  void report_end(const NodePlan& node, const std::string& cause, Fault fault);
  void give_up_the_dying(std::chrono::steady_clock::time_point now);
  void tear_down();
  void drain_events();
  Outcome conclude();
  RootCause root_of(const std::exception_ptr& thrown) const;
  void write_records(const Outcome& outcome);
  void set_state(const std::string& actor, const std::string& state, const std::string& cause);
  std::uint32_t attempt_of(const std::string& actor) const;
  void write_state(bool now);
  const NodePlan* find_node(const std::string& name) const;
  const NodePlan* find_node(runtime::NodeId id) const;

  const config::Experiment& experiment_;
  const Inventory& inventory_;
  launcher::JobFolder& folder_;
  Display& display_;
  const DriverOptions options_;
  const SystemClock clock_;
  SystemDisk disk_;
  Descriptor signals_;
  Descriptor wake_;

  std::unique_ptr<RuntimeFolder> runtime_folder_;
  std::unique_ptr<launcher::Fleet> fleet_;
  std::unique_ptr<launcher::Deployment> deployment_;
  std::unique_ptr<ControlSocket> control_;

  mutable std::mutex mutex_;  // guards what follows, up to the blank line
  std::string copies_on_;     // the host that has the second copy of checkpoints; empty: none yet
  std::deque<Event> events_;
  std::string phase_;
  std::chrono::steady_clock::time_point phase_since_{};
  std::string abort_reason_;
  std::map<std::string, std::string> last_errors_;  // by process: the last line of that level
  JobLayout layout_;
  std::vector<runtime::NodeId> node_ids_;
  std::vector<std::uint32_t> attempts_;  // of each node
  runtime::NodeId next_node_id_ = 1;
  std::condition_variable ended_changed_;         // the next, or abort_reason_
  std::vector<actors::Stage::Ended> ended_;       // that the supervisor has not been told of
  bool supervised_ = false;                       // a node's end is the supervisor's to answer
  std::map<std::string, std::string> addresses_;  // by host, but for this machine
  std::unique_ptr<runtime::System> system_;

  // The conducting thread's, until it is joined.
  problems::Source source_;
  std::optional<problems::Source> test_;
  std::future<std::optional<double>> optimum_;
  std::future<std::string> digest_;
  std::string data_sha256_;
  std::map<std::string, std::string> working_folders_;  // by host
  std::unique_ptr<NetworkPlan> network_;
  std::unique_ptr<runtime::ZmqSockets> sockets_;
  std::string fingerprint_;
  std::vector<runtime::HostSlots> slots_;
  std::unique_ptr<actors::Stage> recovery_;
  std::shared_ptr<actors::Supervisor> supervisor_;
  std::thread conductor_;
  std::function<void()> stop_run_;
  launcher::JobState state_;
  std::map<std::string, std::string> lost_hosts_;  // that are lost now, and by what
  bool state_dirty_ = false;
  std::chrono::steady_clock::time_point state_written_{};
  actors::Progress progress_;
  std::optional<std::chrono::steady_clock::time_point> progressed_at_;
  std::chrono::steady_clock::time_point news_at_{};
  struct Ending {
    std::string host;
    std::chrono::steady_clock::time_point kill_at;
  };
  struct Dying {
    std::string cause;
    std::chrono::steady_clock::time_point until;
  };
  std::map<std::string, Dying> dying_;     // by process: taken for dead, and killed
  std::map<std::string, Ending> endings_;  // by process: what `wisp kill` has sent TERM
  std::optional<ChaosSchedule> chaos_;     // while the run runs
  std::chrono::steady_clock::time_point chaos_began_{};
  std::set<std::string> killed_by_chaos_;  // processes whose end is not known yet
  std::optional<RootCause> root_;
  std::optional<Done> done_;
  bool ending_ = false;
  std::vector<Event> held_;  // ends that a signal to this process, too, would explain
  std::chrono::steady_clock::time_point held_until_{};
  bool holds_ = true;  // not a second time
  int signal_ = 0;
  int signal_count_ = 0;
  std::optional<std::chrono::steady_clock::time_point> kill_at_;
  std::optional<std::chrono::steady_clock::time_point> abandon_at_;
  bool abandoned_ = false;
  std::mutex teardown_mutex_;  // guards the next
  std::string teardown_problem_;
  int exit_status_ = 1;
};

}  // namespace wisp::cli
