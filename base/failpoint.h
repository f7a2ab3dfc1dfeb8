#pragma once
// Failpoints: named places at which a test can have the process killed, or what it does there fail.
//
// WISP_FAILPOINT in the environment says which: "name:action" or "name:action@n" for the n-th time that this
// process comes by, several of them separated by commas. Actions: kill (as by kill -9), error (throws Error,
// where the place can fail). Where nothing is set, a failpoint costs a load and a branch. Any thread.
#include <atomic>
#include <string_view>

namespace wisp {

namespace failpoint_detail {

enum class State : int { kUnread, kNone, kSome };
extern std::atomic<State> state;
void pass(std::string_view name, std::string_view of);

}  // namespace failpoint_detail

// Throws Error if "error" is set for `name`. `of`: what is worked at, such as a file, for the error's text.
inline void failpoint(std::string_view name, std::string_view of = {}) {
  if (failpoint_detail::state.load(std::memory_order_relaxed) != failpoint_detail::State::kNone) {
    failpoint_detail::pass(name, of);
  }
}

}  // namespace wisp
