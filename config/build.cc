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

// A section of the file while it is walked: its path, the same with `*` for a name, that name, and its kind.
struct Section {
  std::string path;
  std::string pattern;
  std::string name;
  std::string kind;
};

bool is_given(const Node& root, std::string_view key) {
  const Node* value = root.find(key);
  return value != nullptr && !value->is_null();
}

bool has_own_actors(const Node& root) {
  const Node* actors = root.find("actors");
  if (actors == nullptr || !actors->is_map()) return false;
  return std::any_of(actors->members.begin(), actors->members.end(), [](const Member& member) {
    return member.value.is_map() && member.value.find("class") != nullptr;
  });
}

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
      : stem_(std::move(stem)),
        vocabulary_(vocabulary),
        table_(vocabulary),
        environment_(environment),
        mistakes_(mistakes) {}

  Draft run(const Node& root) {
    Place whole = root.place;
    if (whole.source != nullptr) whole = {whole.source, 1, 1, 0};
    experiment().places[""] = whole;
    plain_ = !is_given(root, "problem") && !is_given(root, "method") && has_own_actors(root);
    walk(root, {});
    auto& hosts = experiment().launcher.hosts;
    std::sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const Key& key : table_.keys()) fill_in(key);
    for (const Key& key : table_.keys()) resolve(key);
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
    const bool is_name = section.pattern == "hosts" || (plain_ && section.pattern == "actors");
    Section child{joined(section.path, member.key), joined(section.pattern, is_name ? "*" : member.key),
                  is_name ? member.key : section.name, ""};
    child.kind = kind_of(child, member.value);
    const bool plain = is_name || member.key.find_first_of(".*") == std::string::npos;
    const Key* key = table_.find(child.pattern, section.kind);
    if (key == nullptr || !plain) {
      unknown(member, section, key != nullptr);
    } else if (plain_ && is_of_optimization(child.pattern)) {
      of_no_meaning(member, child);
    } else if (section.kind == lone_word(section.pattern) && !section.kind.empty() && member.key != "kind" &&
               !member.value.is_null()) {
      fail(child.path, member.place, section.path + " is " + section.kind + ", and has no " + member.key,
           "leave out one of them");
    } else if (!member.value.is_null()) {
      take(*key, member, child);
    }
  }

  void of_no_meaning(const Member& member, const Section& child) {
    const std::string message = "'" + child.path + "' has no meaning for a job of plain actors";
    if (child.path == "checkpoint") {
      fail(child.path, member.place, message + ": plain actors save themselves (docs/actors.md)",
           "leave it out");
    } else {
      fail(child.path, member.place, message, "leave it out, or add a problem and a method");
    }
  }

  // The kind of a section beside which no key stands; empty if there is none.
  static std::string_view lone_word(std::string_view section) {
    const Key* row = find_key(section);
    return row != nullptr && row->type == KeyType::kOneOf ? row->words : "";
  }

  bool has_lone_word(const Key& key, const std::string& section) const {
    const auto kind = values_.find(section + ".kind");
    const std::string_view word = lone_word(parent_of(key.path));
    return !word.empty() && kind != values_.end() && kind->second.text == word;
  }

  // What the keys of a section may depend on. The arguments of an actor depend on its class.
  std::string kind_of(const Section& section, const Node& value) {
    if (section.pattern == "actors.*.args") return kinds_[section.path];
    const Node map = value.is_scalar() ? spelled_out(value) : value;
    const Node* kind = map.is_map() ? map.find(section.pattern == "actors.*" ? "class" : "kind") : nullptr;
    std::string text = kind != nullptr && kind->is_scalar() ? kind->text : "";
    kinds_[section.pattern == "actors.*" ? section.path + ".args" : section.path] = text;
    return text;
  }

  void unknown(const Member& member, const Section& section, bool has_dots) {
    const std::string where = section.path.empty() ? "" : " in " + section.path;
    const auto meant = table_.suggest(section.pattern, member.key, section.kind);
    const auto owners = table_.owners(joined(section.pattern, member.key));
    std::string hint = meant ? "did you mean '" + *meant + "'?" : "";
    if (!owners.empty()) hint = "it is a key of " + join(owners, " and ");
    if (has_dots) hint = "nest it, one map in the other";
    if (section.pattern == "actors" && member.value.is_map() && member.value.find("class") != nullptr) {
      hint = "actors of one's own are for jobs without problem and method";
    }
    fail(joined(section.path, member.key), member.place, "unknown key '" + member.key + "'" + where,
         std::move(hint));
  }

  void take(const Key& key, const Member& member, const Section& child) {
    if (key.type == KeyType::kFree) return;
    if (member.value.broken) {
      draft_.failed.insert(child.path);
    } else if (key.type == KeyType::kHosts) {
      take_hosts(member, child);
    } else if (key.type == KeyType::kEntries) {
      take_entries(key, member, child);
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
    if (child.pattern == "actors.*" && !add_group(member)) return;
    experiment().places[child.path] = is_word ? value.place : member.place;
    walk(is_word ? spelled_out(value) : value, child);
  }

  void refuse_section(const Key& key, const Node& value, const std::string& path) {
    const std::string shown = value.is_list()  ? "a list"
                              : value.is_map() ? "a map"
                                               : "'" + escape_text(value.text, 60) + "'";
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

  void take_entries(const Key& key, const Member& member, const Section& child) {
    if (!member.value.is_list()) return refuse_section(key, member.value, child.path);
    experiment().places[child.path] = member.place;
    for (const Node& item : member.value.items) {
      const std::string name = std::to_string(experiment().chaos.size());
      experiment().chaos.emplace_back();
      const Section entry{child.path + "." + name, child.pattern + ".*", name, ""};
      experiment().places[entry.path] = item.place;
      if (item.broken) {
        draft_.failed.insert(entry.path);
      } else if (item.is_map()) {
        walk(item, entry);
      } else {
        fail(entry.path, item.place, "an entry of " + child.path + " must be a map of keys");
      }
    }
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

  // Makes the group whose keys come next.
  bool add_group(const Member& member) {
    if (!is_name(member.key)) {
      fail("actors." + member.key, member.place,
           "'" + member.key + "' is no name of letters, digits, - and _, at most 64");
      return false;
    }
    experiment().groups.emplace_back();
    experiment().groups.back().name = member.key;
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
    store(key, child.name, value, typed);
    experiment().places[child.path] = value.place;
    values_[child.path] = std::move(value);
  }

  void store(const Key& key, const std::string& name, const Node& node, const Value& typed) {
    if (key.set != nullptr) return key.set(experiment(), name, typed);
    const std::vector<std::string> texts = key.is_list ? typed.texts : std::vector<std::string>{node.text};
    settings_of(parent_of(key.path), name).set_texts(key.setting->name, texts);
  }

  Settings& settings_of(std::string_view section, const std::string& name) {
    if (section == "problem") return experiment().job.problem.settings;
    if (section == "method") return experiment().job.method.settings;
    if (section == "method.sparsifier") return experiment().job.method.sparsifier.settings;
    auto& groups = experiment().groups;
    const auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return each.name == name; });
    WISP_CHECK(section == "actors.*.args" && group != groups.end(), "a section that has kinds");
    return group->arguments;
  }

  bool is_left_out(const Key& key, std::string_view section) const {
    const Key* row = find_key(parent_of(key.path));
    return row != nullptr && row->optional_section && !draft_.experiment.given(section);
  }

  // What the star of a path stands for; one empty name where there is none.
  std::vector<std::string> names_of(const Key& key) const {
    if (key.path.find('*') == std::string_view::npos) return {""};
    std::vector<std::string> names;
    if (key.path.starts_with("chaos.")) {
      for (std::size_t i = 0; i < draft_.experiment.chaos.size(); ++i) names.push_back(std::to_string(i));
    } else if (key.path.starts_with("hosts.")) {
      for (const auto& host : draft_.experiment.launcher.hosts) names.push_back(host.name);
    } else {
      for (const auto& group : draft_.experiment.groups) names.push_back(group.name);
    }
    return names;
  }

  static std::string path_of(const Key& key, const std::string& name) {
    std::vector<std::string> parts = split(key.path, '.');
    std::replace(parts.begin(), parts.end(), std::string("*"), name);
    return join(parts, ".");
  }

  void fill_in(const Key& key) {
    if (plain_ && is_of_optimization(key.path)) return;
    for (const std::string& name : names_of(key)) fill_in(key, name, path_of(key, name));
  }

  void fill_in(const Key& key, const std::string& name, const std::string& path) {
    const std::string section(parent_of(path));
    if (draft_.experiment.given(path) || !draft_.sound_above(path) || is_left_out(key, section)) return;
    if (has_lone_word(key, section)) return;
    if (!key.owner.empty() && kinds_[section] != key.owner) return;
    if (key.required) {
      missing(key, path);
    } else if (!is_section(key)) {
      set_default(key, name, path);
    }
  }

  void missing(const Key& key, const std::string& path) {
    const std::vector<std::string> words = words_of(key, vocabulary_);
    std::string hint = words.empty() ? "" : "one of " + join(words, " | ");
    if (path == "version") hint = "add 'version: 1'";
    fail(path, experiment().where(path), "'" + path + "' is missing", std::move(hint));
  }

  // Where restarts, or checkpoints, are off unless they are given.
  bool is_never(const Key& key, const std::string& path) const {
    const Experiment& all = draft_.experiment;
    if (key.words != "never" || last_of(path) != "kind" || all.given(parent_of(path))) return false;
    return !all.single_run_key().empty();
  }

  std::string fallback_of(const Key& key, const std::string& path) {
    if (is_never(key, path)) return "never";
    if (key.path == "name") return name_from(stem_);
    if (key.path == "launcher.kind") return experiment().launcher.hosts.empty() ? "local" : "ssh";
    if (key.path == "actors.master.isolation") {
      return experiment().job.worker.isolation == runtime::Isolation::kThread ? "thread" : "process";
    }
    return std::string(key.fallback);
  }

  static Node list_of(const std::vector<std::string>& texts) {
    Node list;
    list.kind = Node::Kind::kList;
    for (const std::string& text : texts) list.items.push_back(make_scalar(text, {}));
    return list;
  }

  void set_default(const Key& key, const std::string& name, const std::string& path) {
    Node value;
    if (key.setting != nullptr && key.is_list) {
      value = list_of(*key.setting->fallback);
    } else {
      const std::string text = fallback_of(key, path);
      if (text.empty() && key.setting == nullptr) return;
      value = key.type == KeyType::kTexts ? list_of({text}) : make_scalar(text, {});
    }
    Value typed;
    const auto complaint = convert(key, path, value, vocabulary_, environment_, typed);
    if (complaint && key.setting != nullptr) {
      return fail(path, experiment().where(path),
                  "the default does not fit its own key: " + complaint->message,
                  "give a value, or mend the plugin");
    }
    WISP_CHECK(!complaint, "the defaults of the table fit their own keys");
    store(key, name, value, typed);
    values_[path] = std::move(value);
  }

  void resolve(const Key& key) {
    if (key.path == "hosts" || (plain_ && key.path == "actors")) {
      const Key* each = find_key(std::string(key.path) + ".*");
      for (const std::string& name : names_of(*each)) resolve_named(*each, name);
    } else if (key.type == KeyType::kEntries) {
      resolve_entries(key);
    } else if (key.path.find('*') == std::string_view::npos) {
      add_resolved(key, split(key.path, '.'));
    }
  }

  void resolve_named(const Key& section, const std::string& name) {
    const std::size_t before = experiment().resolved.size();
    for (const Key& key : table_.keys()) {
      if (!key.path.starts_with(std::string(section.path) + ".")) continue;
      std::vector<std::string> path = split(key.path, '.');
      path[1] = name;
      add_resolved(key, std::move(path));
    }
    if (experiment().resolved.size() == before) {
      const std::vector<std::string> path = {std::string(parent_of(section.path)), name};
      const Place place = experiment().where(join(path, "."));
      experiment().resolved.push_back({path, section.type, make_map(place), false});
    }
  }

  void resolve_entries(const Key& list) {
    const auto place = experiment().places.find(list.path);
    if (place == experiment().places.end()) return;
    Node entries = list_of({});
    entries.place = place->second;
    for (const std::string& name : names_of(*find_key(std::string(list.path) + ".*"))) {
      Node& entry = entries.items.emplace_back(make_map(place->second));
      for (const Key& key : table_.keys()) {
        if (!key.path.starts_with(std::string(list.path) + ".*.")) continue;
        const auto value = values_.find(path_of(key, name));
        if (value == values_.end()) continue;
        entry.members.push_back({std::string(last_of(key.path)), value->second.place, value->second});
      }
    }
    experiment().resolved.push_back({{std::string(list.path)}, list.type, std::move(entries), false});
  }

  bool goes_by_ssh() {
    const std::string& kind = experiment().launcher.kind;
    return kind != "slurm" && kind != "command";
  }

  void add_resolved(const Key& key, std::vector<std::string> path) {
    const auto value = values_.find(join(path, "."));
    if (value == values_.end()) return;
    if (!key.owner.empty() && kinds_[join({path.begin(), path.end() - 1}, ".")] != key.owner) return;
    const bool is_default = value->second.place.source == nullptr;
    if (is_default && key.path.starts_with("ssh.") && !goes_by_ssh()) return;  // given, it would be a mistake
    experiment().resolved.push_back({std::move(path), key.type, value->second, is_default});
  }

  std::string stem_;
  const Vocabulary& vocabulary_;
  const KeyTable table_;
  const Lookup& environment_;
  Mistakes& mistakes_;
  Draft draft_;
  std::set<std::string> host_names_;
  std::map<std::string, Node> values_;        // by path, given and default
  std::map<std::string, std::string> kinds_;  // by path of the section: its kind; of args: the class
  bool plain_ = false;                        // a job of plain actors
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
