#include "config/chaos_rules.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"

namespace wisp::config {
namespace {

constexpr std::size_t kShownMax = 60;
constexpr std::size_t kNamesMax = 4;

// The keys of chaos_kinds(), with what one would write.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kHow = {
    {{"for", "5s"}, {"factor", "4"}, {"by", "100ms"}, {"rate", "0.1"}}};

class ChaosRules {
 public:
  ChaosRules(const Draft& draft, Mistakes& mistakes) : draft_(draft), mistakes_(mistakes) {}

  void run() {
    const Experiment& experiment = draft_.experiment;
    if (!experiment.given("chaos")) return;
    if (!experiment.plain() && experiment.job.simulation.given) {
      mistakes_.add(experiment.where("chaos"),
                    "simulation: actors whose times are simulated live in one process, on no network",
                    "leave out chaos, or simulation");
    }
    gather_actors();
    for (std::size_t i = 0; i < experiment.chaos.size(); ++i) {
      path_ = "chaos." + std::to_string(i);
      if (!draft_.sound(path_)) continue;
      const ChaosKind* kind = only_kind();
      if (kind == nullptr) continue;
      times(experiment.chaos[i]);
      how(*kind);
      target(*kind, experiment.chaos[i]);
    }
  }

 private:
  bool given(std::string_view key) const { return draft_.experiment.given(path_ + "." + std::string(key)); }

  // At the key; at the entry as a whole if it has none.
  void report(std::string_view key, std::string message, std::string hint = "") {
    const std::string path = key.empty() ? path_ : path_ + "." + std::string(key);
    mistakes_.add(draft_.experiment.where(path), std::move(message), std::move(hint));
  }

  void gather_actors() {
    const Experiment& experiment = draft_.experiment;
    for (const actors::GroupSpec& group : experiment.groups) {
      for (std::string& name : group.actor_names()) actors_.push_back(std::move(name));
    }
    if (experiment.plain()) return;
    actors_.push_back("master");
    for (std::uint32_t i = 0; i < experiment.job.worker.replicas; ++i)
      actors_.push_back("worker-" + std::to_string(i));
  }

  const ChaosKind* only_kind() {
    const ChaosKind* only = nullptr;
    std::vector<std::string> words;
    for (const ChaosKind& kind : chaos_kinds()) {
      words.emplace_back(kind.word);
      if (!given(kind.word)) continue;
      if (only != nullptr) {
        report(kind.word,
               "an entry of chaos does one thing, and this is " + std::string(only->word) + " already",
               "make two entries of it");
        return nullptr;
      }
      only = &kind;
    }
    if (only == nullptr) report("", "this entry of chaos does nothing", "one of " + join(words, " | "));
    return only;
  }

  void times(const actors::ChaosSpec& entry) {
    const bool repeated = given("every");
    if (given("at") && repeated) {
      report("every", "an entry of chaos strikes once, at a time, or every so often",
             "leave out at or every");
    } else if (!given("at") && !repeated) {
      report("", "this entry of chaos has no time", "add at: 30s, or every: 30s");
    }
    if (!given("until")) return;
    if (!repeated) {
      report("until", "until is of what is repeated, and this is not", "leave it out, or take every for at");
    } else if (entry.until < entry.every) {
      report("until", "this entry of chaos ends before it strikes", "every has to be within until");
    }
  }

  void how(const ChaosKind& kind) {
    for (const auto& [key, example] : kHow) {
      const bool wanted = std::find(kind.keys.begin(), kind.keys.end(), key) != kind.keys.end();
      if (wanted == given(key)) continue;
      if (wanted) {
        report(kind.word, std::string(kind.word) + " needs '" + std::string(key) + "'",
               "such as " + std::string(key) + ": " + std::string(example));
      } else {
        report(key, std::string(kind.word) + " has no '" + std::string(key) + "'", "leave it out");
      }
    }
  }

  void target(const ChaosKind& kind, const actors::ChaosSpec& entry) {
    if (const std::string host = entry.host(); !host.empty()) {
      return host_target(kind, host);
    }
    if (!draft_.sound("actors")) return;
    const bool fits = std::any_of(actors_.begin(), actors_.end(),
                                  [&](const std::string& actor) { return entry.aims_at(actor); });
    if (fits) return;
    report(kind.word, "no actor is called '" + escape_text(entry.target, kShownMax) + "'",
           actor_hint(entry.target));
  }

  std::string actor_hint(const std::string& target) const {
    const bool is_host = target_hosts().contains(target);
    if (is_host) return "did you mean 'host:" + target + "'?";
    if (const auto meant = nearest(target, patterns())) return "did you mean '" + *meant + "'?";
    std::vector<std::string> some(
        actors_.begin(), actors_.begin() + static_cast<std::ptrdiff_t>(std::min(actors_.size(), kNamesMax)));
    return "there are " + join(some, ", ") + (actors_.size() > kNamesMax ? ", ..." : "");
  }

  // The names of the actors, and the patterns that fit those that are numbered.
  std::vector<std::string> patterns() const {
    std::vector<std::string> all = actors_;
    std::set<std::string> numbered;
    for (const std::string& actor : actors_) {
      if (const std::size_t dash = actor.rfind("-0"); dash != std::string::npos && dash + 2 == actor.size())
        numbered.insert(actor.substr(0, dash) + "-*");
    }
    all.insert(all.end(), numbered.begin(), numbered.end());
    return all;
  }

  std::set<std::string> target_hosts() const {
    std::set<std::string> hosts;
    for (const launcher::HostSpec& host : draft_.experiment.launcher.hosts) hosts.insert(host.name);
    return hosts;
  }

  // Which hosts Slurm will give is not known before it gives them.
  void host_target(const ChaosKind& kind, const std::string& host) {
    const launcher::LauncherSpec& launcher = draft_.experiment.launcher;
    if (!draft_.sound("hosts") || !draft_.sound("launcher")) return;
    if (launcher.kind == "slurm" && !draft_.experiment.given("hosts")) return;
    const std::set<std::string> hosts = target_hosts();
    if (hosts.contains(host)) return;
    const auto meant = nearest(host, {hosts.begin(), hosts.end()});
    report(kind.word, "no host of this job is called '" + escape_text(host, kShownMax) + "'",
           meant ? "did you mean 'host:" + *meant + "'?"
                 : "one of " + join({hosts.begin(), hosts.end()}, " | "));
  }

  const Draft& draft_;
  Mistakes& mistakes_;
  std::vector<std::string> actors_;
  std::string path_;  // of the entry that is looked at
};

}  // namespace

std::span<const ChaosKind> chaos_kinds() {
  static const std::vector<ChaosKind> kinds = {
      {"kill", {}},
      {"stop", {"for"}},
      {"slow", {"for", "factor"}},
      {"delay", {"for", "by"}},
      {"drop", {"for", "rate"}},
      {"partition", {"for"}},
  };
  return kinds;
}

void check_chaos(const Draft& draft, Mistakes& mistakes) { ChaosRules(draft, mistakes).run(); }

}  // namespace wisp::config
