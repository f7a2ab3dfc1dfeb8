#include "config/load.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "config/build.h"
#include "config/errors.h"
#include "config/files.h"
#include "config/rules.h"

namespace wisp::config {
namespace {

// --var before the environment.
Lookup outer_lookup(const Request& request, Mistakes& mistakes) {
  auto values = std::make_shared<std::map<std::string, std::string>>();
  for (const std::string& option : request.vars) {
    const std::size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    if (equals == std::string::npos || !is_variable_name(name)) {
      const auto source = std::make_shared<Source>(Source::Kind::kOption, "--var", "", option, 0);
      mistakes.add({source, 1, 1, option.size()}, "no assignment to a variable", "write --var NAME=value");
    } else {
      (*values)[name] = option.substr(equals + 1);
    }
  }
  return [values, environment = request.environment](const std::string& name) -> std::optional<std::string> {
    if (const auto found = values->find(name); found != values->end()) return found->second;
    return environment ? environment(name) : std::nullopt;
  };
}

// Text that nobody gives a meaning to may hold any '$'.
void substitute_known(Node& root, const Lookup& lookup, Mistakes& mistakes) {
  for (Member& member : root.members) {
    const bool skipped = member.key == "vars" || member.key.starts_with("x-");
    if (!skipped) substitute(member.value, lookup, mistakes);
  }
}

}  // namespace

Experiment load(const Request& request) {
  Mistakes mistakes;
  const Lookup outer = outer_lookup(request, mistakes);
  std::optional<Node> root = read_files(request, outer, mistakes);
  if (!root) mistakes.throw_if_any();
  if (!root) throw Error("no job file was given", Fault::kUsage);
  substitute_known(*root, with_vars(*root, outer, mistakes), mistakes);
  const std::string stem =
      request.files.empty() ? "" : std::filesystem::path(request.files.front()).stem().string();
  Draft draft = build(*root, stem, request.vocabulary, request.environment, mistakes);
  check_rules(draft, request.vocabulary, mistakes);
  mistakes.throw_if_any();
  return std::move(draft.experiment);
}

}  // namespace wisp::config
