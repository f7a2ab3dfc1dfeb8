#include "launcher/checkup.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/process.h"
#include "base/text.h"
#include "launcher/connection.h"
#include "launcher/elf.h"
#include "launcher/way.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

constexpr auto kStopPatience = 5s;
constexpr auto kPollMax = 1000ms;

// A connection that is closed again as soon as its agent has answered.
class Trial {
 public:
  Trial(const ConnectionSettings& settings, const HostSpec& host) : connection_(settings, host) {}

  void open(Time now) { connection_.open(now); }
  void add_descriptors(std::vector<pollfd>& fds) const { connection_.add_descriptors(fds); }
  Time due(Time now) const { return std::min(connection_.due(now), give_up_at_); }
  void step(Time now) {
    std::vector<Event> ignored;  // it runs nothing that anything could happen to
    connection_.step(now, ignored);
    if (!answer_ && connection_.stage() == Connection::Stage::kReady) {
      answer_ = connection_.info();
      connection_.stop(0ms);
      give_up_at_ = now + kStopPatience;
    }
    if (now >= give_up_at_) connection_.kill();
  }

  bool closed() const { return connection_.closed(); }
  const std::string& name() const { return connection_.info().name; }
  std::string waiting_for(Time now) const { return connection_.waiting_for(now); }
  const std::optional<HostInfo>& answer() const { return answer_; }
  std::string failure() const { return connection_.failure().value_or(""); }

 private:
  Connection connection_;
  std::optional<HostInfo> answer_;
  Time give_up_at_ = Time::max();
};

template <class Item>
std::string waited_for(const std::vector<std::unique_ptr<Item>>& items, std::size_t opened, Time now) {
  std::string text;
  std::size_t more = items.size() - opened;
  for (std::size_t i = 0; i < opened; ++i) {
    if (items[i]->closed()) continue;
    if (text.empty()) {
      text = fmt::format("waiting for {}: {}", items[i]->name(), items[i]->waiting_for(now));
    } else {
      ++more;
    }
  }
  return more == 0 ? text : text + fmt::format(", and for {} more", more);
}

// Opens each, at most `parallel` at a time, and steps them until all are closed.
template <class Item>
void see_through(const std::vector<std::unique_ptr<Item>>& items, std::size_t parallel,
                 const FleetOptions& options) {
  const auto is_closed = [](const auto& each) { return each->closed(); };
  std::size_t opened = 0;
  Time tell_at = std::chrono::steady_clock::now() + options.progress_after;
  for (;;) {
    const Time now = std::chrono::steady_clock::now();
    const auto end = items.begin() + static_cast<std::ptrdiff_t>(opened);
    auto busy = opened - static_cast<std::size_t>(std::count_if(items.begin(), end, is_closed));
    for (; busy < parallel && opened < items.size(); ++busy) items[opened++]->open(now);
    if (std::all_of(items.begin(), items.end(), is_closed)) return;
    if (now >= tell_at) {
      if (options.progress) options.progress(waited_for(items, opened, now));
      tell_at = now + options.progress_after;
    }
    Time until = std::min(tell_at, now + kPollMax);
    std::vector<pollfd> fds;
    for (std::size_t i = 0; i < opened; ++i) {
      if (items[i]->closed()) continue;
      items[i]->add_descriptors(fds);
      until = std::min(until, items[i]->due(now));
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    ::poll(fds.data(), fds.size(), static_cast<int>(std::max(left, 0ms).count()));
    for (std::size_t i = 0; i < opened; ++i) {
      if (!items[i]->closed()) items[i]->step(std::chrono::steady_clock::now());
    }
  }
}

std::vector<Checkup> ask_for_facts(const LauncherSpec& spec, const FleetOptions& options) {
  std::vector<std::unique_ptr<Probe>> probes;
  for (const HostSpec& each : spec.hosts) probes.push_back(std::make_unique<Probe>(spec, each));
  see_through(probes, spec.ssh.max_parallel, options);
  std::vector<Checkup> found;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const auto& each = probes[i];
    Checkup& checkup = found.emplace_back();
    checkup.host = each->name();
    checkup.by_ssh = spec.kind == "ssh";
    checkup.program = way_to(spec, spec.hosts[i], "").program;
    checkup.facts = each->facts();
    checkup.failure = each->failure();
  }
  return found;
}

// "node1: what\n    words" on one line, without the host's name.
std::string on_one_line(const std::string& host, std::string text) {
  if (text.starts_with(host + ": ")) text.erase(0, host.size() + 2);
  std::vector<std::string> parts = split(text, '\n');
  for (std::string& each : parts) each.erase(0, std::min(each.find_first_not_of(' '), each.size()));
  return join(parts, " | ");
}

}  // namespace

std::string unfit(const HostFacts& facts, const std::string& needed_libc) {
  if (facts.machine != this_machine()) return "it is another kind of machine";
  if (!facts.libc.empty() && older(facts.libc, needed_libc)) return "its C library is too old";
  for (const char* each : {"tar", "gzip", "head", "mktemp"}) {
    if (!facts.tools.contains(each)) return fmt::format("there is no {}", each);
  }
  return facts.writable ? "" : "its work directory can't be written";
}

std::vector<Checkup> examine(const LauncherSpec& spec, const std::string& needed_libc,
                             const FleetOptions& options) {
  std::vector<Checkup> found = ask_for_facts(spec, options);
  ConnectionSettings settings;
  settings.spec = spec;
  std::vector<std::unique_ptr<Trial>> trials;
  std::vector<Checkup*> tried;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].facts || !unfit(*found[i].facts, needed_libc).empty()) continue;
    trials.push_back(std::make_unique<Trial>(settings, spec.hosts[i]));
    tried.push_back(&found[i]);
  }
  if (trials.empty()) return found;
  if (spec.deploy.kind != "none")
    settings.bundle = make_bundle(spec.deploy, options.program, options.libraries);
  see_through(trials, spec.ssh.max_parallel, options);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    tried[i]->has_program = tried[i]->facts->bundles.contains(settings.bundle.sha256);
    tried[i]->agent = trials[i]->answer();
    if (!tried[i]->agent) tried[i]->agent_failure = on_one_line(tried[i]->host, trials[i]->failure());
  }
  return found;
}

}  // namespace wisp::launcher
