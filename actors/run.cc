#include "actors/run.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/hash.h"

namespace wisp::actors {

namespace {

constexpr std::chrono::seconds kLogEvery{1};
constexpr std::uint32_t kRejectedMax = 10;  // of one worker in a row
constexpr std::size_t kNotedMost = 1024;
constexpr std::size_t kChainFrom = std::size_t{16} << 10;  // less is sooner at all workers without a chain

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

// A replay ends where its record does: what stopped the run that was recorded may have been its clock.
MasterJob without_limits(MasterJob job, bool replayed) {
  if (!replayed) return job;
  const double diverged = job.stop.diverged;
  job.stop = {};
  job.stop.diverged = diverged;
  return job;
}

}  // namespace

template <class T>
Run<T>::Run(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs)
    : job_(without_limits(std::move(job), !parameters.replay.empty())),
      optimum_(parameters.optimum),
      workers_(std::move(parameters.workers)),
      monitor_(std::move(parameters.monitor)),
      replay_(std::move(parameters.replay)),
      attempt_(parameters.attempt),
      elapsed_(parameters.elapsed),
      chain_(std::move(parameters.relays)),
      catalogs_(catalogs),
      rejected_in_a_row_(workers_.size()),
      staleness_(workers_.size()) {
  const EvaluateSpec& every = job_.evaluate;
  period_ = every.every_rounds != 0 ? every.every_rounds * workers_.size() : every.every_updates;
}

template <class T>
runtime::Task<void> Run<T>::begin(const runtime::Context& context, bool rounds,
                                  const std::optional<Bytes>& state) {
  context_ = &context;
  rounds_ = rounds;
  const std::string consistency = catalogs_.methods.consistency_of(job_.method);
  if ((consistency == "sync") != rounds) {
    throw Error(fmt::format("a job of consistency {} was given to the master of {}", consistency,
                            rounds ? "rounds" : "asynchronous runs"));
  }
  started_at_ = context_->now() - elapsed_;
  const std::vector<Shard> shards = co_await runtime::call<&Worker<T>::set_up>(workers_, attempt_);
  problems::Smoothness smoothness = shards.front().smoothness();
  for (const Shard& shard : shards) {
    smoothness.join(shard.smoothness());
    rows_ += shard.rows;
  }
  const auto workers = static_cast<std::uint32_t>(workers_.size());
  const std::uint32_t dim = shards.front().dim;
  const optim::MethodNumbers numbers = catalogs_.methods.numbers(workers, dim, job_.method, smoothness);
  rule_ = catalogs_.methods.make_master<T>(workers, dim, job_.method, smoothness, job_.problem.regulariser,
                                           job_.seed);
  regulariser_ = problems::make_regulariser<T>(job_.problem.regulariser);
  if (!state) iterate_ = co_await first_iterate(dim);
  DownPlan plan = down_plan(catalogs_.methods.broadcast_of(job_.method), dim, workers,
                            rounds ? DownPlan::Bases::kCommon : DownPlan::Bases::kEach);
  plan.attempt = attempt_;
  plan.shares = shares_models(plan);
  moves_where_touched_ = !rounds && rule_->keeps_to_updates();
  plan.weighs = weighs_models(plan);
  down_ = std::make_unique<ModelEncoder<T>>(plan, dim, workers);
  if (state) {
    iterate_ = std::vector<T>(dim);
    restore(*state);
  } else {
    down_->show(iterate_);
  }
  L_ = smoothness.L;
  mu_ = smoothness.mu;
  step_ = numbers.step;
  context_->log().info(fmt::format("{} workers, dimension {}, L {:.6g}, mu {:.6g}, step {:.6g}", workers, dim,
                                   L_, mu_, step_));
  open_tap();
}

template <class T>
struct Run<T>::Saved {
  Saved() = default;
  Bytes iterate;
  Bytes rule;
  std::optional<Bytes> shown;  // to the workers, where that is something else
  Progress progress;
  std::optional<double> first_loss;
  std::optional<std::uint64_t> evaluated;
  std::vector<Staleness> staleness;  // by worker
  std::uint64_t due_at = 0;
  std::chrono::nanoseconds evaluated_at{0};
  std::chrono::nanoseconds step_time{0};
  std::chrono::nanoseconds elapsed{0};
  std::uint64_t wire_bytes = 0;
  template <class F>
  void fields(F& f) {
    f(iterate, rule, shown, progress, first_loss, evaluated, staleness, due_at, evaluated_at, step_time,
      elapsed, wire_bytes);
  }
};

template <class T>
Bytes Run<T>::save() const {
  WISP_CHECK(absorbed_ == 0, "a run is saved between updates");
  Saved saved;
  saved.iterate = iterate_.bytes();
  Packer rule;
  rule_->save(rule);
  saved.rule = rule.finish();
  if (!down_->is_exact()) saved.shown = down_->shown().bytes();
  saved.progress = progress_;
  saved.first_loss = first_loss_;
  saved.evaluated = evaluated_;
  saved.staleness = staleness_;
  for (const auto& [worker, staleness] : noted_) saved.staleness[worker].add(staleness);
  saved.due_at = due_at_;
  saved.evaluated_at = evaluated_at_;
  saved.step_time = step_time();
  saved.elapsed = context_->now() - started_at_;
  saved.wire_bytes = wire_bytes();
  return pack(saved);
}

template <class T>
void Run<T>::restore(const Bytes& state) {
  Saved saved;
  const auto fill = [](Iterate<T>& iterate, const Bytes& bytes) {
    const std::span<T> values = iterate.write();
    if (bytes.size() != values.size_bytes()) {
      throw DecodeError(
          fmt::format("its model has {} bytes, expected {}", bytes.size(), values.size_bytes()));
    }
    std::memcpy(values.data(), bytes.data(), bytes.size());
  };
  try {
    saved = unpack<Saved>(state);
    fill(iterate_, saved.iterate);
    Unpacker rule(saved.rule);
    rule_->restore(rule);
    rule.expect_end();
    if (saved.shown.has_value() == down_->is_exact()) throw DecodeError("it is of another way down");
    Iterate<T> shown = iterate_;
    if (saved.shown) fill(shown, *saved.shown);
    down_->show(shown);
  } catch (const DecodeError& error) {  // it does not know whose state it is
    throw Error(fmt::format("the saved state of {} can't be restored: {}", context_->name(), error.what()));
  }
  progress_ = saved.progress;
  first_loss_ = saved.first_loss;
  evaluated_ = saved.evaluated;
  staleness_ = std::move(saved.staleness);
  due_at_ = saved.due_at;
  evaluated_at_ = saved.evaluated_at;
  steps_began_at_ = context_->now() - saved.step_time;
  started_at_ = std::min(started_at_, context_->now() - saved.elapsed);
  wire_before_ = saved.wire_bytes - wire_bytes();
  if (staleness_.size() != workers_.size()) count_for_other_workers();
  keep_good();
  context_->log().info(fmt::format("goes on from update {}, round {}", progress_.updates, progress_.round));
}

// As many rounds have passed; n updates are one.
template <class T>
void Run<T>::count_for_other_workers() {
  progress_.updates = progress_.round * workers_.size();
  if (evaluated_) evaluated_ = progress_.updates;
  due_at_ = progress_.updates;
  staleness_.assign(workers_.size(), {});
}

template <class T>
bool Run<T>::is_finite() const {
  return std::all_of(iterate_.begin(), iterate_.end(), [](T x) { return std::isfinite(x); });
}

// Of all masters of the run, each by its own node; may have wrapped around on the way.
template <class T>
std::uint64_t Run<T>::wire_bytes() const {
  const runtime::Traffic traffic = context_->traffic();
  return wire_before_ + traffic.sent + traffic.received;
}

template <class T>
void Run<T>::replace(std::uint32_t worker, runtime::Handle<Worker<T>> successor) {
  workers_[worker] = std::move(successor);
  down_->lost(worker);
}

// What a worker still computes at can't be written to: without rounds, outside of a simulation, the whole
// model would be copied for every update, where a worker of this process can do with what has changed.
template <class T>
bool Run<T>::shares_models(const DownPlan& plan) const {
  if (chain_.hosts() != 0) return false;
  return rounds_ || job_.simulation.given || plan.kind == DownPlan::Kind::kDense;
}

// Simulated workers have their models at once. Unless times or limits hang on it, how many bytes that would
// take need not be known to the byte.
template <class T>
bool Run<T>::weighs_models(const DownPlan& plan) const {
  if (!moves_where_touched_ || !plan.shares || plan.kind != DownPlan::Kind::kDelta) return false;
  if (!job_.simulation.given || job_.simulation.bandwidth != 0 || job_.stop.bytes) return false;
  return std::all_of(workers_.begin(), workers_.end(), [](const auto& each) { return each.is_local(); });
}

template <class T>
runtime::Task<std::vector<T>> Run<T>::first_iterate(std::uint32_t dim) {
  std::vector<T> x = problems::first_iterate<T>(job_.problem, dim);
  if (job_.problem.init == "random") {
    x = co_await workers_.front().template call<&Worker<T>::random_start>();
    problems::move_within(job_.problem.regulariser, std::span(x));
  }
  co_return x;
}

template <class T>
bool Run<T>::by_chain(const Model<T>& model) const {
  if (chain_.hosts() == 0 || model.base == model.version) return false;
  return job_.method.broadcast.way == "chain" || model.vector.payload_bytes() >= kChainFrom;
}

// Calls M of every worker with what is shown; by the chain, they get it from their host's relay, and only its
// number from the master. A worker that lacks the base is asked once more, with a whole model.
template <class T>
template <class Answer, auto M>
runtime::Task<std::vector<Answer>> Run<T>::ask(std::uint64_t round) {
  Model<T> model = down_->to_all(round);
  const std::size_t bytes = model.vector.payload_bytes();
  std::vector<runtime::Future<std::optional<Answer>>> asked;
  if (by_chain(model)) {
    Model<T> number = down_->to_all(round);
    number.awaited = true;
    asked = runtime::call_each<M>(workers_, number);
    down_bytes_ += bytes * chain_.hosts();
    master_down_bytes_ += bytes;
    co_await chain_.send(std::move(model));
  } else {
    asked = runtime::call_each<M>(workers_, model);  // packed once, sent to n
    down_bytes_ += bytes * workers_.size();
    master_down_bytes_ += bytes * workers_.size();
  }
  std::vector<Answer> answers;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    std::optional<Answer> answer = co_await asked[i];
    if (!answer) {
      const auto worker = static_cast<std::uint32_t>(i);
      lost(worker);
      const Model<T> whole = down_->to(worker, round);
      down_bytes_ += whole.vector.payload_bytes();
      master_down_bytes_ += whole.vector.payload_bytes();
      auto again = workers_[i].template call<M>(whole);
      answer = co_await again;
    }
    if (!answer) throw Error(workers_[i].name() + " does not take a whole model");
    answers.push_back(std::move(*answer));
  }
  co_return answers;
}

template <class T>
runtime::Task<std::vector<Update<T>>> Run<T>::ask_for_updates(std::uint64_t round) {
  context_->log().set_round(progress_.round);
  const auto workers = static_cast<std::uint32_t>(workers_.size());
  for (std::uint32_t i = 0; i < workers; ++i) rule_->sent(i, down_->shown());
  std::vector<Update<T>> updates = co_await ask<Update<T>, &Worker<T>::step>(round);
  progress_.downlink_bytes += std::exchange(down_bytes_, 0);
  progress_.master_downlink_bytes += std::exchange(master_down_bytes_, 0);
  progress_.dense_downlink_bytes += workers * model_bytes();
  co_return updates;
}

template <class T>
Model<T> Run<T>::model_for(std::uint32_t worker, std::uint64_t round) {
  rule_->sent(worker, down_->shown());
  Model<T> model = down_->to(worker, round);
  count_down(model);
  return model;
}

template <class T>
Model<T> Run<T>::model_for(std::uint32_t worker, std::uint64_t round, const Iterate<T>& shown_once) {
  rule_->sent(worker, shown_once);
  Model<T> model(round, shown_once);
  model.attempt = attempt_;
  count_down(model);
  return model;
}

template <class T>
void Run<T>::count_down(const Model<T>& model) {
  context_->log().set_round(progress_.round);
  progress_.downlink_bytes += model.payload_bytes();
  progress_.master_downlink_bytes += model.payload_bytes();
  progress_.dense_downlink_bytes += model_bytes();
}

template <class T>
void Run<T>::lost(std::uint32_t worker) {
  context_->log().warn(workers_[worker].name() + " lacks the last model: it is sent a whole one");
  down_->lost(worker);
}

template <class T>
bool Run<T>::decode(std::uint32_t worker, std::uint64_t round, const Update<T>& update) {
  const auto name = [&] { return workers_[worker].name(); };
  if (update.round != round) {
    throw Error(fmt::format("{} answered round {} with an update of round {}", name(), round, update.round));
  }
  try {
    const auto dim = static_cast<std::uint32_t>(iterate_.size());
    if (update.here) {
      WISP_CHECK(update.here->vector.dim == dim, "a worker of this process has the dimension of its model");
      update_.refer(update.here->vector);
    } else {
      update_.take(update.vector, dim, sparse::DrawKey{job_.seed, worker, update.round});
    }
    changed_.reset();
  } catch (const DecodeError& error) {  // it does not know whose vector it is
    throw Error(
        fmt::format("{} sent an update in round {} that is refused: {}", name(), round, error.what()));
  }
  return is_finite(worker, round);
}

template <class T>
bool Run<T>::is_finite(std::uint32_t worker, std::uint64_t round) {
  const auto index = update_.view().first_non_finite();
  std::uint32_t& in_a_row = rejected_in_a_row_[worker];
  if (!index) {
    in_a_row = 0;
    return true;
  }
  const std::string what = fmt::format("{} sent a value that is not finite, at coordinate {} in round {}",
                                       workers_[worker].name(), *index, round);
  if (job_.method.nonfinite == "error") {
    end("diverged", what);
    return false;
  }
  const bool zero = job_.method.nonfinite == "zero";
  if (++progress_.rejected == 1) {
    context_->log().warn(what + (zero ? ": such values are taken as 0" : ": such updates are left out"));
  }
  if (!zero) {
    if (++in_a_row > kRejectedMax) {
      end("diverged", fmt::format("{}, the {}th of its updates in a row", what, in_a_row));
    }
    return false;
  }
  for (T& value : changed().values) {
    if (!std::isfinite(value)) value = 0;
  }
  return true;
}

template <class T>
sparse::Vector<T>& Run<T>::changed() {
  if (!changed_) changed_ = update_.vector();
  return *changed_;
}

template <class T>
void Run<T>::count_up(const Update<T>& update) {
  progress_.uplink_bytes += update.payload_bytes();
  progress_.dense_uplink_bytes += model_bytes();
  progress_.gradient_seconds +=
      1e-9 * static_cast<double>(update.gradient_ns) / static_cast<double>(workers_.size());
}

template <class T>
bool Run<T>::absorb(std::uint32_t worker, std::uint64_t round, const Update<T>& update, T weight) {
  const bool counts = decode(worker, round, update);
  if (ended()) return false;
  copy_to_tap(worker, update);
  count_up(update);
  if (!counts) return false;
  if (weight != 1) {
    for (T& value : changed().values) value *= weight;
  }
  const sparse::VectorView<T> counted = changed_ ? changed_->view() : update_.view();
  if (moves_where_touched_) {
    touched_.clear();
    counted.for_each([this](std::uint32_t coordinate, T) { touched_.push_back(coordinate); });
  }
  rule_->absorb(worker, counted);
  ++absorbed_;
  return true;
}

template <class T>
void Run<T>::drop(std::uint32_t worker, std::uint64_t round, const Update<T>& update) {
  if (!decode(worker, round, update) && ended()) return;
  copy_to_tap(worker, update);
  count_up(update);
  ++progress_.dropped;
}

template <class T>
void Run<T>::advance() {
  failpoint("master.absorbed");
  down_->let_go();
  rule_->advance(iterate_.write());
  if (moves_where_touched_) {
    down_->show(iterate_, touched_);
  } else {
    down_->show(iterate_);
  }
  progress_.updates += absorbed_;
  progress_.round = progress_.updates / workers_.size();
  absorbed_ = 0;
  failpoint("master.advanced");
}

template <class T>
void Run<T>::note_staleness(std::uint32_t worker, std::uint64_t staleness) {
  progress_.staleness.add(staleness);
  noted_.emplace_back(worker, staleness);
  if (noted_.size() >= kNotedMost) sort_staleness();
}

// Many at once: those of a thousand workers lie far from one another.
template <class T>
void Run<T>::sort_staleness() {
  for (const auto& [worker, staleness] : noted_) staleness_[worker].add(staleness);
  noted_.clear();
}

template <class T>
void Run<T>::open_tap() {
  const std::string& endpoint = job_.metrics.tap;
  if (endpoint.empty()) return;
  // Two rounds may wait for a reader that is slow, and what fits into 64 MiB.
  const std::size_t update_bytes = model_bytes() + 1;
  runtime::TapLimits limits;
  limits.queue_max = static_cast<std::uint32_t>(
      std::max(2 * workers_.size(), std::min<std::size_t>((std::size_t{64} << 20) / update_bytes, 10'000)));
  tap_ = context_->open_tap(endpoint, limits);
  if (tap_->is_read()) {
    context_->log().info("updates are copied to " + endpoint);
  } else {
    context_->log().warn("nobody listens at " + endpoint + ": updates are copied as soon as somebody does");
  }
}

template <class T>
void Run<T>::copy_to_tap(std::uint32_t worker, const Update<T>& update) {
  if (!tap_) return;
  TapRecord<T> record;
  record.job = job_.name;
  record.seed = job_.seed;
  record.worker = worker;
  record.workers = static_cast<std::uint32_t>(workers_.size());
  record.update = update;
  if (!tap_->offer(pack(record).span())) ++not_copied_;
}

template <class T>
std::chrono::nanoseconds Run<T>::step_time() const {
  if (!first_loss_) return {};
  return context_->now() - steps_began_at_ - evaluating_;
}

template <class T>
bool Run<T>::time_is_up() const {
  return job_.stop.time && context_->now() - started_at_ >= *job_.stop.time;
}

template <class T>
bool Run<T>::is_to_end() const {
  if (cancelled_ || !nothing_left_.empty() || time_is_up()) return true;
  const StopSpec& stop = job_.stop;
  if (stop.rounds && progress_.updates >= *stop.rounds * workers_.size()) return true;
  if (stop.updates && progress_.updates >= *stop.updates) return true;
  return stop.bytes && progress_.uplink_bytes + progress_.downlink_bytes >= *stop.bytes;
}

template <class T>
bool Run<T>::evaluation_is_due() const {
  if (is_to_end()) return true;
  if (period_ != 0) return progress_.updates >= due_at_;
  return !first_loss_ || step_time() - evaluated_at_ >= job_.evaluate.every;
}

template <class T>
runtime::Task<void> Run<T>::evaluate() {
  if (evaluated_ == progress_.updates && !nothing_left_.empty()) co_return decide();  // known already
  const auto start = context_->now();
  const auto at = step_time();
  try {
    const std::vector<Evaluation> found = co_await ask_at_x<Evaluation, &Worker<T>::evaluate>();
    measure(found);
    if (!job_.problem.test.path.empty()) co_await test();
  } catch (...) {
    if (first_loss_) evaluating_ += context_->now() - start;
    throw;
  }
  evaluated_ = progress_.updates;
  evaluated_at_ = at;
  if (period_ != 0) due_at_ = (progress_.updates / period_ + 1) * period_;
  progress_.seconds = seconds(at);
  progress_.wire_bytes = wire_bytes();
  const bool first = !first_loss_;
  if (first) first_loss_ = progress_.loss;
  monitor_.template tell<&Monitor::report>(progress_);
  log_progress();
  if (std::isfinite(progress_.loss)) keep_good();
  decide();
  if (first) {
    steps_began_at_ = context_->now();
  } else {
    evaluating_ += context_->now() - start;
  }
}

// In rounds a model that is sent for this is that of the next one, unless workers are to have something else.
// Without rounds each worker has its own, and what an evaluation costs is not to depend on how often it is.
template <class T>
template <class Answer, auto M>
runtime::Task<std::vector<Answer>> Run<T>::ask_at_x() {
  if (rounds_ && down_->is_exact()) return ask<Answer, M>(progress_.round);
  return ask_beside<Answer, M>();
}

template <class T>
template <class Answer, auto M>
runtime::Task<std::vector<Answer>> Run<T>::ask_beside() {
  Model<T> model(progress_.round, iterate_);
  model.attempt = attempt_;
  const std::vector<std::optional<Answer>> found = co_await runtime::call<M>(workers_, model);
  std::vector<Answer> answers;
  for (const std::optional<Answer>& each : found) answers.push_back(each.value());
  co_return answers;
}

template <class T>
runtime::Task<void> Run<T>::test() {
  const std::vector<TestResult> results = co_await ask_at_x<TestResult, &Worker<T>::test>();
  double loss = 0;
  std::uint64_t rows = 0;
  std::uint64_t correct = 0;
  for (const TestResult& each : results) {
    loss += each.loss;
    rows += each.rows;
    correct += each.correct.value_or(0);
  }
  progress_.test_loss = loss / static_cast<double>(results.size());
  if (results.front().correct) {
    progress_.test_accuracy = static_cast<double>(correct) / static_cast<double>(rows);
  }
}

template <class T>
void Run<T>::measure(const std::vector<Evaluation>& found) {
  double loss = 0;
  double kept = 0;
  double whole = 0;
  double memory = 0;
  bool remembers = false;
  std::uint64_t rows = 0;
  for (const Evaluation& each : found) {  // in worker order: one sum
    if (!std::isfinite(each.loss) && std::isfinite(loss))
      lossless_ = static_cast<std::size_t>(&each - &found[0]);
    loss += each.loss;
    rows += each.rows_used;
    if (each.whole_mass) whole += *each.whole_mass;
    if (each.kept_mass) kept += *each.kept_mass;
    if (each.memory_norm) memory += *each.memory_norm;
    remembers = remembers || each.memory_norm;
  }
  const auto workers = static_cast<double>(found.size());
  progress_.loss = loss / workers;
  if (regulariser_) progress_.loss += regulariser_->value(iterate_);
  if (optimum_) progress_.gap = progress_.loss - *optimum_;
  if (whole > 0 && std::isfinite(whole)) progress_.kept_mass = kept / whole;
  if (remembers) progress_.memory_norm = memory / workers;
  if (rows_ > 0) progress_.epochs = static_cast<double>(rows) / static_cast<double>(rows_);
}

// A copy is made only when x is written to next.
template <class T>
void Run<T>::keep_good() {
  good_ = iterate_;
  good_updates_ = progress_.updates;
}

template <class T>
std::optional<std::string> Run<T>::limit_reached() const {
  const StopSpec& stop = job_.stop;
  const std::uint64_t bytes = progress_.uplink_bytes + progress_.downlink_bytes;
  if (stop.rounds && progress_.updates >= *stop.rounds * workers_.size()) {
    return fmt::format("{} rounds", progress_.round);
  }
  if (stop.updates && progress_.updates >= *stop.updates) return fmt::format("{} updates", progress_.updates);
  if (stop.epochs && progress_.epochs && *progress_.epochs >= *stop.epochs) {
    return fmt::format("{:.4g} epochs", *progress_.epochs);
  }
  if (stop.bytes && bytes >= *stop.bytes) return fmt::format("{} bytes", bytes);
  if (time_is_up()) return fmt::format("{:.3g} s", seconds(*stop.time));
  return std::nullopt;
}

template <class T>
std::string Run<T>::why_no_loss() const {
  const auto bad = std::find_if(iterate_.begin(), iterate_.end(), [](T x) { return !std::isfinite(x); });
  if (bad == iterate_.end()) {
    return fmt::format("the loss of {} is not finite in round {}", workers_[lossless_].name(),
                       progress_.round);
  }
  return fmt::format(
      "x is not finite at coordinate {} in round {}: the steps are too long, or an update was "
      "too large",
      bad - iterate_.begin(), progress_.round);
}

// Decided on a fresh evaluation.
template <class T>
void Run<T>::decide() {
  const StopSpec& stop = job_.stop;
  if (!std::isfinite(progress_.loss)) {
    end("diverged", why_no_loss());
  } else if (progress_.loss > stop.diverged * std::max(*first_loss_, 0.0) && *first_loss_ > 0) {
    end("diverged", fmt::format("the loss {:.6g} is above {:g} times the first, {:.6g}", progress_.loss,
                                stop.diverged, *first_loss_));
  } else if (stop.gap && progress_.gap && *progress_.gap <= *stop.gap) {
    end("converged", fmt::format("gap {:.3g} <= {:g}", *progress_.gap, *stop.gap));
  } else if (cancelled_) {
    end("cancelled", "asked to stop");
  } else if (!nothing_left_.empty()) {
    end("finished", nothing_left_);
  } else if (const auto limit = limit_reached()) {
    end("finished", *limit);
  }
}

template <class T>
void Run<T>::end(std::string status, std::string reason) {
  status_ = std::move(status);
  reason_ = std::move(reason);
  context_->log().info(status_ + ": " + reason_);
  if (not_copied_ > 0) {
    context_->log().warn(fmt::format("{} updates were not copied to {}: nobody read, or not fast enough",
                                     not_copied_, job_.metrics.tap));
  }
}

template <class T>
void Run<T>::log_progress() {
  const auto now = context_->now();
  if (progress_.round != 0 && now - logged_at_ < kLogEvery) return;
  logged_at_ = now;
  std::string gap = progress_.gap ? fmt::format(", gap {:.3g}", *progress_.gap) : "";
  if (progress_.test_accuracy) gap += fmt::format(", test accuracy {:.4f}", *progress_.test_accuracy);
  context_->log().info(
      fmt::format("loss {:.9g}{}, {} bytes up", progress_.loss, gap, progress_.uplink_bytes));
}

// Of a run that diverged by its loss, or by an update that was refused, x itself may still be fit for use.
template <class T>
Summary Run<T>::summarise() {
  Summary summary;
  summary.status = status_;
  summary.reason = reason_;
  summary.workers = static_cast<std::uint32_t>(workers_.size());
  summary.dim = static_cast<std::uint32_t>(iterate_.size());
  summary.L = L_;
  summary.mu = mu_;
  summary.step = step_;
  summary.last = progress_;
  summary.total_seconds = seconds(context_->now() - started_at_);
  sort_staleness();
  summary.staleness = staleness_;
  summary.model_updates = progress_.updates;
  const bool finite = std::isfinite(progress_.loss) && is_finite();
  if (!finite && good_.size() != 0) {
    iterate_ = good_;
    summary.model_updates = good_updates_;
  }
  summary.iterate_hash = hash();
  summary.iterate = Bytes::copy(std::as_bytes(std::span<const T>(iterate_)));
  return summary;
}

template <class T>
std::string Run<T>::hash() const {
  return sha256_hex(std::as_bytes(std::span<const T>(iterate_))).substr(0, 16);
}

template class Run<float>;
template class Run<double>;

}  // namespace wisp::actors
