#pragma once
// --set of the command line: one value put into the merged tree.
#include <cstddef>
#include <filesystem>
#include <string>

#include "config/errors.h"
#include "config/tree.h"

namespace wisp::config {

// `option` is "a.b[0].c=V". V is YAML and merges as a later file would; an empty V or null deletes the key;
// an index one past the end appends. Keys with dots or brackets stand in double quotes. Mistakes are at
// "--set", ranked `order`; relative paths in V start at `folder`.
void apply_set(Node& root, const std::string& option, const std::filesystem::path& folder, std::size_t order,
               Mistakes& mistakes);

}  // namespace wisp::config
