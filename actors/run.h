#pragma once
// Run: what the masters have in common: x and its rule, taking updates in, the loss, when to stop, the
// report.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/catalogs.h"
#include "actors/down_link.h"
#include "actors/iterate.h"
#include "actors/messages.h"
#include "actors/monitor.h"
#include "actors/relay.h"
#include "actors/worker.h"
#include "optim/rule.h"
#include "problems/regulariser.h"
#include "runtime/handle.h"
#include "sparse/received.h"

namespace wisp::actors {

// The job is an argument of its own: inside of the parameters a sparsifier's settings would lie deeper than
// messages may be nested.
struct MasterJob : JobSpec {
  MasterJob() = default;
  explicit MasterJob(JobSpec spec) : JobSpec(std::move(spec)) {}
};

template <class T>
struct MasterParameters {
  MasterParameters() = default;
  std::optional<double> optimum;  // f*, where it is known
  std::vector<runtime::Handle<Worker<T>>> workers;
  runtime::Handle<Monitor> monitor;
  Bytes replay;                                   // the file of job.replay (arrivals.h); empty: none
  std::vector<runtime::Handle<Relay<T>>> relays;  // in the order of the chain; none: the master sends to all
  std::optional<runtime::Handle<Keeper>> keeper;  // of checkpoints; none: there are none
  std::uint32_t attempt = 0;                      // to lead this run; its workers refuse those before
  std::optional<Bytes> state;                     // its part of the checkpoint that it goes on from
  std::chrono::nanoseconds elapsed{0};            // since the run began
  RecoveryFaults faults;
  template <class F>
  void fields(F& f) {
    f(optimum, workers, monitor, replay, relays, keeper, attempt, state, elapsed, faults);
  }
};

// One run of a job, in the hands of a master, which says in which order the updates count. From the master's
// own methods only. T is float or double.
template <class T>
class Run {
 public:
  using Workers = std::vector<runtime::Handle<Worker<T>>>;
  // `catalogs` know the method, and outlive it.
  Run(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs);

  // Has the workers read their rows, and makes the rule by what they found. Once, before the rest. `context`
  // outlives it. `state`: what save() wrote, of a run that goes on; its workers have been rewound to the same
  // cut. Throws Error if the job's consistency is not this master's, or for a state that is not of this job.
  runtime::Task<void> begin(const runtime::Context& context, bool rounds, const std::optional<Bytes>& state);
  // All of the run but its workers. Only when what was absorbed has been applied.
  Bytes save() const;
  // Whether x may be saved: what comes after a value that is not finite is of no use.
  bool is_finite() const;

  const JobSpec& job() const { return job_; }
  const Workers& workers() const { return workers_; }
  // Another actor takes the place of `worker`, with the same rows.
  void replace(std::uint32_t worker, runtime::Handle<Worker<T>> successor);
  // Of the master, which it tells its workers.
  std::uint32_t attempt() const { return attempt_; }
  const runtime::Handle<Monitor>& monitor() const { return monitor_; }
  const Bytes& replay() const { return replay_; }
  // That have been applied.
  std::uint64_t updates() const { return progress_.updates; }
  std::uint64_t rounds() const { return progress_.round; }
  // Bytes of a whole model.
  std::uint64_t model_bytes() const { return iterate_.size() * sizeof(T); }
  // What workers are to have of x: x itself, but for broadcast sparse.
  const Iterate<T>& shown() const { return down_->shown(); }

  // Has every worker make its step `round` at what is shown. The answers, in the order of the workers. Of
  // rounds.
  runtime::Task<std::vector<Update<T>>> ask_for_updates(std::uint64_t round);
  // What is sent to `worker` for its step `round`: what is shown, or something that was shown once. Call it
  // once for each model that leaves. Of asynchronous runs.
  Model<T> model_for(std::uint32_t worker, std::uint64_t round);
  Model<T> model_for(std::uint32_t worker, std::uint64_t round, const Iterate<T>& shown_once);
  // `worker` has answered nothing: it lacks what its model changes. The next one for it is whole.
  void lost(std::uint32_t worker);
  // Takes in the answer of `worker` to its model of `round`, times `weight`. False: it does not count,
  // because job.method.nonfinite rejects it, or because the run has ended by it. Throws Error for an update
  // that breaks the rules.
  [[nodiscard]] bool absorb(std::uint32_t worker, std::uint64_t round, const Update<T>& update, T weight = 1);
  // The same without its being applied: late, and to be dropped.
  void drop(std::uint32_t worker, std::uint64_t round, const Update<T>& update);
  // Applies what was absorbed.
  void advance();
  // Of one that was absorbed.
  void note_staleness(std::uint32_t worker, std::uint64_t staleness);

  // By the job's interval, or because a limit is reached.
  bool evaluation_is_due() const;
  // A limit is reached, or nothing more is to be done: the next evaluation ends the run.
  bool is_to_end() const;
  // Takes the loss, reports, and decides whether the run has ended. The clock of the run stands still
  // meanwhile; nothing may be absorbed. When a worker dies meanwhile (ActorDied) it is still due.
  runtime::Task<void> evaluate();
  bool ended() const { return !status_.empty(); }
  // It has ended where more time, or a later limit, would have it go on.
  bool may_go_on() const { return status_ == "finished" || status_ == "cancelled"; }
  // The next evaluation, which is due at once, ends the run: asked to stop, or there is nothing more to do.
  void cancel() { cancelled_ = true; }
  void end_with(std::string reason) { nothing_left_ = std::move(reason); }

  // Of x: 16 hex digits of SHA-256 over its values.
  std::string hash() const;
  // How it ended. After that nothing is to be done with it.
  Summary summarise();

 private:
  struct Saved;
  void restore(const Bytes& state);
  void count_for_other_workers();
  std::uint64_t wire_bytes() const;
  runtime::Task<std::vector<T>> first_iterate(std::uint32_t dim);
  template <class Answer, auto M>
  runtime::Task<std::vector<Answer>> ask(std::uint64_t round);
  template <class Answer, auto M>
  runtime::Task<std::vector<Answer>> ask_beside();
  template <class Answer, auto M>
  runtime::Task<std::vector<Answer>> ask_at_x();
  bool shares_models(const DownPlan& plan) const;
  bool weighs_models(const DownPlan& plan) const;
  bool by_chain(const Model<T>& model) const;
  void count_down(const Model<T>& model);
  runtime::Task<void> test();
  sparse::Vector<T>& changed();
  void open_tap();
  void copy_to_tap(std::uint32_t worker, const Update<T>& update);
  bool decode(std::uint32_t worker, std::uint64_t round, const Update<T>& update);
  bool is_finite(std::uint32_t worker, std::uint64_t round);
  void count_up(const Update<T>& update);
  void measure(const std::vector<Evaluation>& found);
  std::optional<std::string> limit_reached() const;
  bool time_is_up() const;
  std::chrono::nanoseconds step_time() const;
  std::string why_no_loss() const;
  void keep_good();
  void decide();
  void end(std::string status, std::string reason);
  void log_progress();
  void sort_staleness();

  const JobSpec job_;
  const std::optional<double> optimum_;
  Workers workers_;
  const runtime::Handle<Monitor> monitor_;
  Bytes replay_;
  const std::uint32_t attempt_;
  const std::chrono::nanoseconds elapsed_;
  Chain<T> chain_;
  const Catalogs& catalogs_;
  const runtime::Context* context_ = nullptr;

  Iterate<T> iterate_;
  Iterate<T> good_;  // of the last evaluation with a finite loss
  std::uint64_t good_updates_ = 0;
  std::unique_ptr<optim::MasterRule<T>> rule_;
  bool rounds_ = false;
  bool moves_where_touched_ = false;  // x changes at touched_ only
  std::unique_ptr<ModelEncoder<T>> down_;
  std::uint64_t down_bytes_ = 0;         // of what is shown, sent in its round or for an evaluation before it
  std::uint64_t master_down_bytes_ = 0;  // of those, by the master itself
  std::unique_ptr<problems::Regulariser<T>> regulariser_;  // null: R = 0
  sparse::Received<T> update_;                             // the one that is being taken in
  std::optional<sparse::Vector<T>> changed_;               // in its place, if it is not to count as it came
  std::uint64_t absorbed_ = 0;                             // that are not applied yet
  std::vector<std::uint32_t> rejected_in_a_row_;           // by worker
  std::vector<std::uint32_t> touched_;  // of the last one that was absorbed: its coordinates
  std::uint64_t rows_ = 0;              // of all workers
  double L_ = 0;
  double mu_ = 0;
  double step_ = 0;

  std::unique_ptr<runtime::Tap> tap_;  // null: the job has none
  std::uint64_t not_copied_ = 0;       // updates that nobody took
  bool cancelled_ = false;
  std::string nothing_left_;  // why, if there is nothing more to do
  std::optional<double> first_loss_;
  std::optional<std::uint64_t> evaluated_;  // the updates of the last evaluation
  std::size_t lossless_ = 0;                // the first worker whose loss was not finite
  Progress progress_;
  std::vector<Staleness> staleness_;  // by worker, without those noted since
  std::vector<std::pair<std::uint32_t, std::uint64_t>> noted_;
  std::uint64_t period_ = 0;                  // updates between evaluations; 0: by time
  std::uint64_t due_at_ = 0;                  // updates
  std::chrono::nanoseconds evaluated_at_{0};  // step time
  std::chrono::nanoseconds started_at_{0};
  std::chrono::nanoseconds steps_began_at_{0};
  std::chrono::nanoseconds evaluating_{0};  // time spent on it
  std::uint64_t wire_before_ = 0;           // bytes on the wire, less what the node had before this master
  std::chrono::nanoseconds logged_at_{0};
  std::string status_;
  std::string reason_;
};

extern template class Run<float>;
extern template class Run<double>;

}  // namespace wisp::actors
