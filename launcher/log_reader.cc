#include "launcher/log_reader.h"

#include <fnmatch.h>
#include <regex.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "launcher/jobs.h"
#include "launcher/log_files.h"
#include "launcher/log_series.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::system_clock::time_point;

constexpr auto kLookEvery = 100ms;

// One file of each log is held open.
void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Owns what regcomp() makes.
class Pattern {
 public:
  explicit Pattern(const std::string& text) {
    const int error = ::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error == 0) return;
    char why[200] = "";
    ::regerror(error, &compiled_, why, sizeof(why));
    throw Error(fmt::format("'{}' is no regular expression: {}", escape_text(text, 200), why), Fault::kUsage);
  }
  ~Pattern() { ::regfree(&compiled_); }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  bool is_in(const std::string& text) const {
    return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_{};
};

Level level_of(const LogLine& line) {
  return parse_level(line.level).value_or(line.level == "err" ? Level::kWarn : Level::kInfo);
}

bool matches(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

// A log, with its next line and when that happened.
struct Source {
  Source(const std::filesystem::path& folder, const std::string& actor, std::uint32_t attempt)
      : log(folder / actor, actor, attempt) {}
  LogSeries log;
  LogLine line;
  Time when;  // never goes back within a log, even where its host's clock did
};

struct Later {
  bool operator()(const std::pair<Time, std::size_t>& a, const std::pair<Time, std::size_t>& b) const {
    return a > b;
  }
};

}  // namespace

struct LogReader::Impl {
  using Key = std::pair<std::string, std::uint32_t>;

  bool wants_actor(const std::string& actor) const {
    return query.actors.empty() || std::any_of(query.actors.begin(), query.actors.end(),
                                               [&](const auto& each) { return matches(each, actor); });
  }

  bool wants_attempt(std::uint32_t attempt, std::uint32_t newest) const {
    if (query.previous) return attempt + 1 == newest;
    return !query.attempt || attempt == *query.attempt;
  }

  bool wants(const LogLine& line) const {
    const Time time = corrected(line);
    if ((query.since && time < *query.since) || (query.until && time >= *query.until)) return false;
    if (level_of(line) < query.minimum) return false;
    if (!query.host.empty() && !matches(query.host, line.host)) return false;
    return !pattern || pattern->is_in(line.text);
  }

  bool is_filtered() const {
    return query.since || query.until || pattern || !query.host.empty() || query.minimum > Level::kDebug;
  }

  // Opens the logs that are new, and in all of them the files that are.
  void look() {
    for (auto& [key, source] : sources) source.log.look();
    for (const std::string& actor : list_log_actors(folder / "logs")) {
      if (!wants_actor(actor)) continue;
      const std::vector<LogName> names = list_logs(folder / "logs" / actor);
      for (const LogName& each : names) {
        if (!wants_attempt(each.attempt, names.back().attempt)) continue;
        sources.try_emplace({actor, each.attempt}, folder / "logs", actor, each.attempt);
      }
    }
  }

  // Leaves the last lines of each actor, which may be in several attempts.
  void skip_to_last(std::size_t lines) {
    load_offsets();
    std::function<bool(const LogLine&)> wanted;
    if (is_filtered()) wanted = [this](const LogLine& line) { return wants(line); };
    std::map<std::string, std::size_t> left;
    for (auto each = sources.rbegin(); each != sources.rend(); ++each) {
      std::size_t& count = left.try_emplace(each->first.first, lines).first->second;
      count -= each->second.log.skip_to_last(count, wanted);
    }
  }

  void load_offsets() {
    try {
      if (const auto state = read_state(folder)) offsets = state->clock_offsets;
    } catch (const Error&) {  // the lines are worth reading without it
    }
  }

  Time corrected(const LogLine& line) const {
    const auto found = offsets.find(line.host);
    return found == offsets.end() ? line.time : line.time - found->second;
  }

  bool advance(Source& source) const {
    while (auto line = source.log.next()) {
      source.when = std::max(source.when, corrected(*line));
      if (!wants(*line)) continue;
      source.line = std::move(*line);
      return true;
    }
    return false;
  }

  void give_new_lines(const std::function<void(const LogLine&)>& sink) {
    load_offsets();
    std::priority_queue<std::pair<Time, std::size_t>, std::vector<std::pair<Time, std::size_t>>, Later> next;
    std::vector<Source*> all;
    for (auto& [key, source] : sources) {
      all.push_back(&source);
      if (advance(source)) next.emplace(source.when, all.size() - 1);
    }
    while (!next.empty()) {
      const std::size_t index = next.top().second;
      next.pop();
      sink(all[index]->line);
      if (advance(*all[index])) next.emplace(all[index]->when, index);
    }
  }

  bool is_past() const { return query.until && SystemClock().wall() >= *query.until; }

  std::filesystem::path folder;
  LogQuery query;
  std::unique_ptr<Pattern> pattern;  // none: every text
  std::map<Key, Source> sources;
  std::map<std::string, std::chrono::microseconds> offsets;
};

LogReader::LogReader(std::filesystem::path folder, LogQuery query) : impl_(std::make_unique<Impl>()) {
  impl_->folder = std::move(folder);
  impl_->query = std::move(query);
  allow_many_files();
  if (!impl_->query.pattern.empty()) impl_->pattern = std::make_unique<Pattern>(impl_->query.pattern);
  impl_->look();
  if (impl_->query.last) impl_->skip_to_last(*impl_->query.last);
}

LogReader::~LogReader() = default;

void LogReader::run(const std::function<void(const LogLine&)>& sink,
                    const std::function<bool()>& keep_going) {
  while (keep_going()) {
    // Asked first: what it wrote is then read.
    const bool last = !impl_->query.follow || !driver_of(impl_->folder) || impl_->is_past();
    impl_->look();
    impl_->give_new_lines(sink);
    if (last) return;
    std::this_thread::sleep_for(kLookEvery);
  }
}

std::vector<std::string> LogReader::actors() const {
  std::set<std::string> names;
  for (const auto& [key, source] : impl_->sources) names.insert(key.first);
  return {names.begin(), names.end()};
}

}  // namespace wisp::launcher
