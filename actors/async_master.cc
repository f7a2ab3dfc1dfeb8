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
// Of updates that are kept for successors; then a checkpoint is due, whatever the interval.
constexpr std::size_t kSentMost = std::size_t{256} << 20;  // bytes

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
struct AsyncMaster<T>::OnItsWay {
  OnItsWay() = default;
  OnItsWay(std::uint32_t of_worker, Update<T> its_update)
      : worker(of_worker), update(std::move(its_update)) {}
  std::uint32_t worker = 0;
  Update<T> update;
  template <class F>
  void fields(F& f) {
    f(worker, update);
  }
};

template <class T>
struct AsyncMaster<T>::Saved {
  Saved() = default;
  Bytes run;
  std::vector<std::uint64_t> steps;  // by worker
  std::vector<std::uint64_t> read;
  std::vector<OnItsWay> on_their_way;  // in the order in which they came
  template <class F>
  void fields(F& f) {
    f(run, steps, read, on_their_way);
  }
};

template <class T>
struct AsyncMaster<T>::Cut {
  std::uint64_t number = 0;
  Saved saved;
  std::vector<std::uint64_t> steps;  // that each worker's part has
  std::vector<bool> awaited;         // by worker: its part is made when its update has come
  std::size_t left = 0;              // how many of them
};

template <class T>
AsyncMaster<T>::AsyncMaster(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs)
    : state_(std::exchange(parameters.state, std::nullopt)),
      faults_(parameters.faults),
      cutter_(job.checkpoint, parameters.keeper, parameters.attempt,
              static_cast<std::uint32_t>(parameters.workers.size())),
      run_(std::move(job), std::move(parameters), catalogs),
      seats_(run_.workers().size()),
      bounded_(catalogs.methods.consistency_of(run_.job().method) == "ssp"),
      finished_("the end of the run") {
  if (bounded_) pace_[0] = static_cast<std::uint32_t>(seats_.size());
  if (!run_.job().record.empty()) record_.emplace();
}

template <class T>
AsyncMaster<T>::~AsyncMaster() = default;

template <class T>
runtime::Task<Summary> AsyncMaster<T>::run() {
  std::optional<Bytes> state;
  if (state_) {
    auto saved = unpack<Saved>(*std::exchange(state_, std::nullopt));
    state = saved.run;
    take_up(std::move(saved));
  }
  co_await run_.begin(this->context(), false, state);
  begun_ = true;
  cutter_.begin(this->context(), run_.updates(), state.has_value());
  if (record_) co_await run_.monitor().template send<&Monitor::record>(ArrivalWriter::begin(run_.job()));
  const bool evaluates = !state || run_.evaluation_is_due();
  if (evaluates) co_await run_.evaluate();
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
  co_await cutter_.settle();
  if (!is_cut_due()) co_return;
  begin_cut();  // the last one was under way when the run ended
  co_await cutter_.settle();
}

// One worker's loop: read, compute, push.
template <class T>
runtime::Task<void> AsyncMaster<T>::serve(std::uint32_t worker) {
  while (!over_) {
    const std::uint64_t life = seats_[worker].life;
    bool died = false;
    try {
      co_await one_step(worker);
    } catch (const runtime::ActorDied& error) {
      died = cutter_.is_on() && error.actor() == run_.workers()[worker].name();
      if (!died && !failure_) failure_ = std::current_exception();
    } catch (...) {  // run() throws it, to who called it
      if (!failure_) failure_ = std::current_exception();
    }
    if (failure_) finish();
    if (!died) continue;
    seats_[worker].out = false;
    seats_[worker].gone = seats_[worker].life == life;  // else its successor is there
    give_up_cut();
    while (!over_ && seats_[worker].life == life) {
      co_await next_turn();
    }
  }
}

template <class T>
runtime::Task<void> AsyncMaster<T>::one_step(std::uint32_t worker) {
  Seat& seat = seats_[worker];
  if (!seat.received) {  // else it came before its worker, or the master before, died
    while (!over_ && (is_ahead(worker) || has_no_room())) {
      co_await next_turn();
    }
    if (over_) co_return;
    Pending pending = send(worker);
    Update<T> update = co_await answer(worker, std::move(pending));
    receive(worker, std::move(update));
  }
  if (run_.job().simulation.given) co_await this->context().sleep(time_of_step(worker, *seat.received));
  while (evaluating_ && !over_) {
    co_await next_turn();
  }
  if (over_) co_return;
  const Update<T> update = *std::exchange(seat.received, std::nullopt);
  seat.out = false;
  co_await arrive(worker, update);
}

// From here on the master has it, whatever becomes of the worker.
template <class T>
void AsyncMaster<T>::receive(std::uint32_t worker, Update<T> update) {
  Seat& seat = seats_[worker];
  if (cutter_.is_on()) {
    sent_bytes_ -= seat.sent.bytes();
    seat.sent.add(update);
    sent_bytes_ += seat.sent.bytes();
  }
  seat.received = std::move(update);
  if (!cut_ || !cut_->awaited[worker]) return;
  add_to_cut(worker);
  end_cut_if_whole();
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
  seats_[worker].out = true;
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
  if (evaluates_now()) {
    evaluating_ = true;
    co_await evaluate();
    evaluating_ = false;
    release();
  }
  if (is_cut_due()) begin_cut();
  if (run_.ended()) {
    finish();
  } else if (record_ && record_->is_due()) {
    co_await run_.monitor().template send<&Monitor::record>(record_->piece());
  }
}

// Every worker is needed for it. The end of the run waits until one that has died is replaced; else the
// others go on meanwhile.
template <class T>
bool AsyncMaster<T>::evaluates_now() const {
  return !run_.ended() && run_.evaluation_is_due() && (run_.is_to_end() || all_are_there());
}

template <class T>
bool AsyncMaster<T>::all_are_there() const {
  return std::none_of(seats_.begin(), seats_.end(), [](const Seat& each) { return each.gone; });
}

template <class T>
runtime::Task<void> AsyncMaster<T>::evaluate() {
  std::vector<std::uint64_t> lives(seats_.size());
  for (;;) {
    for (std::size_t i = 0; i < seats_.size(); ++i) lives[i] = seats_[i].life;
    std::uint32_t dead = 0;
    try {
      co_await run_.evaluate();
      co_return;
    } catch (const runtime::ActorDied& error) {
      dead = worker_called(error.actor());
      if (!cutter_.is_on() || dead == seats_.size()) throw;
    }
    if (seats_[dead].life == lives[dead]) seats_[dead].gone = true;
    give_up_cut();
    if (!run_.is_to_end()) co_return;  // it is still due
    while (!over_ && seats_[dead].life == lives[dead]) {
      co_await next_turn();
    }
    if (over_) co_return;
  }
}

// How many there are, if none is called so.
template <class T>
std::uint32_t AsyncMaster<T>::worker_called(const std::string& name) const {
  const auto& workers = run_.workers();
  const auto found =
      std::find_if(workers.begin(), workers.end(), [&](const auto& each) { return each.name() == name; });
  return static_cast<std::uint32_t>(found - workers.begin());
}

// The first step of which it is known what was sent: all before are in a durable checkpoint.
template <class T>
std::uint64_t AsyncMaster<T>::first_known(const Seat& seat) {
  if (const auto first = seat.sent.first()) return *first;
  return seat.received ? seat.received->round + 1 : seat.steps;
}

template <class T>
runtime::Task<bool> AsyncMaster<T>::replace(std::uint32_t worker, runtime::Handle<Worker<T>> successor) {
  if (!begun_) co_return false;
  auto answer = successor.template call<&Worker<T>::set_up>(run_.attempt());
  const Shard shard = co_await answer;
  Seat& seat = seats_.at(worker);
  if (shard.round < first_known(seat) && !faults_.no_known_check) co_return false;
  std::vector<Update<T>> sent;
  if (!faults_.no_recall) sent = seat.sent.since(shard.round);
  auto told = successor.template call<&Worker<T>::recall>(run_.attempt(), sent);
  co_await told;
  run_.replace(worker, successor);
  give_up_cut();
  ++seat.life;
  seat.gone = false;
  this->context().log().info(
      fmt::format("{} is back, from before its round {}", successor.name(), shard.round));
  release();
  co_return true;
}

template <class T>
bool AsyncMaster<T>::is_cut_due() const {
  if (!cutter_.is_free()) return false;
  const bool due = run_.ended() ? run_.may_go_on() && cutter_.durable() != run_.updates()
                                : cutter_.is_due(run_.updates()) || sent_bytes_ > kSentMost;
  return due && (faults_.keep_dead_cut || all_are_there()) && run_.is_finite();
}

template <class T>
void AsyncMaster<T>::begin_cut() {
  cut_ = std::make_unique<Cut>();
  cut_->number = cutter_.start(run_.updates());
  cut_->saved.run = run_.save();
  cut_->steps.resize(seats_.size());
  cut_->awaited.resize(seats_.size());
  for (std::uint32_t i = 0; i < seats_.size(); ++i) {
    cut_->saved.steps.push_back(seats_[i].steps);
    cut_->saved.read.push_back(seats_[i].read);
    cut_->awaited[i] = seats_[i].out;
    if (seats_[i].out) ++cut_->left;
  }
  for (std::uint32_t i = 0; i < seats_.size(); ++i) {
    if (!seats_[i].out || seats_[i].received) add_to_cut(i);
  }
  end_cut_if_whole();
}

// Its worker is between two steps, and gets this before its next model.
template <class T>
void AsyncMaster<T>::add_to_cut(std::uint32_t worker) {
  const Seat& seat = seats_[worker];
  cut_->steps[worker] = seat.received ? seat.received->round + 1 : seat.steps;
  if (cut_->awaited[worker]) {
    cut_->awaited[worker] = false;
    --cut_->left;
    if (!faults_.nothing_on_its_way) cut_->saved.on_their_way.emplace_back(worker, *seat.received);
  }
  run_.workers()[worker].template must_tell<&Worker<T>::checkpoint>(run_.attempt(), cut_->number);
}

template <class T>
void AsyncMaster<T>::end_cut_if_whole() {
  if (!cut_ || cut_->left > 0) return;
  const std::unique_ptr<Cut> whole = std::move(cut_);
  if (faults_.late_save) whole->saved.run = run_.save();
  this->context().begin(keep(pack(whole->saved), whole->steps));
}

// A worker that has died gives no part, unless it has given it before: then the cut may become whole even so.
template <class T>
void AsyncMaster<T>::give_up_cut() {
  if (faults_.keep_dead_cut) return;
  cut_.reset();
  cutter_.give_up();
}

// What is in a durable checkpoint need not be told to successors.
template <class T>
runtime::Task<void> AsyncMaster<T>::keep(Bytes state, std::vector<std::uint64_t> steps) {
  if (faults_.early_trim) forget_sent(steps);
  const bool kept = co_await cutter_.keep(std::move(state));
  if (kept) forget_sent(steps);
}

template <class T>
void AsyncMaster<T>::forget_sent(const std::vector<std::uint64_t>& steps) {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    Journal<T>& sent = seats_[i].sent;
    sent_bytes_ -= sent.bytes();
    sent.forget_before(steps[i]);
    sent_bytes_ += sent.bytes();
  }
}

// What was on its way has come.
template <class T>
void AsyncMaster<T>::take_up(Saved saved) {
  if (saved.steps.size() != seats_.size() || saved.read.size() != seats_.size()) {
    throw Error("the saved state of the master is of other workers");
  }
  pace_.clear();
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    seats_[i].steps = saved.steps[i];
    seats_[i].read = saved.read[i];
    if (bounded_) ++pace_[saved.steps[i]];
  }
  for (OnItsWay& each : saved.on_their_way) {
    Seat& seat = seats_.at(each.worker);
    seat.out = true;
    seat.received = std::move(each.update);
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

// What is sent is kept until there is a checkpoint, and there is none while a worker is gone.
template <class T>
bool AsyncMaster<T>::has_no_room() const {
  return sent_bytes_ > kSentMost && !all_are_there();
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
