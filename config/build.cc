#include "config/build.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "config/convert.h"
#include "config/hosts.h"
#include "config/keys.h"

namespace wisp::config {
namespace {

std::string joined(std::string_view section, std::string_view key) {
  return section.empty() ? std::string(key) : std::string(section) + "." + std::string(key);
}

std::string_view parent_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? "" : path.substr(0, dot);
}

bool is_section(const Key& key) {
  return key.type == KeyType::kSection || key.type == KeyType::kOneOf || key.type == KeyType::kHosts;
}

// A section of the file while it is walked: its path, the same with `*` for a host, and that host.
struct Section {
  std::string path;
  std::string pattern;
  std::string host;
};

// A file's stem as a name: what a name can't hold becomes '-'.
std::string name_from(const std::string& stem) {
  std::string name = stem.substr(0, 64);
  for (char& c : name) {
    if (!is_name(std::string_view(&c, 1))) c = '-';
  }
  return name.empty() ? "job" : name;
}

class Builder {
 public:
  Builder(std::string stem, const Vocabulary& vocabulary, const Lookup& environment, Mistakes& mistakes)
      : stem_(std::move(stem)), vocabulary_(vocabulary), environment_(environment), mistakes_(mistakes) {}

  Draft run(const Node& root) {
    Place whole = root.place;
    if (whole.source != nullptr) whole = {whole.source, 1, 1, 0};
    experiment().places[""] = whole;
    walk(root, {});
    auto& hosts = experiment().launcher.hosts;
    std::sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const Key& key : keys()) fill_in(key);
    for (const Key& key : keys()) resolve(key);
    if (experiment().launcher.kind == "local" && hosts.empty()) {
      hosts.emplace_back();
      hosts.back().name = "local";
    }
    return std::move(draft_);
  }

 private:
  Experiment& experiment() { return draft_.experiment; }

  void fail(std::string_view path, Place place, std::string message, std::string hint = "") {
    draft_.failed.emplace(path);
    mistakes_.add(std::move(place), std::move(message), std::move(hint));
  }

  void walk(const Node& map, const Section& section) {
    for (const Member& member : map.members) {
      const bool ignored = section.path.empty() && member.key.starts_with("x-");
      if (!ignored) visit(member, section);
    }
  }

  void visit(const Member& member, const Section& section) {
    const bool is_host = section.pattern == "hosts";
    const Section child{joined(section.path, member.key), joined(section.pattern, is_host ? "*" : member.key),
                        is_host ? member.key : section.host};
    const bool plain = is_host || member.key.find_first_of(".*") == std::string::npos;
    const Key* key = find_key(child.pattern);
    if (key == nullptr || !plain) {
      unknown(member, section, key != nullptr);
    } else if (!member.value.is_null()) {
      take(*key, member, child);
    }
  }

  void unknown(const Member& member, const Section& section, bool has_dots) {
    const std::string where = section.path.empty() ? "" : " in " + section.path;
    const auto meant = suggest_key(section.pattern, member.key);
    std::string hint = meant ? "did you mean '" + *meant + "'?" : "";
    if (has_dots) hint = "nest it, one map in the other";
    fail(joined(section.path, member.key), member.place, "unknown key '" + member.key + "'" + where,
         std::move(hint));
  }

  void take(const Key& key, const Member& member, const Section& child) {
    if (key.type == KeyType::kFree) return;
    if (member.value.broken) {
      draft_.failed.insert(child.path);
    } else if (key.type == KeyType::kHosts) {
      take_hosts(member, child);
    } else if (is_section(key)) {
      take_section(key, member, child);
    } else {
      take_value(key, member.value, child);
    }
  }

  void take_section(const Key& key, const Member& member, const Section& child) {
    const Node& value = member.value;
    const bool is_word = value.is_scalar() && key.type == KeyType::kOneOf;
    if (!value.is_map() && !is_word) return refuse_section(key, value, child.path);
    if (child.pattern == "hosts.*" && !add_host(member)) return;
    experiment().places[child.path] = is_word ? value.place : member.place;
    walk(is_word ? spelled_out(value) : value, child);
  }

  void refuse_section(const Key& key, const Node& value, const std::string& path) {
    const std::string shown = value.is_list() ? "a list" : "'" + escape_text(value.text, 60) + "'";
    const bool is_path = path == "problem.data" && value.is_scalar();
    fail(path, value.place, path + " must be " + describe(key) + ", not " + shown,
         is_path ? "did you mean { path: " + escape_text(value.text, 60) + " }?" : "");
  }

  void take_hosts(const Member& member, const Section& child) {
    if (member.value.is_scalar()) return refuse_section(*find_key("hosts"), member.value, child.path);
    experiment().places[child.path] = member.place;
    walk(member.value.is_list() ? map_of_hosts(member.value) : member.value, child);
  }

  Node map_of_hosts(const Node& list) {
    Node map = make_map(list.place);
    for (const Node& item : list.items) {
      if (item.broken) {
        draft_.failed.emplace("hosts");
        continue;
      }
      const auto names = item.is_scalar() ? expand_hosts(item.text) : std::nullopt;
      if (!names) {
        fail("hosts", item.place, "a list of hosts holds names, and patterns such as node[01-16]");
        continue;
      }
      for (const std::string& name : *names) map.members.push_back({name, item.place, make_map(item.place)});
    }
    return map;
  }

  // Makes the host whose keys come next.
  bool add_host(const Member& member) {
    if (!is_host_name(member.key)) {
      fail("hosts", member.place, "'" + member.key + "' is no host name");
      return false;
    }
    if (!host_names_.insert(member.key).second) {
      fail("hosts", member.place, "host '" + member.key + "' is given twice");
      return false;
    }
    if (host_names_.size() > kHostsMax) {
      if (host_names_.size() == kHostsMax + 1) {
        fail("hosts", member.place, "more than " + std::to_string(kHostsMax) + " hosts");
      }
      return false;
    }
    experiment().launcher.hosts.emplace_back();
    experiment().launcher.hosts.back().name = member.key;
    return true;
  }

  static bool any_broken(const Node& node) {
    const auto broken = [](const auto& child) { return any_broken(child); };
    return node.broken || std::any_of(node.items.begin(), node.items.end(), broken) ||
           std::any_of(node.members.begin(), node.members.end(),
                       [](const Member& m) { return any_broken(m.value); });
  }

  void take_value(const Key& key, Node value, const Section& child) {
    if (any_broken(value)) {
      draft_.failed.insert(child.path);
      return;
    }
    Value typed;
    if (auto complaint = convert(key, child.path, value, vocabulary_, environment_, typed)) {
      const Place place = complaint->place.source != nullptr ? complaint->place : value.place;
      fail(child.path, place, std::move(complaint->message), std::move(complaint->hint));
      return;
    }
    key.set(experiment(), child.host, typed);
    experiment().places[child.path] = value.place;
    values_[child.path] = std::move(value);
  }

  bool is_left_out(std::string_view path) const {
    const Key* section = find_key(parent_of(path));
    return section != nullptr && section->optional_section && !draft_.experiment.given(parent_of(path));
  }

  void fill_in(const Key& key) {
    const std::string path(key.path);
    const bool of_host = path.find('*') != std::string::npos;
    if (of_host || draft_.experiment.given(path) || !draft_.sound_above(path) || is_left_out(path)) return;
    if (key.required) {
      missing(key);
    } else if (!is_section(key)) {
      set_default(key, path);
    }
  }

  void missing(const Key& key) {
    const std::vector<std::string> words = words_of(key, vocabulary_);
    std::string hint = words.empty() ? "" : "one of " + join(words, " | ");
    if (key.path == "version") hint = "add 'version: 1'";
    fail(key.path, experiment().where(key.path), "'" + std::string(key.path) + "' is missing",
         std::move(hint));
  }

  std::string fallback_of(const Key& key) {
    if (key.path == "name") return name_from(stem_);
    if (key.path == "launcher.kind") return experiment().launcher.hosts.empty() ? "local" : "ssh";
    if (key.path == "actors.master.isolation") {
      return experiment().job.worker.isolation == runtime::Isolation::kThread ? "thread" : "process";
    }
    return std::string(key.fallback);
  }

  void set_default(const Key& key, const std::string& path) {
    const std::string text = fallback_of(key);
    if (text.empty()) return;
    Node value = make_scalar(text, {});
    if (key.type == KeyType::kTexts) {
      Node list;
      list.kind = Node::Kind::kList;
      list.items.push_back(std::move(value));
      value = std::move(list);
    }
    Value typed;
    const auto complaint = convert(key, path, value, vocabulary_, environment_, typed);
    WISP_CHECK(!complaint, "the defaults of the table fit their own keys");
    key.set(experiment(), "", typed);
    values_[path] = std::move(value);
  }

  void resolve(const Key& key) {
    if (key.type == KeyType::kHosts) {
      for (const auto& host : experiment().launcher.hosts) resolve_host(host.name);
    } else if (key.path.find('*') == std::string_view::npos) {
      add_resolved(key, split(key.path, '.'));
    }
  }

  void resolve_host(const std::string& name) {
    const std::size_t before = experiment().resolved.size();
    for (const Key& key : keys()) {
      if (!key.path.starts_with("hosts.*.")) continue;
      std::vector<std::string> path = split(key.path, '.');
      path[1] = name;
      add_resolved(key, std::move(path));
    }
    if (experiment().resolved.size() == before) {
      const Place place = experiment().where("hosts." + name);
      experiment().resolved.push_back({{"hosts", name}, find_key("hosts.*"), make_map(place), false});
    }
  }

  void add_resolved(const Key& key, std::vector<std::string> path) {
    const auto value = values_.find(join(path, "."));
    if (value == values_.end()) return;
    const bool is_default = value->second.place.source == nullptr;
    experiment().resolved.push_back({std::move(path), &key, value->second, is_default});
  }

  std::string stem_;
  const Vocabulary& vocabulary_;
  const Lookup& environment_;
  Mistakes& mistakes_;
  Draft draft_;
  std::set<std::string> host_names_;
  std::map<std::string, Node> values_;  // by path, given and default
};

}  // namespace

bool Draft::sound_above(std::string_view path) const {
  for (;; path = parent_of(path)) {
    if (failed.find(path) != failed.end()) return false;
    if (path.empty()) return true;
  }
}

bool Draft::sound(std::string_view path) const {
  const std::string below = std::string(path) + ".";
  const auto next = failed.lower_bound(below);
  return sound_above(path) && (next == failed.end() || !next->starts_with(below));
}

Draft build(const Node& root, const std::string& stem, const Vocabulary& vocabulary,
            const Lookup& environment, Mistakes& mistakes) {
  return Builder(stem, vocabulary, environment, mistakes).run(root);
}

}  // namespace wisp::config
