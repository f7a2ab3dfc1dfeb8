#include "actors/round_master.h"

namespace wisp::actors {

template <class T>
runtime::Task<Summary> RoundMaster<T>::run() {
  co_await run_.begin(this->context(), true);
  for (;;) {
    if (run_.evaluation_is_due()) co_await run_.evaluate();
    if (run_.ended()) break;
    co_await round();
    if (run_.ended()) break;
  }
  const Summary summary = run_.summarise();
  co_return summary;
}

template <class T>
runtime::Task<void> RoundMaster<T>::round() {
  const auto workers = static_cast<std::uint32_t>(run_.workers().size());
  const std::vector<Update<T>> updates = co_await run_.ask_for_updates(round_);
  for (std::uint32_t i = 0; i < workers; ++i) {  // in worker order: one hash
    const bool counts = run_.absorb(i, round_, updates[i]);
    if (!counts) co_return;  // it has ended: a round needs every update
  }
  run_.advance();
  ++round_;
}

template class RoundMaster<float>;
template class RoundMaster<double>;

}  // namespace wisp::actors
