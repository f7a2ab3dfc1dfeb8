#pragma once
// Folders of jobs that an agent keeps for a while.
#include <chrono>
#include <filesystem>
#include <vector>

namespace wisp::launcher {

// How long what a job has left on a host is kept for whoever asks for it.
inline constexpr std::chrono::hours kKeptMax{30 * 24};

// Links are none. A folder that is not there, or can't be read, holds nothing.
std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder);
// When anything in it was written last.
std::filesystem::file_time_type last_written(const std::filesystem::path& folder);
// The folder with all that is in it, and those above it, up to `top`, as far as they are empty then.
void remove_up_to(const std::filesystem::path& folder, const std::filesystem::path& top);

}  // namespace wisp::launcher
