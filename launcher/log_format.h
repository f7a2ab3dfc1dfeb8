#pragma once
// The two forms in which log lines are stored: text (base/log.h) and JSON.
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"

namespace wisp::launcher {

// {"time", "actor", "attempt", "host", "round" (null where there is none), "level", "text"}, without a
// newline. The text goes through escape_text first: it is the text of the other form.
std::string to_json(const LogLine& line);

// A stored line of either form. Nothing for any other text.
std::optional<LogLine> parse_stored(std::string_view text);

}  // namespace wisp::launcher
