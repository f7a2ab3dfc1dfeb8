#include "config/overrides.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/read_yaml.h"

namespace wisp::config {
namespace {

struct Step {
  std::string key;
  std::optional<std::size_t> index;
};

// "a.b[0].\"c.d\"" -> its steps; nothing if it is no path.
std::optional<std::vector<Step>> steps_of(std::string_view path) {
  std::vector<Step> steps;
  bool wants_key = true;
  while (!path.empty()) {
    if (path[0] == '.' && !wants_key) {
      path.remove_prefix(1);
      wants_key = true;
    } else if (path[0] == '[' && !wants_key) {
      const std::size_t close = path.find(']');
      const std::string digits(path.substr(1, close == std::string_view::npos ? 0 : close - 1));
      if (digits.empty() || digits.size() > 6 ||
          digits.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
      }
      steps.push_back({"", std::stoul(digits)});
      path.remove_prefix(close + 1);
    } else if (wants_key) {
      const bool quoted = path[0] == '"';
      const std::size_t begin = quoted ? 1 : 0;
      const std::size_t end = std::min(path.find_first_of(quoted ? "\"" : ".[", begin), path.size());
      if (end == begin || (quoted && end == path.size())) return std::nullopt;
      steps.push_back({std::string(path.substr(begin, end - begin)), std::nullopt});
      path.remove_prefix(end + begin);
      wants_key = false;
    } else {
      return std::nullopt;
    }
  }
  if (wants_key || steps.empty() || steps.size() > kDepthMax) return std::nullopt;
  return steps;
}

// The '=' behind the path, past those in quotes.
std::size_t equals_of(std::string_view option) {
  bool quoted = false;
  for (std::size_t i = 0; i < option.size(); ++i) {
    if (option[i] == '"') quoted = !quoted;
    if (option[i] == '=' && !quoted) return i;
  }
  return std::string_view::npos;
}

// Walks one path through the tree and leaves the value at its end.
class Assignment {
 public:
  Assignment(const std::vector<Step>& steps, const Place& place, Mistakes& mistakes)
      : steps_(steps), place_(place), mistakes_(mistakes) {}

  void assign(Node& node, std::size_t at, Node value) {
    if (at == steps_.size()) {
      merge(node, std::move(value));
    } else if (steps_[at].index) {
      assign_item(node, at, std::move(value));
    } else {
      assign_member(node, at, std::move(value));
    }
  }

  void assign_item(Node& node, std::size_t at, Node value) {
    const std::size_t index = *steps_[at].index;
    if (node.is_null()) {
      node.kind = Node::Kind::kList;
      node.place = place_;
    }
    if (!node.is_list() || index > node.items.size()) {
      mistakes_.add(place_, node.is_list() ? "[" + std::to_string(index) + "] is past the end of the list"
                                           : "what is before [" + std::to_string(index) + "] is no list");
      return;
    }
    if (index == node.items.size()) node.items.emplace_back();
    assign(node.items[index], at + 1, std::move(value));
  }

  void assign_member(Node& node, std::size_t at, Node value) {
    const std::string& key = steps_[at].key;
    if (node.is_null()) node = make_map(place_);
    if (node.is_scalar()) node = spelled_out(std::move(node));
    if (node.is_map() && !value.is_null()) give_up_never(node);
    if (!node.is_map()) {
      mistakes_.add(place_, "what is before '" + key + "' is a list");
      return;
    }
    if (at + 1 == steps_.size() && value.is_null()) {
      erase(node, key);
      return;
    }
    if (node.find(key) == nullptr) node.members.push_back({key, place_, Node()});
    const auto member =
        std::find_if(node.members.begin(), node.members.end(), [&](auto& each) { return each.key == key; });
    member->place = place_;
    assign(member->value, at + 1, std::move(value));
  }

 private:
  const std::vector<Step>& steps_;
  const Place& place_;
  Mistakes& mistakes_;
};

}  // namespace

void apply_set(Node& root, const std::string& option, const std::filesystem::path& folder, std::size_t order,
               Mistakes& mistakes) {
  const std::string why = reason_against(option);
  const auto source = std::make_shared<Source>(Source::Kind::kOption, "--set",
                                               std::filesystem::absolute(folder.empty() ? "." : folder),
                                               why.empty() ? option : "", order);
  const Place whole{source, 1, 1, option.size()};
  const std::size_t equals = equals_of(option);
  const auto steps =
      equals == std::string::npos ? std::nullopt : steps_of(std::string_view(option).substr(0, equals));
  if (!why.empty() || !steps) {
    mistakes.add(whole, why.empty() ? "no assignment to a key" : why, "write --set a.b[0].c=value");
    return;
  }
  const std::size_t before = mistakes.size();
  auto value = read_yaml(source, mistakes, equals + 1);
  if (!value && mistakes.size() > before) return;
  const Place key_place{source, 1, 1, equals};
  if (!value) value.emplace();
  if (value->is_null()) value->place = key_place;
  Assignment(*steps, key_place, mistakes).assign(root, 0, std::move(*value));
}

void assign_at(Node& root, const std::string& path, const Place& place, Node value, Mistakes& mistakes) {
  const auto steps = steps_of(path);
  if (!steps)
    return mistakes.add(place, "'" + escape_text(path, 60) + "' is no path of a key", "write a.b.c");
  if (value.is_null()) value.place = place;
  Assignment(*steps, place, mistakes).assign(root, 0, std::move(value));
}

const Node* find_at(const Node& root, const std::string& path) {
  const auto steps = steps_of(path);
  const Node* node = steps ? &root : nullptr;
  for (std::size_t i = 0; node != nullptr && i < steps->size(); ++i) {
    const Step& step = (*steps)[i];
    if (step.index) {
      node = *step.index < node->items.size() ? &node->items[*step.index] : nullptr;
    } else {
      node = node->find(step.key);
    }
  }
  return node;
}

}  // namespace wisp::config
