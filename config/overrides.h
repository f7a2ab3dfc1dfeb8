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

// The same for a path and a value that were read before: mistakes are at `place`, which is also that of each
// key on the way that was not there.
void assign_at(Node& root, const std::string& path, const Place& place, Node value, Mistakes& mistakes);
// What stands at such a path; null if nothing does, or if it is no path.
const Node* find_at(const Node& root, const std::string& path);

}  // namespace wisp::config
