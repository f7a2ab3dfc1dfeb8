#pragma once
// A text that is shown again and again while a job runs.
#include <filesystem>
#include <functional>
#include <string>

namespace wisp::cli {

// Prints what `text` gives, once a second until the driver of the job in `folder` has ended, and once after
// that. On a terminal each text takes the place of the one before.
void watch(const std::filesystem::path& folder, const std::function<std::string()>& text);

}  // namespace wisp::cli
