#pragma once
// RoundMaster: the synchronous master of P2: broadcast the model, take in every worker's update, step.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/catalogs.h"
#include "actors/messages.h"
#include "actors/monitor.h"
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
  template <class F>
  void fields(F& f) {
    f(optimum, workers, monitor);
  }
};

// T is float or double ("master/float32", "master/float64"). Updates are taken in in the order of the
// workers, so a run gives the same bits wherever they live.
template <class T>
class RoundMaster : public runtime::Actor {
 public:
  using Constructor = void(MasterJob, MasterParameters<T>);
  // `catalogs` know the method, and outlive it.
  RoundMaster(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs)
      : catalogs_(catalogs),
        job_(std::move(job)),
        optimum_(parameters.optimum),
        workers_(std::move(parameters.workers)),
        monitor_(std::move(parameters.monitor)) {}

  // The whole run; called once. Throws ActorError or ActorDied of the first worker that failed.
  runtime::Task<Summary> run();
  // Ends the run after the round that is under way: status cancelled.
  void stop() { cancelled_ = true; }

 private:
  using Workers = std::vector<runtime::Handle<Worker<T>>>;

  runtime::Task<void> set_up();
  runtime::Task<std::vector<T>> first_iterate(std::uint32_t dim);
  runtime::Task<void> evaluate();
  runtime::Task<void> test(const Model<T>& model);
  runtime::Task<void> round();
  void absorb(std::size_t worker, const Update<T>& update);
  void open_tap();
  void copy_to_tap(std::size_t worker, const Update<T>& update);
  bool time_is_up() const;
  bool ended();
  void end(std::string status, std::string reason);
  Summary summarise() const;
  void log_progress();

  const Catalogs& catalogs_;
  const JobSpec job_;
  const std::optional<double> optimum_;
  const Workers workers_;
  const runtime::Handle<Monitor> monitor_;

  std::vector<T> iterate_;
  std::unique_ptr<optim::MasterRule<T>> rule_;
  std::unique_ptr<problems::Regulariser<T>> regulariser_;  // null: R = 0
  sparse::Received<T> update_;                             // the update that is being taken in
  double L_ = 0;
  double mu_ = 0;
  double step_ = 0;

  std::unique_ptr<runtime::Tap> tap_;  // null: the job has none
  std::uint64_t not_copied_ = 0;       // updates that nobody took
  bool cancelled_ = false;
  std::optional<double> first_loss_;
  Progress progress_;
  std::chrono::nanoseconds started_at_{0};
  std::chrono::nanoseconds round_time_{0};
  std::chrono::nanoseconds logged_at_{0};
  std::string status_;
  std::string reason_;
};

extern template class RoundMaster<float>;
extern template class RoundMaster<double>;

}  // namespace wisp::actors
