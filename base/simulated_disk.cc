#include "base/simulated_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace wisp {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const char* what, const fs::path& path, int code) {
  throw Error(std::string("can't ") + what + " " + path.string() + ": " + std::strerror(code));
}

// One name for each place: no dots, no slash at the end, and "" for where relative paths start.
fs::path normal(const fs::path& path) {
  fs::path result = path.lexically_normal();
  if (!result.has_filename() && result.has_relative_path()) result = result.parent_path();
  return result == "." ? fs::path() : result;
}

bool always_there(const fs::path& path) { return !path.has_relative_path(); }

}  // namespace

const SimulatedDisk::Entry* SimulatedDisk::find(const fs::path& path) const {
  static const Entry root{true, {}};
  if (always_there(path)) return &root;
  const auto found = places_.find(path);
  return found != places_.end() && found->second.now ? &*found->second.now : nullptr;
}

// What the system says of a path that is not there.
int SimulatedDisk::why_not(const fs::path& path) const {
  for (fs::path above = path; !always_there(above);) {
    above = above.parent_path();
    const Entry* entry = find(above);
    if (entry != nullptr) return entry->is_folder ? ENOENT : ENOTDIR;
  }
  return ENOENT;
}

// That `file` is or can become a file.
void SimulatedDisk::check_place_of(const char* what, const fs::path& file, const fs::path& given) const {
  const Entry* folder = find(file.parent_path());
  if (folder == nullptr || !folder->is_folder) fail(what, given, why_not(file));
  const Entry* entry = find(file);
  if (entry != nullptr && entry->is_folder) fail(what, given, EISDIR);
}

bool SimulatedDisk::has_children(const fs::path& folder) const {
  return std::any_of(places_.begin(), places_.end(),
                     [&](const auto& each) { return each.second.now && each.first.parent_path() == folder; });
}

std::size_t SimulatedDisk::room() const {
  std::size_t used = 0;
  for (const auto& [path, place] : places_) {
    if (place.now) used += place.now->bytes.size();
  }
  return capacity_ - std::min(capacity_, used);
}

// Counts a write; if it is to fail, how much of it is stored.
std::optional<std::size_t> SimulatedDisk::next_fault() {
  const auto found = failing_writes_.find(++writes_);
  if (found == failing_writes_.end()) return std::nullopt;
  return found->second;
}

void SimulatedDisk::sync_folder_of(const fs::path& file) {
  const fs::path folder = file.parent_path();
  for (auto& [path, place] : places_) {
    if (path.parent_path() != folder) continue;
    if (!place.now) {
      place.synced.reset();
    } else if (!place.synced) {
      place.synced = Entry{place.now->is_folder, {}};
    }
  }
  for (fs::path above = folder; !always_there(above); above = above.parent_path()) {
    places_[above].synced = Entry{true, {}};
  }
}

SimulatedDisk::Place& SimulatedDisk::stored_file(const fs::path& file) {
  const auto found = places_.find(normal(file));
  WISP_CHECK(found != places_.end() && found->second.now && !found->second.now->is_folder,
             "only a file that is there can be damaged");
  return found->second;
}

Bytes SimulatedDisk::read(const fs::path& file) const {
  const std::lock_guard lock(mutex_);
  const Entry* entry = find(normal(file));
  if (entry == nullptr) fail("read", file, why_not(normal(file)));
  if (entry->is_folder) fail("read", file, EISDIR);
  return Bytes::copy(entry->bytes);
}

void SimulatedDisk::write_pieces(const fs::path& file, std::span<const std::span<const std::byte>> pieces,
                                 unsigned) {
  const std::lock_guard lock(mutex_);
  const fs::path path = normal(file);
  const std::optional<std::size_t> fault = next_fault();
  check_place_of("write", path, file);
  if (fault) fail("write", file, EIO);
  std::vector<std::byte> bytes;
  for (const auto& each : pieces) bytes.insert(bytes.end(), each.begin(), each.end());
  // The old file is there until the new one is whole.
  if (bytes.size() > room()) fail("write", file, ENOSPC);
  Place& place = places_[path];
  place.now = Entry{false, std::move(bytes)};
  place.synced = place.now;
  sync_folder_of(path);
}

void SimulatedDisk::append(const fs::path& file, std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  const fs::path path = normal(file);
  const std::optional<std::size_t> fault = next_fault();
  check_place_of("append to", path, file);
  Place& place = places_[path];
  if (!place.now) place.now = Entry{};
  const std::size_t stored = std::min({bytes.size(), room(), fault.value_or(bytes.size())});
  const auto kept = bytes.first(stored);
  place.now->bytes.insert(place.now->bytes.end(), kept.begin(), kept.end());
  if (fault) fail("write", file, EIO);
  if (stored < bytes.size()) fail("write", file, ENOSPC);
}

bool SimulatedDisk::exists(const fs::path& path) const {
  const std::lock_guard lock(mutex_);
  return find(normal(path)) != nullptr;
}

std::vector<fs::path> SimulatedDisk::list(const fs::path& folder) const {
  const std::lock_guard lock(mutex_);
  const fs::path path = normal(folder);
  const Entry* entry = find(path);
  const int code = entry == nullptr ? why_not(path) : entry->is_folder ? 0 : ENOTDIR;
  if (code == ENOTDIR) fail("list", folder, code);
  std::vector<fs::path> names;  // sorted as the map is, by whole paths: those of one folder by their names
  for (const auto& [each, place] : places_) {
    if (place.now && each.parent_path() == path) names.push_back(each.filename());
  }
  return names;
}

void SimulatedDisk::make_folders(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  const fs::path path = normal(folder);
  if (const Entry* entry = find(path)) {
    if (!entry->is_folder) fail("make folder", folder, EEXIST);
    return;
  }
  if (why_not(path) == ENOTDIR) fail("make folder", folder, ENOTDIR);
  for (fs::path each = path; find(each) == nullptr; each = each.parent_path()) {
    places_[each].now = Entry{true, {}};
  }
}

bool SimulatedDisk::remove(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  const fs::path place = normal(path);
  const Entry* entry = find(place);
  if (entry == nullptr) {
    if (why_not(place) != ENOENT) fail("remove", path, why_not(place));
    return false;
  }
  if (always_there(place)) fail("remove", path, EBUSY);
  if (entry->is_folder && has_children(place)) fail("remove", path, ENOTEMPTY);
  places_[place].now.reset();
  return true;
}

void SimulatedDisk::power_cut() {
  const std::lock_guard lock(mutex_);
  for (auto& [path, place] : places_) place.now = place.synced;
  std::erase_if(places_, [](const auto& each) { return !each.second.now; });
}

void SimulatedDisk::set_capacity(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

std::uint64_t SimulatedDisk::writes() const {
  const std::lock_guard lock(mutex_);
  return writes_;
}

void SimulatedDisk::fail_write(std::uint64_t number, std::size_t stored) {
  const std::lock_guard lock(mutex_);
  failing_writes_[number] = stored;
}

void SimulatedDisk::flip_bit(const fs::path& file, std::size_t bit) {
  const std::lock_guard lock(mutex_);
  Place& place = stored_file(file);
  const auto flip = [&](Entry& entry) {
    if (bit / 8 < entry.bytes.size()) entry.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  };
  flip(*place.now);
  if (place.synced) flip(*place.synced);
}

void SimulatedDisk::truncate(const fs::path& file, std::size_t size) {
  const std::lock_guard lock(mutex_);
  Place& place = stored_file(file);
  const auto cut = [&](Entry& entry) { entry.bytes.resize(std::min(size, entry.bytes.size())); };
  cut(*place.now);
  if (place.synced) cut(*place.synced);
}

}  // namespace wisp
