#include "launcher/log_collector.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/disk.h"
#include "base/error.h"
#include "base/process.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;
using Steady = std::chrono::steady_clock;

constexpr const char* kEvents = "events.jsonl";
constexpr const char* kCollected = "logs collected";
// Somebody waits who wants to see logs; what ssh says of a host is worth more than that time is up.
constexpr std::chrono::milliseconds kConnectMax{8'000};
constexpr std::chrono::milliseconds kStartMax{20'000};
constexpr auto kAskAgain = 500ms;  // of an agent that has not ended
constexpr auto kStopGrace = 1s;

std::set<std::string> collected_hosts(const std::filesystem::path& folder) {
  std::set<std::string> hosts;
  std::ifstream file(folder / kEvents);
  for (std::string line; std::getline(file, line);) {
    const Json event = Json::parse(line, nullptr, false);
    if (event.is_object() && event.value("event", Json()) == kCollected) {
      hosts.insert(event.value("host", ""));
    }
  }
  return hosts;
}

void note_collected(const std::filesystem::path& folder, const Collected& what) {
  const Json event = {{"time", format_utc(SystemClock().wall())},
                      {"event", kCollected},
                      {"host", what.host},
                      {"cause", fmt::format("{} lines", what.lines)}};
  SystemDisk().append_text(folder / kEvents, event.dump() + "\n");
}

// One process at a time adds to the logs of a job.
Descriptor lock_collecting(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "collect.lock";
  Descriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw Error(fmt::format("{}: {}", file.string(), std::strerror(errno)));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    throw Error("another command is collecting the logs of this job; try again when it has ended");
  return fd;
}

// The logs of the job folder, with several hosts writing.
struct Store {
  std::mutex mutex;  // guards `files`
  LogFiles files;

  std::vector<LogPosition> positions() {
    const std::lock_guard lock(mutex);
    return files.positions();
  }
  void append(const LogLine& line) {
    const std::lock_guard lock(mutex);
    files.append(line);
  }
};

// What a host answers: filled by the fleet's thread, waited for by another.
class Answers {
 public:
  Answers(Store& store, const FleetOptions& options) : store_(store), options_(options) {}

  void take(const Event& event) {
    const std::lock_guard lock(mutex_);
    if (const auto* line = std::get_if<Line>(&event)) {
      add(*line);
    } else if (const auto* sent = std::get_if<LogsSent>(&event)) {
      sent_ = *sent;
    } else if (const auto* lost = std::get_if<HostLost>(&event)) {
      failure_ = lost->cause;
    }
    changed_.notify_all();
  }

  // Throws Error where the host was lost, or a line could not be stored.
  LogsSent wait(const std::string& host) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, options_.progress_after, [&] { return sent_ || !failure_.empty(); })) {
      if (options_.progress)
        options_.progress(fmt::format("waiting for {}: its logs, {} lines so far", host, lines_));
    }
    if (!failure_.empty()) throw Error(failure_, Fault::kHost);
    return *std::exchange(sent_, std::nullopt);
  }

  std::uint64_t lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  void add(const Line& line) {
    try {
      if (failure_.empty()) store_.append(log_line(line));
      ++lines_;
    } catch (const Error& error) {  // in the fleet's thread: who waits throws it
      failure_ = error.what();
    }
  }

  Store& store_;
  const FleetOptions& options_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::optional<LogsSent> sent_;
  std::string failure_;
  std::uint64_t lines_ = 0;
};

LauncherSpec only(const LauncherSpec& spec, const std::string& host) {
  LauncherSpec one = spec;
  std::erase_if(one.hosts, [&](const HostSpec& each) { return each.name != host; });
  one.timeouts.start = std::min(one.timeouts.start, kStartMax);
  one.ssh.connect_timeout = std::min(one.ssh.connect_timeout, kConnectMax);
  return one;
}

Collected collect_from(const std::string& host, const std::string& job, const LauncherSpec& spec,
                       const FleetOptions& options, Store& store, std::chrono::milliseconds patience) {
  Collected result;
  result.host = host;
  Answers answers(store, options);
  try {
    Fleet fleet(only(spec, host), options, [&](const Event& event) { answers.take(event); });
    fleet.start_hosts();
    const auto deadline = Steady::now() + patience;
    auto told = Steady::now();
    for (;;) {
      fleet.send_logs(host, job, store.positions());
      result.writer = answers.wait(host).writer;
      if (result.writer == 0 || Steady::now() >= deadline) break;
      if (options.progress && Steady::now() - told >= options.progress_after) {
        told = Steady::now();
        options.progress(fmt::format("waiting for {}: agent {} of the job to end", host, result.writer));
      }
      std::this_thread::sleep_for(kAskAgain);
    }
    if (result.writer == 0) fleet.forget_logs(host, job);
    fleet.stop(kStopGrace);
  } catch (const Error& error) {  // the other hosts go on
    result.failure = error.what();
  }
  result.lines = answers.lines();
  return result;
}

}  // namespace

std::vector<std::string> hosts_to_collect(const JobEntry& job) {
  if (job.driver) return {};
  std::set<std::string> hosts;
  for (const ActorState& each : job.state.actors) {
    const bool is_elsewhere = job.state.addresses.contains(each.host);  // this machine keeps no copies
    const bool is_open = each.is_alive() || each.state == "lost";
    if (is_elsewhere && is_open) hosts.insert(each.host);
  }
  for (const std::string& each : collected_hosts(job.folder)) hosts.erase(each);
  return {hosts.begin(), hosts.end()};
}

std::vector<Collected> collect_logs(const JobEntry& job, const LauncherSpec& spec,
                                    const FleetOptions& options, const std::vector<std::string>& hosts,
                                    std::chrono::milliseconds patience) {
  const Descriptor lock = lock_collecting(job.folder);
  Store store{{}, LogFiles(job.folder / "logs", spec.logs)};
  std::vector<std::future<Collected>> asked;
  for (const std::string& host : hosts) {
    asked.push_back(std::async(std::launch::async, collect_from, host, job.state.id, std::cref(spec),
                               std::cref(options), std::ref(store), patience));
  }
  std::vector<Collected> results;
  for (auto& each : asked) results.push_back(each.get());
  for (const Collected& each : results) {
    if (each.failure.empty() && each.writer == 0) note_collected(job.folder, each);
  }
  return results;
}

}  // namespace wisp::launcher
