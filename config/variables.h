#pragma once
// ${V} ${V:-default} ${V:?message} $$ in scalars.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/errors.h"
#include "config/tree.h"

namespace wisp::config {

using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

// ^[A-Za-z_][A-Za-z0-9_]*$, at most 64.
bool is_variable_name(std::string_view name);

// Replaces the variables of every scalar below `node`. A value that comes out of a variable is not looked at
// again. What can't be replaced is reported and marked broken.
void substitute(Node& node, const Lookup& lookup, Mistakes& mistakes);

// The `vars:` of `root` behind `outer` (--var, then the environment); their own values may use `outer` only.
Lookup with_vars(const Node& root, Lookup outer, Mistakes& mistakes);

}  // namespace wisp::config
