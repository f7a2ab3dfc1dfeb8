#include "actors/round_master.h"

#include <utility>

namespace wisp::actors {

template <class T>
RoundMaster<T>::RoundMaster(MasterJob job, MasterParameters<T> parameters, const Catalogs& catalogs)
    : state_(std::exchange(parameters.state, std::nullopt)),
      cutter_(job.checkpoint, parameters.keeper, parameters.attempt,
              static_cast<std::uint32_t>(parameters.workers.size())),
      run_(std::move(job), std::move(parameters), catalogs) {}

template <class T>
runtime::Task<Summary> RoundMaster<T>::run() {
  co_await run_.begin(this->context(), true, state_);
  cutter_.begin(this->context(), run_.updates(), std::exchange(state_, std::nullopt).has_value());
  for (;;) {
    if (run_.evaluation_is_due()) co_await run_.evaluate();
    if (run_.ended()) break;
    if (cutter_.is_due(run_.updates())) cut();
    co_await round();
    if (run_.ended()) break;
  }
  co_await last_cut();
  const Summary summary = run_.summarise();
  co_return summary;
}

// Every worker is between its rounds, and gets this before the next model.
template <class T>
void RoundMaster<T>::cut() {
  if (!run_.is_finite()) return;
  const std::uint64_t number = cutter_.start(run_.updates());
  for (const auto& worker : run_.workers()) {
    worker.template must_tell<&Worker<T>::checkpoint>(run_.attempt(), number);
  }
  this->context().begin(keep(run_.save()));
}

template <class T>
runtime::Task<void> RoundMaster<T>::keep(Bytes state) {
  const bool kept = co_await cutter_.keep(std::move(state));
  static_cast<void>(kept);  // the log has it
}

// Of a run that may be gone on with.
template <class T>
runtime::Task<void> RoundMaster<T>::last_cut() {
  if (!cutter_.is_on() || !run_.may_go_on()) co_return;
  co_await cutter_.settle();
  if (!cutter_.is_free() || cutter_.durable() == run_.updates()) co_return;
  cut();
  co_await cutter_.settle();
}

template <class T>
runtime::Task<void> RoundMaster<T>::round() {
  const auto workers = static_cast<std::uint32_t>(run_.workers().size());
  const std::uint64_t round = run_.rounds();
  const std::vector<Update<T>> updates = co_await run_.ask_for_updates(round);
  for (std::uint32_t i = 0; i < workers; ++i) {  // in worker order: one hash
    const bool counts = run_.absorb(i, round, updates[i]);
    if (!counts) co_return;  // it has ended: a round needs every update
  }
  run_.advance();
}

template class RoundMaster<float>;
template class RoundMaster<double>;

}  // namespace wisp::actors
