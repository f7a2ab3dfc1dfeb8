#include "config/variables.h"

#include <map>
#include <memory>
#include <string_view>

#include "base/text.h"

namespace wisp::config {
namespace {

constexpr int kNestedMax = 8;
constexpr std::size_t kResultMax = 1 << 20;

// One scalar's text being written anew.
class Substitution {
 public:
  Substitution(const Lookup& lookup, const Place& place, Mistakes& mistakes)
      : lookup_(lookup), place_(place), mistakes_(mistakes) {}

  std::optional<std::string> run(std::string_view text, int depth = 0) {
    std::string out;
    while (!text.empty()) {
      const std::size_t dollar = text.find('$');
      out += text.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      text.remove_prefix(dollar);
      const auto value = text.starts_with("$$") ? take_dollar(text) : take_variable(text, depth);
      if (!value) return std::nullopt;
      out += *value;
      if (out.size() > kResultMax) return fail("the variables in this make it longer than 1 MiB", "");
    }
    return out;
  }

 private:
  std::nullopt_t fail(std::string message, std::string hint) {
    mistakes_.add(place_, std::move(message), std::move(hint));
    return std::nullopt;
  }

  static std::optional<std::string> take_dollar(std::string_view& text) {
    text.remove_prefix(2);
    return "$";
  }

  // Past the brace that closes the one at text[1].
  static std::size_t end_of(std::string_view text) {
    int open = 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (text[i] == '{' && text[i - 1] == '$') ++open;
      if (text[i] == '}' && --open == 0) return i + 1;
    }
    return std::string_view::npos;
  }

  std::optional<std::string> take_variable(std::string_view& text, int depth) {
    if (!text.starts_with("${")) return fail("a lone '$'", "write ${NAME} for a variable, $$ for a dollar");
    const std::size_t end = end_of(text);
    if (end == std::string_view::npos) return fail("'${' without its '}'", "write $$ for a dollar");
    if (depth == kNestedMax) return fail("variables nested more than 8 deep", "");
    const std::string_view inside = text.substr(2, end - 3);
    text.remove_prefix(end);
    return value_of(inside, depth);
  }

  std::optional<std::string> value_of(std::string_view inside, int depth) {
    const std::size_t colon = inside.find(':');
    const std::string name(inside.substr(0, colon));
    const std::string_view rest = colon == std::string_view::npos ? "" : inside.substr(colon);
    const bool has_default = rest.starts_with(":-");
    const bool has_message = rest.starts_with(":?");
    if (!is_variable_name(name) || (!rest.empty() && !has_default && !has_message)) {
      return fail("'${" + std::string(inside) + "}' is no variable",
                  "write ${NAME}, ${NAME:-default} or ${NAME:?message}");
    }
    const std::optional<std::string> value = lookup_ ? lookup_(name) : std::nullopt;
    if (value && (!value->empty() || rest.empty())) return value;
    if (has_default) return run(rest.substr(2), depth + 1);
    if (has_message) return fail(name + ": " + std::string(rest.substr(2)), "");
    return fail("variable '" + name + "' is not set",
                "set it with --var " + name + "=..., or write ${" + name + ":-default}");
  }

  const Lookup& lookup_;
  const Place& place_;
  Mistakes& mistakes_;
};

}  // namespace

bool is_variable_name(std::string_view name) {
  return is_name(name) && name.find('-') == std::string_view::npos && !(name[0] >= '0' && name[0] <= '9');
}

void substitute(Node& node, const Lookup& lookup, Mistakes& mistakes) {
  if (node.is_scalar() && node.text.find('$') != std::string::npos) {
    auto text = Substitution(lookup, node.place, mistakes).run(node.text);
    node.broken = !text;
    if (text) node.text = std::move(*text);
  }
  for (Node& item : node.items) substitute(item, lookup, mistakes);
  for (Member& member : node.members) substitute(member.value, lookup, mistakes);
}

Lookup with_vars(const Node& root, Lookup outer, Mistakes& mistakes) {
  const Node* vars = root.find("vars");
  auto values = std::make_shared<std::map<std::string, std::string>>();
  if (vars != nullptr && !vars->is_null() && !vars->is_map()) {
    mistakes.add(vars->place, "vars must be a map from names to values");
  }
  for (const Member& member : vars == nullptr ? std::vector<Member>() : vars->members) {
    if (!is_variable_name(member.key)) {
      mistakes.add(member.place, "'" + member.key + "' is no name for a variable", "letters, digits and _");
      continue;
    }
    if (!member.value.is_scalar()) {
      mistakes.add(member.value.place, "variable '" + member.key + "' must be text or a number");
      continue;
    }
    Node value = member.value;
    substitute(value, outer, mistakes);
    (*values)[member.key] = value.text;
  }
  return [values, outer = std::move(outer)](const std::string& name) -> std::optional<std::string> {
    if (outer) {
      if (auto value = outer(name)) return value;
    }
    const auto found = values->find(name);
    return found == values->end() ? std::nullopt : std::optional(found->second);
  };
}

}  // namespace wisp::config
