#include "actors/worker.h"

#include <utility>

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
  codec_ = p.method.wire.codec().value_or(sparse::native_codec<T>());
  indices_ = p.method.wire.index_choice();
  auto objective = catalogs_.problems.make_objective<T>(p.problem, p.source, p.worker, p.workers, p.seed);
  const problems::Smoothness smoothness = objective->smoothness();
  Shard shard;
  shard.rows = objective->rows();
  shard.dim = objective->dim();
  shard.L = smoothness.L;
  shard.mu = smoothness.mu;
  shard.L_sample = smoothness.L_sample;
  shard.samples = smoothness.samples;
  if (!p.test.path.empty()) {
    test_ = catalogs_.problems.make_objective<T>(problems::Catalog::test_spec(p.problem), p.test, p.worker,
                                                 p.workers, p.seed);
  }
  down_ = std::make_unique<ModelDecoder<T>>(shard.dim);
  rule_ = catalogs_.methods.make_worker<T>(p.seed, p.worker, p.workers, shard.dim, p.method, &meter_);
  objective_ = std::make_unique<TimedObjective<T>>(
      std::move(objective), [this] { return this->context().now(); }, gradient_time_, rows_used_);
  this->context().log().info(
      fmt::format("{} rows, dimension {}, L {:.6g}, mu {:.6g}", shard.rows, shard.dim, shard.L, shard.mu));
  return shard;
}

template <class T>
void Worker<T>::check(const Model<T>& model) const {
  if (objective_ == nullptr) throw Error("asked to work before set_up");
  if (model.vector.dim != objective_->dim()) {
    throw Error(
        fmt::format("a model of dimension {} where {} is expected", model.vector.dim, objective_->dim()));
  }
}

template <class T>
void Worker<T>::receive(Model<T> model) {
  received_ = model.version;
  for (const runtime::Promise<void>& each : std::exchange(waiting_, {})) each.set();  // they go on later
  check(model);
  static_cast<void>(down_->take(model));
}

template <class T>
runtime::Task<bool> Worker<T>::take(Model<T> model, ModelDecoder<T>& into) {
  while (model.awaited && received_ < model.base) {
    const runtime::Promise<void> arrival("a model from the relay");
    waiting_.push_back(arrival);
    auto arrived = arrival.future();
    co_await arrived;
  }
  const bool taken = into.take(model);
  if (!taken) {
    this->context().log().warn(
        fmt::format("lacks version {} of the model, which the master takes it to have", model.base));
  }
  co_return taken;
}

template <class T>
runtime::Task<std::optional<Update<T>>> Worker<T>::step(Model<T> model) {
  check(model);
  const std::uint64_t round = model.round;
  const bool taken = co_await take(std::move(model), *down_);
  std::optional<Update<T>> answer;
  if (taken) answer = update(round);
  down_->let_go();
  co_return answer;
}

template <class T>
Update<T> Worker<T>::update(std::uint64_t round) {
  this->context().log().set_round(round);
  const auto before = gradient_time_;
  Update<T> update;
  update.round = round;
  meter_.wanted = std::exchange(measure_next_, false);
  auto& here = update.here.emplace();
  here.vector = checked_step(round);
  here.indices = indices_;
  here.payload_bytes = sparse::payload_bytes(here.vector, indices_);
  update.gradient_ns = static_cast<std::uint64_t>((gradient_time_ - before).count());
  ++steps_;
  log_progress(round, here.vector.nnz(), here.payload_bytes);
  return update;
}

// What a method of a plugin makes may be anything.
template <class T>
sparse::Vector<T> Worker<T>::checked_step(std::uint64_t round) {
  sparse::Vector<T> vector = rule_->step(round, down_->model(), *objective_);
  const auto refuse = [&](const std::string& why) {
    throw Error(fmt::format("the update of method {} {}", parameters_.method.kind, why));
  };
  try {
    vector.check(objective_->dim());
  } catch (const DecodeError& error) {  // it does not know where the vector comes from
    refuse(fmt::format("is malformed: {}", error.what()));
  }
  const auto codec = vector.coded ? vector.coded->codec : sparse::native_codec<T>();
  if (codec != codec_) {
    refuse(
        fmt::format("has values as {} where wire_dtype says {}: it does not choose them by make_sparsifier()",
                    to_string(codec), to_string(codec_)));
  }
  if (indices_ == sparse::IndexChoice::kSeeded && !vector.drawn) {
    refuse("has indices that its sparsifier does not say how to draw again; use indices: auto");
  }
  return vector;
}

template <class T>
void Worker<T>::log_progress(std::uint64_t round, std::size_t values, std::size_t bytes) {
  const auto now = this->context().now();
  if (round != 0 && now - logged_at_ < kLogEvery) return;
  logged_at_ = now;
  const double milliseconds = std::chrono::duration<double, std::milli>(gradient_time_).count();
  this->context().log().info(fmt::format("gradient {:.3g} ms a round, {} of {} values sent, {} bytes",
                                         milliseconds / static_cast<double>(steps_), values,
                                         objective_->dim(), bytes));
}

template <class T>
runtime::Task<std::optional<Evaluation>> Worker<T>::evaluate(Model<T> model) {
  check(model);
  ModelDecoder<T> beside(objective_->dim());
  ModelDecoder<T>& at = model.version == 0 ? beside : *down_;
  const bool taken = co_await take(std::move(model), at);
  std::optional<Evaluation> found;
  if (taken) found = evaluation(at.model());
  at.let_go();
  co_return found;
}

template <class T>
Evaluation Worker<T>::evaluation(std::span<const T> x) {
  Evaluation found;
  found.loss = objective_->loss(x);
  found.rows_used = rows_used_;
  found.kept_mass = meter_.kept;
  found.whole_mass = meter_.whole;
  found.memory_norm = meter_.memory;
  measure_next_ = true;
  return found;
}

template <class T>
runtime::Task<std::optional<TestResult>> Worker<T>::test(Model<T> model) {
  check(model);
  if (test_ == nullptr) throw Error("asked for a test without test rows");
  ModelDecoder<T> beside(objective_->dim());
  ModelDecoder<T>& at = model.version == 0 ? beside : *down_;
  const bool taken = co_await take(std::move(model), at);
  std::optional<TestResult> found;
  if (taken) {
    TestResult result;
    result.loss = test_->loss(at.model());
    result.rows = test_->rows();
    result.correct = test_->correct(at.model());
    found = result;
  }
  at.let_go();
  co_return found;
}

template <class T>
std::vector<T> Worker<T>::random_start() {
  if (objective_ == nullptr) throw Error("asked to work before set_up");
  std::vector<T> x(objective_->dim());
  objective_->random_start(parameters_.seed, x);
  return x;
}

template class Worker<float>;
template class Worker<double>;

}  // namespace wisp::actors
