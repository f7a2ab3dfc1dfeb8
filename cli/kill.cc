#include "cli/kill.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/control.h"
#include "cli/exit.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "launcher/jobs.h"

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

// Asks, and returns how long they are given before KILL.
std::chrono::milliseconds ask(const launcher::JobEntry& job, const std::vector<std::string>& actors) {
  const std::string text = ask_driver(job.state.control, Json{{"kill", actors}}.dump(), kAnswerMax);
  const Json answer = Json::parse(text, nullptr, false);
  if (!answer.is_object()) throw Error("the driver answers nonsense", Fault::kUnreachable);
  if (answer.contains("error")) throw Error(answer.value("error", ""), Fault::kUsage);
  return std::chrono::milliseconds(answer.value("grace_ms", std::int64_t{0}));
}

std::vector<launcher::ActorState> states_of(const launcher::JobEntry& job,
                                            const std::vector<std::string>& actors) {
  std::vector<launcher::ActorState> states;
  const auto state = launcher::read_state(job.folder);
  for (const launcher::ActorState& each : state ? state->actors : job.state.actors) {
    if (std::find(actors.begin(), actors.end(), each.name) != actors.end()) states.push_back(each);
  }
  return states;
}

std::vector<std::string> running_of(const std::vector<launcher::ActorState>& states) {
  std::vector<std::string> names;
  for (const launcher::ActorState& each : states) {
    if (each.state == "running" || each.state == "starting") names.push_back(each.name + "@" + each.host);
  }
  return names;
}

std::vector<launcher::ActorState> wait_for_end(const GlobalOptions& options, const launcher::JobEntry& job,
                                               const KillOptions& kill, std::chrono::milliseconds grace) {
  const auto begin = steady_clock::now();
  auto quiet_until = begin + kSilence;
  for (;;) {
    const bool driven =
        launcher::driver_of(job.folder).has_value();  // asked first: its last word is then read
    const auto states = states_of(job, kill.actors);
    const std::vector<std::string> left = running_of(states);
    if (left.empty()) return states;
    const auto now = steady_clock::now();
    if (!driven || now - begin > grace + kBeyondGrace)
      throw Error(escape_text(join(left, ", "), 400) + ": no end was seen; wisp ps", Fault::kTeardown);
    if (now >= quiet_until) {
      const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - begin);
      talk(options, fmt::format("waiting for {}: TERM was sent, KILL comes after {} ({} s)",
                                escape_text(join(left, ", "), 400), format_duration(grace), waited.count()));
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
  const std::chrono::milliseconds grace = ask(job, kill.actors);
  Json ended = Json::array();
  for (const launcher::ActorState& each : wait_for_end(options, job, kill, grace)) {
    talk(options, fmt::format("{}@{} has ended: {}", each.name, each.host, escape_text(each.cause, 400)));
    ended.push_back({{"actor", each.name}, {"host", each.host}, {"pid", each.pid}, {"cause", each.cause}});
  }
  if (options.json) print(ended.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  talk(options, fmt::format("what that means for the job: wisp wait -j {}", title(job)));
  return kExitDone;
}

}  // namespace wisp::cli
