#pragma once
// state.json as text, and back.
#include <string>
#include <string_view>

#include "launcher/job_folder.h"

namespace wisp::launcher {

std::string state_to_json(const JobState& state);
// Throws Error if the text is not a state. Keys that it does not know are left alone.
JobState state_from_json(std::string_view text);

}  // namespace wisp::launcher
