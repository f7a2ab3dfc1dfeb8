#pragma once
// A scalar, list or map of the tree -> the typed value that its key asks for.
#include <optional>
#include <string>

#include "config/keys.h"
#include "config/tree.h"
#include "config/variables.h"
#include "config/vocabulary.h"

namespace wisp::config {

// Why a value was not taken.
struct Complaint {
  std::string message;
  std::string hint;
  Place place;  // more exact than the value's, if it has a source
};

// Fills `value` from `node`, or says why not. Paths in `node` become absolute (`~/` by the variable HOME),
// and host patterns are expanded, so that `node` can stand in the resolved file. `path` is how messages call
// the key.
std::optional<Complaint> convert(const Key& key, const std::string& path, Node& node,
                                 const Vocabulary& vocabulary, const Lookup& environment, Value& value);

// An absolute path from one written in a source whose folder is `folder`.
std::string absolute_path(const std::string& text, const std::filesystem::path& folder,
                          const Lookup& environment);

}  // namespace wisp::config
