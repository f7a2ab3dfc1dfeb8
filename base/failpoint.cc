#include "base/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace wisp::failpoint_detail {

std::atomic<State> state{State::kUnread};

namespace {

struct Planted {
  std::string name;
  std::string action;
  unsigned long left = 1;  // until it is its turn
};

std::mutex mutex;                  // guards the next
std::vector<Planted> all_planted;  // once they are read

std::vector<Planted> read() {
  std::vector<Planted> all;
  const char* text = std::getenv("WISP_FAILPOINT");
  if (text == nullptr || *text == '\0') return all;
  for (const std::string& each : split(text, ',')) {
    const auto colon = each.find(':');
    const auto at = each.find('@');
    Planted planted;
    planted.name = each.substr(0, colon);
    if (colon != std::string::npos)
      planted.action = each.substr(colon + 1, at == std::string::npos ? at : at - colon - 1);
    if (at != std::string::npos) planted.left = std::strtoul(each.c_str() + at + 1, nullptr, 10);
    if ((planted.action != "kill" && planted.action != "error") || planted.left == 0) {
      throw Error("WISP_FAILPOINT: '" + each + "' is not name:kill or name:error, with @n behind it or not",
                  Fault::kUsage);
    }
    all.push_back(std::move(planted));
  }
  return all;
}

}  // namespace

void pass(std::string_view name, std::string_view of) {
  std::lock_guard lock(mutex);
  if (state == State::kUnread) {
    all_planted = read();
    state = all_planted.empty() ? State::kNone : State::kSome;
  }
  for (Planted& each : all_planted) {
    if (each.name != name || each.left == 0 || --each.left > 0) continue;
    if (each.action == "kill") {
      ::kill(::getpid(), SIGKILL);
      ::pause();
    }
    throw Error(std::string(of) + (of.empty() ? "" : ": ") + "failpoint " + each.name);
  }
}

}  // namespace wisp::failpoint_detail
