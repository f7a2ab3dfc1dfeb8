#include "actors/round_master.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"

namespace wisp::actors {

namespace {

constexpr std::chrono::seconds kLogEvery{1};

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

template <class T>
runtime::Task<Summary> RoundMaster<T>::run() {
  co_await set_up();
  open_tap();
  for (;;) {
    const bool last = job_.stop.rounds && progress_.round >= *job_.stop.rounds;
    if (last || progress_.round % job_.evaluate.every_rounds == 0 || cancelled_ || time_is_up()) {
      co_await evaluate();
      if (ended()) break;
    }
    co_await round();
    if (!status_.empty()) break;
  }
  const Summary summary = summarise();
  co_return summary;
}

template <class T>
runtime::Task<void> RoundMaster<T>::set_up() {
  started_at_ = this->context().now();
  const std::vector<Shard> shards = co_await runtime::call<&Worker<T>::set_up>(workers_);
  problems::Smoothness smoothness = shards.front().smoothness();
  for (const Shard& shard : shards) smoothness.join(shard.smoothness());
  const auto workers = static_cast<std::uint32_t>(workers_.size());
  const std::uint32_t dim = shards.front().dim;
  const optim::MethodNumbers numbers = catalogs_.methods.numbers(workers, dim, job_.method, smoothness);
  rule_ = catalogs_.methods.make_master<T>(workers, dim, job_.method, smoothness, job_.problem.regulariser,
                                           job_.seed);
  regulariser_ = problems::make_regulariser<T>(job_.problem.regulariser);
  iterate_ = co_await first_iterate(dim);
  L_ = smoothness.L;
  mu_ = smoothness.mu;
  step_ = numbers.step;
  this->context().log().info(fmt::format("{} workers, dimension {}, L {:.6g}, mu {:.6g}, step {:.6g}",
                                         workers, dim, L_, mu_, step_));
}

template <class T>
runtime::Task<std::vector<T>> RoundMaster<T>::first_iterate(std::uint32_t dim) {
  std::vector<T> x = problems::first_iterate<T>(job_.problem, dim);
  if (job_.problem.init == "random") {
    x = co_await workers_.front().template call<&Worker<T>::random_start>();
    problems::move_within(job_.problem.regulariser, std::span(x));
  }
  co_return x;
}

template <class T>
runtime::Task<void> RoundMaster<T>::test(const Model<T>& model) {
  const std::vector<TestResult> results = co_await runtime::call<&Worker<T>::test>(workers_, model);
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
runtime::Task<void> RoundMaster<T>::round() {
  const auto start = this->context().now();
  this->context().log().set_round(progress_.round);
  const Model<T> model(progress_.round, iterate_);
  const std::vector<Update<T>> updates =
      co_await runtime::call<&Worker<T>::step>(workers_, model);  // packed once, sent to n
  std::uint64_t gradient_ns = 0;
  for (std::size_t i = 0; i < updates.size(); ++i) {  // in worker order: one hash
    absorb(i, updates[i]);
    if (!status_.empty()) co_return;
    gradient_ns += updates[i].gradient_ns;
  }
  rule_->advance(iterate_);
  ++progress_.round;
  const std::uint64_t dense = workers_.size() * iterate_.size() * sizeof(T);
  progress_.downlink_bytes += dense;
  progress_.dense_uplink_bytes += dense;
  progress_.dense_downlink_bytes += dense;
  progress_.gradient_seconds +=
      1e-9 * static_cast<double>(gradient_ns) / static_cast<double>(workers_.size());
  round_time_ += this->context().now() - start;
}

template <class T>
void RoundMaster<T>::absorb(std::size_t worker, const Update<T>& update) {
  const std::string& name = workers_[worker].name();
  if (update.round != progress_.round) {
    throw Error(
        fmt::format("{} answered round {} with an update of round {}", name, progress_.round, update.round));
  }
  try {
    const sparse::DrawKey sender{job_.seed, static_cast<std::uint32_t>(worker), update.round};
    update_.take(update.vector, static_cast<std::uint32_t>(iterate_.size()), sender);
  } catch (const DecodeError& error) {  // it does not know whose vector it is
    throw Error(fmt::format("{} sent an update in round {} that is refused: {}", name, progress_.round,
                            error.what()));
  }
  if (const auto index = update_.view().first_non_finite()) {
    return end("diverged", fmt::format("{} sent a value that is not finite, at coordinate {} in round {}",
                                       name, *index, progress_.round));
  }
  copy_to_tap(worker, update);
  progress_.uplink_bytes += update.vector.payload_bytes();
  rule_->absorb(static_cast<std::uint32_t>(worker), update_.view());
}

template <class T>
void RoundMaster<T>::open_tap() {
  const std::string& endpoint = job_.metrics.tap;
  if (endpoint.empty()) return;
  // Two rounds may wait for a reader that is slow, and what fits into 64 MiB.
  const std::size_t update_bytes = iterate_.size() * sizeof(T) + 1;
  runtime::TapLimits limits;
  limits.queue_max = static_cast<std::uint32_t>(
      std::max(2 * workers_.size(), std::min<std::size_t>((std::size_t{64} << 20) / update_bytes, 10'000)));
  tap_ = this->context().open_tap(endpoint, limits);
  if (tap_->is_read()) {
    this->context().log().info("updates are copied to " + endpoint);
  } else {
    this->context().log().warn("nobody listens at " + endpoint +
                               ": updates are copied as soon as somebody does");
  }
}

template <class T>
void RoundMaster<T>::copy_to_tap(std::size_t worker, const Update<T>& update) {
  if (!tap_) return;
  TapRecord<T> record;
  record.job = job_.name;
  record.seed = job_.seed;
  record.worker = static_cast<std::uint32_t>(worker);
  record.workers = static_cast<std::uint32_t>(workers_.size());
  record.update = update;
  if (!tap_->offer(pack(record).span())) ++not_copied_;
}

template <class T>
runtime::Task<void> RoundMaster<T>::evaluate() {
  const Model<T> model(progress_.round, iterate_);
  const std::vector<double> losses = co_await runtime::call<&Worker<T>::evaluate>(workers_, model);
  double sum = 0;
  for (const double loss : losses) sum += loss;
  progress_.loss = sum / static_cast<double>(losses.size());
  if (regulariser_) progress_.loss += regulariser_->value(iterate_);
  if (!job_.problem.test.path.empty()) co_await test(model);
  if (optimum_) progress_.gap = progress_.loss - *optimum_;
  const runtime::Traffic traffic = this->context().traffic();
  progress_.wire_bytes = traffic.sent + traffic.received;
  progress_.seconds = seconds(round_time_);
  if (!first_loss_) first_loss_ = progress_.loss;
  monitor_.template tell<&Monitor::report>(progress_);
  log_progress();
}

template <class T>
bool RoundMaster<T>::time_is_up() const {
  return job_.stop.time && this->context().now() - started_at_ >= *job_.stop.time;
}

// Decided on a fresh evaluation.
template <class T>
bool RoundMaster<T>::ended() {
  const StopSpec& stop = job_.stop;
  if (!std::isfinite(progress_.loss)) {
    end("diverged", "the loss is not finite");
  } else if (progress_.loss > stop.diverged * std::max(*first_loss_, 0.0) && *first_loss_ > 0) {
    end("diverged", fmt::format("the loss {:.6g} is above {:g} times the first, {:.6g}", progress_.loss,
                                stop.diverged, *first_loss_));
  } else if (stop.gap && progress_.gap && *progress_.gap <= *stop.gap) {
    end("converged", fmt::format("gap {:.3g} <= {:g}", *progress_.gap, *stop.gap));
  } else if (cancelled_) {
    end("cancelled", "asked to stop");
  } else if (stop.rounds && progress_.round >= *stop.rounds) {
    end("finished", fmt::format("{} rounds", progress_.round));
  } else if (time_is_up()) {
    end("finished", fmt::format("{:.3g} s", seconds(*stop.time)));
  }
  return !status_.empty();
}

template <class T>
void RoundMaster<T>::end(std::string status, std::string reason) {
  status_ = std::move(status);
  reason_ = std::move(reason);
  this->context().log().info(status_ + ": " + reason_);
  if (not_copied_ > 0) {
    this->context().log().warn(fmt::format(
        "{} updates were not copied to {}: nobody read, or not fast enough", not_copied_, job_.metrics.tap));
  }
}

template <class T>
void RoundMaster<T>::log_progress() {
  const auto now = this->context().now();
  if (progress_.round != 0 && now - logged_at_ < kLogEvery) return;
  logged_at_ = now;
  std::string gap = progress_.gap ? fmt::format(", gap {:.3g}", *progress_.gap) : "";
  if (progress_.test_accuracy) gap += fmt::format(", test accuracy {:.4f}", *progress_.test_accuracy);
  this->context().log().info(
      fmt::format("loss {:.9g}{}, {} bytes up", progress_.loss, gap, progress_.uplink_bytes));
}

template <class T>
Summary RoundMaster<T>::summarise() const {
  Summary summary;
  summary.status = status_;
  summary.reason = reason_;
  summary.workers = static_cast<std::uint32_t>(workers_.size());
  summary.dim = static_cast<std::uint32_t>(iterate_.size());
  summary.L = L_;
  summary.mu = mu_;
  summary.step = step_;
  summary.last = progress_;
  summary.total_seconds = seconds(this->context().now() - started_at_);
  const auto values = std::as_bytes(std::span(iterate_));
  summary.iterate_hash = sha256_hex(values).substr(0, 16);
  summary.iterate = Bytes::copy(values);
  return summary;
}

template class RoundMaster<float>;
template class RoundMaster<double>;

}  // namespace wisp::actors
