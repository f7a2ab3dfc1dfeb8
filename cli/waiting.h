#pragma once
// What is said when something takes long.
#include <chrono>
#include <functional>
#include <future>
#include <string>

namespace wisp::cli {

// "<what> (3 s)".
std::string waited_text(const std::string& what, std::chrono::steady_clock::time_point since);

// What `work` returns or throws. It is done by another thread; each time `after` has gone by and it has not
// ended, this one says what it waits for.
template <class Work>
auto while_saying(const std::function<void(const std::string&)>& say, const std::string& what,
                  const Work& work, std::chrono::milliseconds after = std::chrono::seconds(3)) {
  const auto begin = std::chrono::steady_clock::now();
  auto result = std::async(std::launch::async, work);
  while (result.wait_for(after) != std::future_status::ready) say(waited_text(what, begin));
  return result.get();
}

}  // namespace wisp::cli
