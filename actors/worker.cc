#include "actors/worker.h"

#include <fmt/format.h>

#include "actors/timed_objective.h"
#include "base/error.h"

namespace wisp::actors {

namespace {
constexpr std::chrono::seconds kLogEvery{1};
}

template <class T>
Shard Worker<T>::set_up() {
  const WorkerParameters& p = parameters_;
  auto objective = catalogs_.problems.make_objective<T>(p.problem, p.source, p.worker, p.workers, p.seed);
  const problems::Smoothness smoothness = objective->smoothness();
  Shard shard;
  shard.rows = objective->rows();
  shard.dim = objective->dim();
  shard.L = smoothness.L;
  shard.mu = smoothness.mu;
  rule_ = catalogs_.methods.make_worker<T>(p.seed, p.worker, p.workers, shard.dim, p.method);
  objective_ = std::make_unique<TimedObjective<T>>(
      std::move(objective), [this] { return this->context().now(); }, gradient_time_);
  this->context().log().info(
      fmt::format("{} rows, dimension {}, L {:.6g}, mu {:.6g}", shard.rows, shard.dim, shard.L, shard.mu));
  return shard;
}

template <class T>
void Worker<T>::check(const Model<T>& model) const {
  if (objective_ == nullptr) throw Error("asked to work before set_up");
  if (model.iterate.size() != objective_->dim()) {
    throw Error(
        fmt::format("a model of dimension {} where {} is expected", model.iterate.size(), objective_->dim()));
  }
}

template <class T>
Update<T> Worker<T>::step(Model<T> model) {
  check(model);
  this->context().log().set_round(model.round);
  const auto before = gradient_time_;
  Update<T> update;
  update.round = model.round;
  update.vector = rule_->step(model.round, model.iterate, *objective_);
  update.gradient_ns = static_cast<std::uint64_t>((gradient_time_ - before).count());
  ++steps_;
  log_progress(model.round, update);
  return update;
}

template <class T>
void Worker<T>::log_progress(std::uint64_t round, const Update<T>& update) {
  const auto now = this->context().now();
  if (round != 0 && now - logged_at_ < kLogEvery) return;
  logged_at_ = now;
  const double milliseconds = std::chrono::duration<double, std::milli>(gradient_time_).count();
  this->context().log().info(fmt::format("gradient {:.3g} ms a round, {} of {} values sent, {} bytes",
                                         milliseconds / static_cast<double>(steps_), update.vector.nnz(),
                                         objective_->dim(), update.vector.payload_bytes()));
}

template <class T>
double Worker<T>::evaluate(Model<T> model) {
  check(model);
  return objective_->loss(model.iterate);
}

template class Worker<float>;
template class Worker<double>;

}  // namespace wisp::actors
