#include "launcher/folders.h"

#include <algorithm>

namespace wisp::launcher {

std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(folder, error)) {
    if (each.is_directory(error) && !each.is_symlink(error)) found.push_back(each.path());
  }
  return found;
}

std::filesystem::file_time_type last_written(const std::filesystem::path& folder) {
  std::error_code error;
  auto newest = std::filesystem::last_write_time(folder, error);
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder, error)) {
    const auto time = each.last_write_time(error);
    if (!error) newest = std::max(newest, time);
  }
  return newest;
}

void remove_up_to(const std::filesystem::path& folder, const std::filesystem::path& top) {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  for (auto above = folder; above != top && above.has_relative_path();) {
    above = above.parent_path();
    if (!std::filesystem::remove(above, ignored)) return;
  }
}

}  // namespace wisp::launcher
