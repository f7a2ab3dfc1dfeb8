#pragma once
// The table of keys as a JSON Schema, for editors that know no job files.
#include <string>

#include "config/vocabulary.h"

namespace wisp::config {

// The schema (draft-07: what every editor's YAML support knows whole) of one job file in which what the
// vocabulary names may stand. It refuses nothing that load() takes. It sees one file and no more, so it
// misses what is wrong with several values together, with the spelling of a number, and with what the files
// say that this one includes; without `include` or `sweep` a file has to be complete. `errorMessage` and
// `patternErrorMessage` are for editors; validators ignore them.
std::string to_json_schema(const Vocabulary& vocabulary);

}  // namespace wisp::config
