#include "config/convert.h"

#include <algorithm>
#include <string_view>

#include "base/ip.h"
#include "base/text.h"
#include "config/hosts.h"
#include "config/numbers.h"

namespace wisp::config {
namespace {

using enum KeyType;

constexpr std::size_t kShownMax = 60;

bool in_range(double number, const Range& range) {
  return number <= range.high && (range.above_low ? number > range.low : number >= range.low);
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

bool is_option_word(std::string_view text) {
  const auto is_alnum = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_alnum);
}

std::string shown(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
    case Node::Kind::kScalar:
      break;
  }
  return "'" + escape_text(node.text, kShownMax) + "'";
}

// "the placement", for a `kind` the section that it is the kind of.
std::string noun_of(const std::string& path) {
  std::vector<std::string> parts = split(path, '.');
  if (parts.size() > 1 && parts.back() == "kind") parts.pop_back();
  return parts.back();
}

class Converter {
 public:
  Converter(const Key& key, const std::string& path, Node& node, const Vocabulary& vocabulary,
            const Lookup& environment, Value& value)
      : key_(key),
        path_(path),
        node_(node),
        vocabulary_(vocabulary),
        environment_(environment),
        value_(value) {}

  std::optional<Complaint> run() {
    if (key_.is_list) return values();
    switch (key_.type) {
      case kTexts:
      case kHostNames:
        return list();
      case kEnvironment:
      case kOptions:
      case kLabels:
        return map();
      default:
        break;
    }
    if (key_.type == kStepSize && node_.is_map()) return schedule();
    if (!node_.is_scalar()) return unfit(key_.type == kInteger || key_.type == kNumber ? "" : word_hint());
    if (node_.text.find('\0') != std::string::npos)
      return Complaint{path_ + " holds a NUL character", "", {}};
    value_.text = node_.text;
    return scalar();
  }

 private:
  std::optional<Complaint> scalar() {
    switch (key_.type) {
      case kWord:
      case kMethod:
      case kProblem:
      case kSparsifier:
      case kClass:
        return word();
      case kBool:
        return boolean();
      case kInteger:
        return integer();
      case kNumber:
      case kStepSize:
        return number();
      case kDuration:
        return duration();
      case kSize:
        return size();
      case kDensity:
        return density();
      case kEvery:
        return every();
      case kBitRate:
        return bit_rate();
      case kPorts:
        return ports();
      case kPath:
        return path();
      case kName:
        return is_name(node_.text) ? std::nullopt : unfit();
      case kHostName:
        return is_host_name(node_.text) ? std::nullopt : unfit();
      case kAddress:
        return parse_ip(node_.text) ? std::nullopt : unfit();
      case kSubnet:
        return Subnet::parse(node_.text) ? std::nullopt : unfit();
      case kSshTarget:
        return is_ssh_target(node_.text) ? std::nullopt : unfit();
      case kJump:
        return is_jump(node_.text) ? std::nullopt : unfit();
      case kRemotePath:
        return remote_path();
      default:
        return std::nullopt;
    }
  }

  std::optional<Complaint> unfit(std::string hint = "") const {
    return Complaint{path_ + " must be " + describe(key_) + ", not " + shown(node_), std::move(hint), {}};
  }

  std::string word_hint() const {
    const std::vector<std::string> words = words_of(key_, vocabulary_);
    if (words.size() == 1) return "did you mean '" + words[0] + "'?";
    return words.empty() ? "" : "one of " + join(words, " | ");
  }

  bool is_word() const {
    const std::vector<std::string> words = words_of(key_, vocabulary_);
    return std::find(words.begin(), words.end(), node_.text) != words.end();
  }

  // The key of its section that a value in the place of the section's word was meant for.
  std::string key_hint() const {
    if (path_.ends_with(".restart.kind") && parse_integer(node_.text))
      return "did you mean { max: " + node_.text + " }?";
    if (path_ != "checkpoint.kind") return "";
    Value ignored;
    Node copy = node_;
    const Key& every = *find_key("checkpoint.every");
    const bool fits = !Converter(every, path_, copy, vocabulary_, environment_, ignored).run();
    return fits ? "did you mean { every: " + node_.text + " }?" : "";
  }

  std::optional<Complaint> word() const {
    const std::vector<std::string> words = words_of(key_, vocabulary_);
    if (is_word()) return std::nullopt;
    const std::string message = "unknown " + noun_of(path_) + " " + shown(node_);
    if (const std::string hint = key_hint(); !hint.empty()) return Complaint{message, hint, {}};
    if (words.empty()) {
      return Complaint{message, key_.type == kClass ? "classes come with plugins: [ lib... ]" : "", {}};
    }
    auto meant = nearest(node_.text, words);
    if (node_.text == "fp32" || node_.text == "float") meant = "float32";
    if (node_.text == "fp64" || node_.text == "double") meant = "float64";
    if (!meant || std::find(words.begin(), words.end(), *meant) == words.end()) {
      return Complaint{message, word_hint(), {}};
    }
    return Complaint{message, "did you mean '" + *meant + "'? (" + join(words, " | ") + ")", {}};
  }

  std::optional<Complaint> boolean() const {
    value_.flag = node_.text == "true";
    if (value_.flag || node_.text == "false") return std::nullopt;
    const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
      return std::find(words.begin(), words.end(), node_.text) != words.end();
    };
    if (is_one_of({"yes", "on", "True", "TRUE", "1"})) return unfit("did you mean true?");
    if (is_one_of({"no", "off", "False", "FALSE", "0"})) return unfit("did you mean false?");
    return unfit();
  }

  std::optional<Complaint> integer() const {
    value_.is_word = is_word();
    if (value_.is_word) return std::nullopt;
    const bool negative = key_.range.low < 0 && node_.text.starts_with('-');
    const auto number = parse_integer(std::string_view(node_.text).substr(negative ? 1 : 0));
    if (!number) return unfit(integer_hint(node_.text));
    value_.integer = *number;
    const double value = static_cast<double>(*number);
    return in_range(negative ? -value : value, key_.range) ? std::nullopt : unfit();
  }

  std::optional<Complaint> number() const {
    value_.is_word = is_word();
    if (value_.is_word) return std::nullopt;
    const auto number = parse_number(node_.text);
    if (!number) {
      const auto meant = nearest(node_.text, words_of(key_, vocabulary_));
      return unfit(meant ? "did you mean '" + *meant + "'?" : number_hint(node_.text));
    }
    value_.number = *number;
    return in_range(*number, key_.range) ? std::nullopt : unfit();
  }

  std::optional<Complaint> schedule() const {
    for (const Member& member : node_.members) {
      if (member.key == "schedule" || member.key == "initial") continue;
      return Complaint{"unknown key '" + member.key + "' in " + path_, "it has schedule and initial",
                       member.place};
    }
    const Node* kind = node_.find("schedule");
    const Node* initial = node_.find("initial");
    if (kind == nullptr || initial == nullptr || !kind->is_scalar() || !initial->is_scalar()) return unfit();
    if (kind->text != "inv-sqrt") {
      return Complaint{"unknown schedule " + shown(*kind), "did you mean 'inv-sqrt'?", kind->place};
    }
    const auto number = parse_number(initial->text);
    if (!number || !in_range(*number, key_.range)) {
      return Complaint{path_ + ".initial must be a number above 0, not " + shown(*initial),
                       number_hint(initial->text), initial->place};
    }
    value_.text = kind->text;
    value_.is_word = true;
    value_.number = *number;
    return std::nullopt;
  }

  std::optional<Complaint> duration() const {
    const auto duration = parse_duration(node_.text);
    if (duration && duration->count() > 0) {
      value_.duration = *duration;
      return std::nullopt;
    }
    if (parse_number(node_.text)) return missing_unit("did you mean " + node_.text + "s?");
    if (duration) return unfit("it has to be above 0");
    return unfit();
  }

  std::optional<Complaint> missing_unit(std::string hint) const {
    return Complaint{path_ + " needs a unit", std::move(hint), {}};
  }

  std::optional<Complaint> size() const {
    const auto size = parse_size(node_.text);
    if (const auto bare = parse_integer(node_.text)) {
      return missing_unit("did you mean " + (*bare < 65536 ? node_.text + "MiB" : format_size(*bare)) + "?");
    }
    if (!size || !in_range(static_cast<double>(*size), key_.range)) return unfit();
    value_.integer = *size;
    return std::nullopt;
  }

  std::optional<Complaint> density() const {
    if (node_.text == "1/n") return std::nullopt;
    if (node_.text == "1/N") return unfit("did you mean 1/n?");
    const bool percent = node_.text.ends_with('%');
    const auto number =
        parse_number(std::string_view(node_.text).substr(0, node_.text.size() - (percent ? 1 : 0)));
    if (!number) return unfit(number_hint(node_.text));
    value_.number = percent ? *number / 100 : *number;
    return in_range(value_.number, key_.range) ? std::nullopt : unfit();
  }

  std::optional<Complaint> every() const {
    value_.is_word = is_word();
    if (value_.is_word) return std::nullopt;
    if (const auto duration = parse_duration(node_.text); duration && duration->count() > 0) {
      value_.unit = "seconds";
      value_.duration = *duration;
      return std::nullopt;
    }
    const std::size_t blank = node_.text.find(' ');
    const auto number = parse_integer(std::string_view(node_.text).substr(0, blank));
    std::string unit = blank == std::string::npos ? "" : node_.text.substr(blank + 1);
    if (!number || *number == 0 || *number >= 1'000'000'000) return unfit();
    if (unit.empty()) return missing_unit("did you mean '" + node_.text + " rounds'?");
    if (!unit.ends_with('s')) unit += 's';
    if (unit != "rounds" && unit != "updates" && unit != "seconds") return unfit();
    value_.unit = unit;
    if (unit == "seconds") {
      value_.duration = std::chrono::seconds(*number);
    } else {
      value_.integer = *number;
    }
    return std::nullopt;
  }

  std::optional<Complaint> bit_rate() const {
    std::string_view text = node_.text;
    if (parse_integer(text)) return missing_unit("did you mean " + node_.text + "Mbit?");
    if (!text.ends_with("bit")) return unfit();
    text.remove_suffix(3);
    std::uint64_t unit = 1;
    for (const auto& [prefix, factor] : {std::pair{'k', 1'000}, {'M', 1'000'000}, {'G', 1'000'000'000}}) {
      if (text.ends_with(prefix)) unit = static_cast<std::uint64_t>(factor);
    }
    if (unit > 1) text.remove_suffix(1);
    const auto number = parse_integer(text);
    if (!number || *number == 0 || *number >= 1'000'000) return unfit();
    value_.integer = *number * unit;
    return std::nullopt;
  }

  std::optional<Complaint> ports() const {
    const std::size_t dash = node_.text.find('-');
    const auto first = parse_integer(std::string_view(node_.text).substr(0, dash));
    const auto last =
        dash == std::string::npos ? first : parse_integer(std::string_view(node_.text).substr(dash + 1));
    const auto fits = [&](std::uint64_t port) { return in_range(static_cast<double>(port), key_.range); };
    if (!first || !last || !fits(*first) || !fits(*last)) return unfit();
    if (dash == std::string::npos) {
      return unfit("did you mean " + node_.text + "-" +
                   std::to_string(std::min<std::uint64_t>(*first + 63, 32767)) + "?");
    }
    if (*first > *last)
      return unfit("did you mean " + std::to_string(*last) + "-" + std::to_string(*first) + "?");
    value_.port_first = static_cast<std::uint16_t>(*first);
    value_.port_last = static_cast<std::uint16_t>(*last);
    return std::nullopt;
  }

  std::optional<Complaint> path() const {
    if (is_word()) return std::nullopt;
    if (node_.text.empty() || has_control(node_.text)) return unfit();
    const std::filesystem::path folder = node_.place.source == nullptr ? "" : node_.place.source->folder();
    node_.text = absolute_path(node_.text, folder, environment_);
    value_.text = node_.text;
    return std::nullopt;
  }

  std::optional<Complaint> remote_path() const {
    const bool fits = is_word() || node_.text.starts_with("/") || node_.text.starts_with("~/");
    return fits && !has_control(node_.text) ? std::nullopt : unfit();
  }

  std::optional<Complaint> values() {
    if (!node_.is_list()) return unfit(list_hint());
    Key each = key_;
    each.is_list = false;
    for (Node& item : node_.items) {
      Value value;
      if (auto complaint = Converter(each, path_, item, vocabulary_, environment_, value).run()) {
        if (complaint->place.source == nullptr) complaint->place = item.place;
        return complaint;
      }
      value_.texts.push_back(item.text);
    }
    return std::nullopt;
  }

  std::string list_hint() const {
    return node_.is_scalar() ? "did you mean [ " + escape_text(node_.text, kShownMax) + " ]?" : "";
  }

  std::optional<Complaint> list() {
    if (!node_.is_list()) return unfit(list_hint());
    std::vector<Node> items;
    for (const Node& item : node_.items) {
      if (auto complaint = list_item(item, items)) return complaint;
    }
    if (items.empty()) return Complaint{path_ + " is empty", "", {}};
    node_.items = std::move(items);
    for (const Node& item : node_.items) value_.texts.push_back(item.text);
    return std::nullopt;
  }

  std::optional<Complaint> list_item(const Node& item, std::vector<Node>& items) const {
    if (!item.is_scalar() || item.text.empty() || has_control(item.text)) {
      return Complaint{path_ + " must be " + describe(key_) + ", but holds " + shown(item), "", item.place};
    }
    if (key_.type == kTexts) {
      items.push_back(item);
      return std::nullopt;
    }
    const auto names = expand_hosts(item.text);
    if (!names)
      return Complaint{"'" + item.text + "' is no host name, and no pattern such as node[01-16]", "",
                       item.place};
    for (const std::string& name : *names) items.push_back(make_scalar(name, item.place));
    return std::nullopt;
  }

  std::optional<Complaint> map_key(const Member& member) const {
    const std::string& name = member.key;
    if (key_.type == kEnvironment && name.starts_with("WISP_")) {
      return Complaint{"'" + name + "': variables that begin with WISP_ are wisp's own", "take another name",
                       member.place};
    }
    const bool fits = key_.type == kOptions  ? is_option_word(name)
                      : key_.type == kLabels ? is_name(name)
                                             : is_variable_name(name);
    if (fits) return std::nullopt;
    const char* what = key_.type == kOptions  ? "a word of ssh_config(5)"
                       : key_.type == kLabels ? "a label of letters, digits, - and _, at most 64"
                                              : "the name of a variable";
    return Complaint{"'" + name + "' is not " + what, "", member.place};
  }

  std::optional<Complaint> map() {
    if (!node_.is_map()) return unfit();
    std::erase_if(node_.members, [](const Member& member) { return member.value.is_null(); });
    for (const Member& member : node_.members) {
      if (auto complaint = map_key(member)) return complaint;
      const bool fits = member.value.is_scalar() && member.value.text.find('\0') == std::string::npos &&
                        (key_.type == kEnvironment || !has_control(member.value.text));
      if (!fits) {
        return Complaint{path_ + "." + member.key + " must be text, not " + shown(member.value), "",
                         member.value.place};
      }
      value_.map[member.key] = member.value.text;
    }
    return std::nullopt;
  }

  const Key& key_;
  const std::string& path_;
  Node& node_;
  const Vocabulary& vocabulary_;
  const Lookup& environment_;
  Value& value_;
};

}  // namespace

std::optional<Complaint> convert(const Key& key, const std::string& path, Node& node,
                                 const Vocabulary& vocabulary, const Lookup& environment, Value& value) {
  return Converter(key, path, node, vocabulary, environment, value).run();
}

std::string absolute_path(const std::string& text, const std::filesystem::path& folder,
                          const Lookup& environment) {
  std::filesystem::path path = text;
  if (text == "~" || text.starts_with("~/")) {
    const auto home = environment ? environment("HOME") : std::nullopt;
    if (home && !home->empty()) path = *home + text.substr(1);
  }
  if (path.is_relative()) path = folder / path;
  return path.lexically_normal().string();
}

}  // namespace wisp::config
