#pragma once
// The files of a job, with what they include and what the command line sets, as one tree.
#include <optional>

#include "config/errors.h"
#include "config/load.h"
#include "config/tree.h"

namespace wisp::config {

// Includes lie under the file that names them, earlier files under later ones, all of them under --set.
// Include cycles are mistakes. Nothing if a file can't be read or is no YAML: the rest would only be guessed
// at.
std::optional<Node> read_files(const Request& request, const Lookup& outer, Mistakes& mistakes);

}  // namespace wisp::config
