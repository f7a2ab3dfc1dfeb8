#include "actors/async_master.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"
#include "base/rng.h"
#include "runtime/delay.h"

namespace wisp::actors {

namespace {

using std::chrono::nanoseconds;

// Of old iterates, for drawn staleness.
constexpr std::size_t kHistoryMost = std::size_t{1} << 30;  // bytes
// A geometric staleness is not above so many times its mean; the chance is e^-10.
constexpr double kGeometricMost = 10;

runtime::Delay delay_of(const DelaySpec& spec, double factor = 1) {
  if (spec.kind.empty()) return {};
  const auto mean = nanoseconds(std::llround(factor * 1e6 * static_cast<double>(spec.mean.count())));
  if (spec.kind == "uniform") return runtime::Delay::uniform(nanoseconds(0), 2 * mean);
  if (spec.kind == "exponential") return runtime::Delay::exponential(mean);
  if (spec.kind == "lognormal") return runtime::Delay::lognormal(mean, spec.sigma);
  return runtime::Delay::constant(mean);
}

nanoseconds transfer_time(std::uint64_t bytes, std::uint64_t bits_per_second) {
  if (bits_per_second == 0) return nanoseconds(0);
  return nanoseconds(
      static_cast<std::int64_t>(8e9 * static_cast<double>(bytes) / static_cast<double>(bits_per_second)));
}

}  // namespace

template <class T>
AsyncMaster<T>::AsyncMaster(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs)
    : run_(std::move(job), std::move(parameters), catalogs),
      seats_(run_.workers().size()),
      bounded_(catalogs.methods.consistency_of(run_.job().method) == "ssp"),
      finished_("the end of the run") {
  if (bounded_) pace_[0] = static_cast<std::uint32_t>(seats_.size());
  if (!run_.job().record.empty()) record_.emplace();
}

template <class T>
runtime::Task<Summary> AsyncMaster<T>::run() {
  co_await run_.begin(this->context(), false);
  if (record_) co_await run_.monitor().template send<&Monitor::record>(ArrivalWriter::begin(run_.job()));
  co_await run_.evaluate();
  if (!run_.ended()) {
    if (!run_.replay().empty()) {
      co_await as_recorded();
    } else if (!run_.job().simulation.staleness.empty()) {
      co_await with_drawn_staleness();
    } else {
      co_await as_they_come();
    }
  }
  const Summary summary = run_.summarise();
  if (record_) co_await end_record(summary);
  co_return summary;
}

template <class T>
runtime::Task<void> AsyncMaster<T>::as_they_come() {
  for (std::uint32_t i = 0; i < seats_.size(); ++i) this->context().begin(serve(i));
  runtime::Future<void> finished = finished_.future();
  co_await finished;
  if (failure_) std::rethrow_exception(failure_);
}

// One worker's loop: read, compute, push.
template <class T>
runtime::Task<void> AsyncMaster<T>::serve(std::uint32_t worker) {
  try {
    while (!over_) {
      Pending pending = send(worker);
      const Update<T> update = co_await answer(worker, std::move(pending));
      if (run_.job().simulation.given) co_await this->context().sleep(time_of_step(worker, update));
      while (evaluating_ && !over_) {
        co_await next_turn();
      }
      if (over_) break;
      co_await arrive(worker, update);
      while (!over_ && is_ahead(worker)) {
        co_await next_turn();
      }
    }
  } catch (...) {  // run() throws it, to who called it
    if (!failure_) failure_ = std::current_exception();
    finish();
  }
}

template <class T>
typename AsyncMaster<T>::Pending AsyncMaster<T>::send(std::uint32_t worker) {
  return send(worker, run_.model_for(worker, seats_[worker].steps), run_.updates());
}

// One that was shown when so many updates were applied.
template <class T>
typename AsyncMaster<T>::Pending AsyncMaster<T>::send_old(std::uint32_t worker, const Iterate<T>& iterate,
                                                          std::uint64_t updates) {
  return send(worker, run_.model_for(worker, seats_[worker].steps, iterate), updates);
}

template <class T>
typename AsyncMaster<T>::Pending AsyncMaster<T>::send(std::uint32_t worker, Model<T> model,
                                                      std::uint64_t updates) {
  seats_[worker].read = updates;
  seats_[worker].bytes = model.payload_bytes();
  return run_.workers()[worker].template call<&Worker<T>::step>(std::move(model));
}

// A worker that lacks the base of its model is asked once more, with the whole of the present one.
template <class T>
runtime::Task<Update<T>> AsyncMaster<T>::answer(std::uint32_t worker, Pending pending) {
  std::optional<Update<T>> update = co_await pending;
  if (!update) {
    run_.lost(worker);
    Pending again = send(worker);
    update = co_await again;
  }
  if (!update) throw Error(run_.workers()[worker].name() + " does not take a whole model");
  Update<T> found = *std::move(update);
  co_return found;
}

template <class T>
runtime::Task<void> AsyncMaster<T>::arrive(std::uint32_t worker, const Update<T>& update) {
  if (record_) record_->add({worker, seats_[worker].read});
  if (take_in(worker, update)) run_.advance();
  if (!run_.ended() && run_.evaluation_is_due()) {
    evaluating_ = true;
    co_await run_.evaluate();
    evaluating_ = false;
    release();
  }
  if (run_.ended()) {
    finish();
  } else if (record_ && record_->is_due()) {
    co_await run_.monitor().template send<&Monitor::record>(record_->piece());
  }
}

// True: it is to be applied.
template <class T>
bool AsyncMaster<T>::take_in(std::uint32_t worker, const Update<T>& update) {
  Seat& seat = seats_[worker];
  const optim::MethodSpec& method = run_.job().method;
  const std::uint64_t staleness = run_.updates() - seat.read;
  const std::uint64_t round = seat.steps++;
  if (bounded_) {
    const auto behind = pace_.find(round);
    if (--behind->second == 0) pace_.erase(behind);
    ++pace_[round + 1];
    if (!evaluating_) release();
  }
  if (method.late == "drop" && staleness > std::uint64_t{method.consistency.bound} * seats_.size()) {
    run_.drop(worker, round, update);
    return false;
  }
  const double weight = method.late == "damp" ? 1 / (1 + static_cast<double>(staleness)) : 1;
  if (!run_.absorb(worker, round, update, static_cast<T>(weight))) return false;
  run_.note_staleness(worker, staleness);
  return true;
}

// The slowest has made the steps that pace_ begins with.
template <class T>
bool AsyncMaster<T>::is_ahead(std::uint32_t worker) const {
  return bounded_ && seats_[worker].steps > pace_.begin()->first + run_.job().method.consistency.bound;
}

// Of the model's way down, the gradient, and the update's way up.
template <class T>
nanoseconds AsyncMaster<T>::time_of_step(std::uint32_t worker, const Update<T>& update) const {
  const SimulationSpec& spec = run_.job().simulation;
  const std::uint64_t round = seats_[worker].steps;
  const double place =
      seats_.size() < 2 ? 0 : static_cast<double>(worker) / static_cast<double>(seats_.size() - 1);
  const double slowness = spec.spread == 1 ? 1 : math::exp(place * math::log(spec.spread));
  Rng compute(spec.seed, worker, round, Purpose::kCompute);
  Rng network(spec.seed, worker, round, Purpose::kNetwork);
  const runtime::Delay latency = delay_of(spec.latency);
  return latency.draw(network) + transfer_time(seats_[worker].bytes, spec.bandwidth) +
         delay_of(spec.compute, slowness).draw(compute) + latency.draw(network) +
         transfer_time(update.payload_bytes(), spec.bandwidth);
}

template <class T>
std::size_t AsyncMaster<T>::history_most() const {
  const SimulationSpec& spec = run_.job().simulation;
  const double most = (spec.staleness == "uniform" ? 2 : kGeometricMost) * spec.staleness_mean;
  const auto iterates = static_cast<std::size_t>(std::ceil(most)) + 1;
  if (iterates * run_.model_bytes() > kHistoryMost) {
    throw Error(
        fmt::format("simulation.staleness: the last {} iterates of {} bytes each have to be kept, which is "
                    "more than 1 GiB: take a lower mean, kind uniform, or simulated times",
                    iterates, run_.model_bytes()),
        Fault::kConfig);
  }
  return iterates;
}

template <class T>
std::uint64_t AsyncMaster<T>::drawn_staleness(std::uint64_t update) const {
  const SimulationSpec& spec = run_.job().simulation;
  const double mean = spec.staleness_mean;
  Rng rng(spec.seed, 0, update, Purpose::kNetwork);
  if (mean == 0) return 0;
  if (spec.staleness == "uniform") return rng.below(static_cast<std::uint32_t>(std::llround(2 * mean)) + 1);
  // P(tau >= k) = q^k with q = mean / (1 + mean).
  const double drawn = std::floor(math::log(1 - rng.uniform()) / math::log(mean / (1 + mean)));
  return static_cast<std::uint64_t>(std::min(drawn, kGeometricMost * mean));
}

template <class T>
runtime::Task<void> AsyncMaster<T>::with_drawn_staleness() {
  const std::size_t most = history_most();
  std::deque<Iterate<T>> history{run_.shown()};  // the present one last
  for (std::uint64_t i = 0; !run_.ended(); ++i) {
    const auto worker = static_cast<std::uint32_t>(i % seats_.size());
    const std::uint64_t ago = std::min<std::uint64_t>(drawn_staleness(i), history.size() - 1);
    Pending pending = send_old(worker, history[history.size() - 1 - ago], run_.updates() - ago);
    const Update<T> update = co_await answer(worker, std::move(pending));
    const std::uint64_t before = run_.updates();
    co_await arrive(worker, update);
    if (run_.updates() == before) continue;
    history.push_back(run_.shown());
    if (history.size() > most) history.pop_front();
  }
}

// Each worker reads when as many updates have been applied as its record says; what it answers waits for its
// turn.
template <class T>
runtime::Task<void> AsyncMaster<T>::as_recorded() {
  const std::string name = "the record " + run_.job().replay;
  const Arrivals record = read_arrivals(run_.replay(), run_.job(), name);
  std::vector<std::deque<std::uint64_t>> reads(seats_.size());
  for (const Arrival& arrival : record.all) reads[arrival.worker].push_back(arrival.read);
  std::map<std::uint64_t, std::vector<std::uint32_t>> due;  // by the number of updates: who reads then
  const auto announce = [&](std::uint32_t worker) {
    if (!reads[worker].empty()) due[reads[worker].front()].push_back(worker);
  };
  for (std::uint32_t i = 0; i < seats_.size(); ++i) announce(i);
  std::vector<std::optional<Pending>> pending(seats_.size());
  std::uint64_t number = 0;
  for (const Arrival& arrival : record.all) {
    for (const std::uint32_t worker : std::exchange(due[run_.updates()], {})) {
      reads[worker].pop_front();
      pending[worker].emplace(send(worker));
    }
    due.erase(due.begin(), due.upper_bound(run_.updates()));
    if (!pending[arrival.worker]) {
      throw Error(
          fmt::format("{} is of a run that took another turn: its arrival {} was read at update {}, which "
                      "is over",
                      name, number, arrival.read));
    }
    Pending next = std::move(*pending[arrival.worker]);
    pending[arrival.worker].reset();
    const Update<T> update = co_await answer(arrival.worker, std::move(next));
    co_await arrive(arrival.worker, update);
    if (run_.ended()) co_return;
    announce(arrival.worker);
    ++number;
  }
  run_.end_with(fmt::format("{} updates, all that were recorded", run_.updates()));
  co_await run_.evaluate();
  if (run_.hash() == record.iterate_hash) {
    this->context().log().info("the replay gives what the recorded run gave, " + record.iterate_hash);
  } else {
    this->context().log().warn("the replay gives " + run_.hash() + ", the recorded run gave " +
                               record.iterate_hash);
  }
}

// With an answer: the file is whole before the run is over.
template <class T>
runtime::Task<void> AsyncMaster<T>::end_record(const Summary& summary) {
  runtime::Future<void> written =
      run_.monitor().template call<&Monitor::record>(record_->end(run_.updates(), summary.iterate_hash));
  co_await written;
}

// co_await it: until release().
template <class T>
runtime::Future<void> AsyncMaster<T>::next_turn() {
  return waiting_.emplace_back("the other workers").future();
}

template <class T>
void AsyncMaster<T>::release() {
  for (const runtime::Promise<void>& each : std::exchange(waiting_, {})) each.set();
}

template <class T>
void AsyncMaster<T>::finish() {
  if (std::exchange(over_, true)) return;
  release();
  finished_.set();
}

template class AsyncMaster<float>;
template class AsyncMaster<double>;

}  // namespace wisp::actors
