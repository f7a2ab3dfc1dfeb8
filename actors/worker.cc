#include "actors/worker.h"

#include <utility>

#include <fmt/format.h>

#include "actors/timed_objective.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "sparse/received.h"

namespace wisp::actors {

namespace {

constexpr std::chrono::seconds kLogEvery{1};
constexpr int kMemoryMax = 1000;  // times the norm of a step

// All that a step leaves behind for the next one, and what evaluations tell of the steps so far.
struct Saved {
  Saved() = default;
  Bytes rule;
  std::uint64_t round = 0;
  std::uint64_t rows_used = 0;
  bool measure_next = true;
  std::optional<double> kept_mass;
  std::optional<double> whole_mass;
  std::optional<double> memory_norm;
  template <class F>
  void fields(F& f) {
    f(rule, round, rows_used, measure_next, kept_mass, whole_mass, memory_norm);
  }
};

}  // namespace

template <class T>
void Worker<T>::rewind(std::uint32_t attempt, std::optional<Bytes> state) {
  attempt_ = attempt;
  state_ = std::move(state);
  received_ = 0;
  if (down_) *down_ = ModelDecoder<T>(shard_.dim);  // who waits for a model finds that it lacks it
  for (const runtime::Promise<void>& each : std::exchange(waiting_, {})) each.set();
}

template <class T>
Shard Worker<T>::set_up(std::uint32_t attempt) {
  check(attempt);
  if (objective_ == nullptr) {
    shard_ = read_rows();
    down_ = std::make_unique<ModelDecoder<T>>(shard_.dim);
  }
  const WorkerParameters& p = parameters_;
  *down_ = ModelDecoder<T>(shard_.dim);
  if (p.faults.no_rewind && rule_ != nullptr) return shard_;
  rule_ = catalogs_.methods.make_worker<T>(p.seed, p.worker, p.workers, shard_.dim, p.method, &meter_);
  meter_ = {};
  measure_next_ = true;
  rows_used_ = 0;
  round_ = 0;
  if (state_) return_to(*state_);
  state_.reset();
  shard_.round = round_;
  return shard_;
}

template <class T>
Shard Worker<T>::read_rows() {
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
  objective_ = std::make_unique<TimedObjective<T>>(
      std::move(objective), [this] { return this->context().now(); }, gradient_time_, rows_used_);
  this->context().log().info(
      fmt::format("{} rows, dimension {}, L {:.6g}, mu {:.6g}", shard.rows, shard.dim, shard.L, shard.mu));
  return shard;
}

template <class T>
void Worker<T>::return_to(const Bytes& state) {
  Saved saved;
  try {
    saved = unpack<Saved>(state);
    Unpacker rule(saved.rule);
    rule_->restore(rule);
    rule.expect_end();
  } catch (const DecodeError& error) {  // it does not know whose state it is
    throw Error(
        fmt::format("the saved state of {} can't be restored: {}", this->context().name(), error.what()));
  }
  round_ = saved.round;
  rows_used_ = saved.rows_used;
  measure_next_ = saved.measure_next;
  meter_.kept = saved.kept_mass;
  meter_.whole = saved.whole_mass;
  meter_.memory = saved.memory_norm;
  this->context().log().info(fmt::format("goes on from its state before round {}", round_));
}

template <class T>
void Worker<T>::recall(std::uint32_t attempt, std::vector<Update<T>> sent) {
  check(attempt);
  sparse::Received<T> received;
  for (const Update<T>& update : sent) {
    received.take(update.vector, shard_.dim,
                  sparse::DrawKey{parameters_.seed, parameters_.worker, update.round});
    rule_->recall(received.view());
    round_ = update.round + 1;
  }
  if (sent.empty()) return;
  this->context().log().info(
      fmt::format("{} updates that it sent since then are taken note of", sent.size()));
}

template <class T>
runtime::Task<void> Worker<T>::checkpoint(std::uint32_t attempt, std::uint64_t cut) {
  if (!parameters_.keeper || rule_ == nullptr || attempt != attempt_) co_return;
  if (parameters_.faults.late_part) {
    late_cut_ = cut;
  } else {
    co_await give_part(cut);
  }
}

template <class T>
Bytes Worker<T>::state() const {
  failpoint("worker.part");
  Saved saved;
  Packer rule;
  rule_->save(rule);
  saved.rule = rule.finish();
  saved.round = round_;
  saved.rows_used = rows_used_;
  saved.measure_next = measure_next_;
  saved.kept_mass = meter_.kept;
  saved.whole_mass = meter_.whole;
  saved.memory_norm = meter_.memory;
  return pack(saved);
}

template <class T>
runtime::Task<void> Worker<T>::give_part(std::uint64_t cut) {
  Part part(attempt_, cut, this->context().name(), {});
  try {
    part.state = state();
  } catch (const Error& error) {  // or the cut would wait for this part for ever
    part.failure = error.what();
  }
  co_await parameters_.keeper->template send<&Keeper::put>(part);
  failpoint("worker.part_sent");
}

// What an earlier master said may come later than the rewind to a new one's attempt: on another way.
template <class T>
void Worker<T>::check(std::uint32_t attempt) const {
  if (attempt != attempt_) throw Error("asked by an earlier master");
}

template <class T>
void Worker<T>::check(const Model<T>& model) const {
  if (rule_ == nullptr) throw Error("asked to work before set_up");
  if (model.attempt != attempt_) throw Error("a model of an earlier master");
  if (model.vector.dim != objective_->dim()) {
    throw Error(
        fmt::format("a model of dimension {} where {} is expected", model.vector.dim, objective_->dim()));
  }
}

template <class T>
void Worker<T>::receive(Model<T> model) {
  if (model.attempt != attempt_) return;
  received_ = model.version;
  for (const runtime::Promise<void>& each : std::exchange(waiting_, {})) each.set();  // they go on later
  check(model);
  static_cast<void>(down_->take(model));
}

template <class T>
runtime::Task<bool> Worker<T>::take(Model<T> model, ModelDecoder<T>& into) {
  const auto is_late = [&] { return model.attempt != attempt_; };
  while (model.awaited && received_ < model.base && !is_late()) {
    const runtime::Promise<void> arrival("a model from the relay");
    waiting_.push_back(arrival);
    auto arrived = arrival.future();
    co_await arrived;
  }
  const bool taken = !is_late() && into.take(model);
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
  failpoint("worker.stepped");
  if (taken && late_cut_) this->context().begin(give_part(*std::exchange(late_cut_, std::nullopt)));
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
  round_ = round + 1;
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
  warn_of_memory();
  return found;
}

// What is kept for later may be some steps' worth: as many as pass between two choices of a coordinate.
template <class T>
void Worker<T>::warn_of_memory() {
  if (warned_of_memory_ || !meter_.memory || !meter_.step || *meter_.step == 0) return;
  if (*meter_.memory <= kMemoryMax * *meter_.step) return;
  warned_of_memory_ = true;
  this->context().log().warn(fmt::format(
      "what was left out so far has norm {:.3g}, over {} times that of the last step ({:.3g}): it "
      "comes late and at once; have the sparsifier send more, or take a smaller step",
      *meter_.memory, kMemoryMax, *meter_.step));
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
