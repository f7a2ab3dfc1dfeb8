#include "cli/kill.h"

#include <algorithm>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/control.h"
#include "cli/exit.h"
#include "cli/inspect.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "launcher/jobs.h"
#include "launcher/state_file.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::chrono::seconds kAnswerMax{10};
constexpr std::chrono::seconds kSilence{3};
constexpr std::chrono::seconds kBeyondGrace{10};

void check_actors(const launcher::JobEntry& job, const std::vector<std::string>& actors) {
  std::vector<std::string> known;
  for (const launcher::ActorState& each : job.state.actors) known.push_back(each.name);
  for (const std::string& each : actors) {
    if (std::find(known.begin(), known.end(), each) == known.end())
      throw Error(no_such_actor(job, each, known), Fault::kUsage);
  }
}

struct Request {
  std::chrono::milliseconds grace;          // until KILL
  std::vector<launcher::ActorState> asked;  // as the driver saw them then: who had ended already is not asked
};

Request ask(const launcher::JobEntry& job, const std::vector<std::string>& actors) {
  const std::string text = ask_driver(job.state.control, Json{{"kill", actors}}.dump(), kAnswerMax);
  const Json answer = Json::parse(text, nullptr, false);
  if (answer.is_object() && answer.contains("error")) throw Error(answer.value("error", ""), Fault::kUsage);
  if (!answer.is_object() || !answer.contains("asked"))
    throw Error("the driver answers nonsense", Fault::kUnreachable);
  return {std::chrono::milliseconds(answer.value("grace_ms", std::int64_t{0})),
          launcher::state_from_json(answer.value("asked", "")).actors};
}

// Why the process of `actor` has ended since it was asked to; empty while that is not known. Its state would
// not do: an actor may be started again before anybody looks.
std::optional<std::string> end_of(const launcher::JobEntry& job, const launcher::ActorState& actor) {
  std::optional<std::string> end;
  bool asked = false;
  for (const ActorReport::Event& each : events_of(job.folder, actor)) {
    if (each.event == "asked to end") {
      asked = true;
      end.reset();
    } else if (asked && !end && (each.event == "exited" || each.event == "host lost")) {
      end = each.cause;
    }
  }
  return end;
}

// The actors who have not ended yet, as <name>@<host>. Of the others, `asked` is told why.
std::vector<std::string> left_of(const launcher::JobEntry& job, std::vector<launcher::ActorState>& asked) {
  std::vector<std::string> left;
  for (launcher::ActorState& each : asked) {
    if (!each.is_alive()) continue;
    if (const auto cause = end_of(job, each)) {
      each.state = "exited";
      each.cause = *cause;
    } else {
      left.push_back(each.name + "@" + each.host);
    }
  }
  return left;
}

void wait_for_end(const GlobalOptions& options, const launcher::JobEntry& job, Request& request) {
  const auto begin = steady_clock::now();
  auto quiet_until = begin + kSilence;
  for (;;) {
    const bool driven =
        launcher::driver_of(job.folder).has_value();  // asked first: its last word is then read
    const std::vector<std::string> left = left_of(job, request.asked);
    if (left.empty()) return;
    const auto now = steady_clock::now();
    if (!driven || now - begin > request.grace + kBeyondGrace)
      throw Error(escape_text(join(left, ", "), 400) + ": no end was seen; wisp ps", Fault::kTeardown);
    if (now >= quiet_until) {
      const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - begin);
      talk(options,
           fmt::format("waiting for {}: TERM was sent, KILL comes after {} ({} s)",
                       escape_text(join(left, ", "), 400), format_duration(request.grace), waited.count()));
      quiet_until = now + kSilence;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace

int kill_command(const GlobalOptions& options, const KillOptions& kill) {
  end_on_interrupt();
  const launcher::JobEntry job = launcher::find_job(state_dir(options), options.job);
  if (!job.driver)
    throw Error(fmt::format("{} is not running: {}", title(job), status_text(job)), Fault::kUnreachable);
  check_actors(job, kill.actors);
  if (!job.driver->here)
    throw Error(driven_elsewhere(job, options, "kill", kill.actors), Fault::kUnreachable);
  if (job.state.control.empty())
    throw Error(fmt::format("{} takes no requests yet: {}", title(job), status_text(job)),
                Fault::kUnreachable);
  Request request = ask(job, kill.actors);
  wait_for_end(options, job, request);
  Json ended = Json::array();
  for (const launcher::ActorState& each : request.asked) {
    talk(options, fmt::format("{}@{} has ended: {}", each.name, each.host, escape_text(each.cause, 400)));
    ended.push_back({{"actor", each.name}, {"host", each.host}, {"pid", each.pid}, {"cause", each.cause}});
  }
  if (options.json) print(ended.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  talk(options, fmt::format("what that means for the job: wisp wait -j {}", title(job)));
  return kExitDone;
}

}  // namespace wisp::cli
