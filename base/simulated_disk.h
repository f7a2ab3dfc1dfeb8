#pragma once
// SimulatedDisk: files in memory, which forget and fail as files on real disks do, when a test says so.
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/disk.h"

namespace wisp {

// Does and says what SystemDisk does, but keeps no modes. There are "/" and the folder that relative paths
// start from. Deterministic: faults come only as ordered here.
class SimulatedDisk : public Disk {
 public:
  Bytes read(const std::filesystem::path& file) const override;
  void write_pieces(const std::filesystem::path& file, std::span<const std::span<const std::byte>> pieces,
                    unsigned mode = kPrivateFile) override;
  void append(const std::filesystem::path& file, std::span<const std::byte> bytes) override;
  bool exists(const std::filesystem::path& path) const override;
  std::vector<std::filesystem::path> list(const std::filesystem::path& folder) const override;
  void make_folders(const std::filesystem::path& folder) override;
  bool remove(const std::filesystem::path& path) override;

  // Everything is as it was last synced. A write syncs its file, the folders above it, and which other files
  // are in its folder, but not what was appended to them. Appended bytes, new folders and removals that were
  // not followed by such a write are undone.
  void power_cut();
  // All files together have room for so many bytes. What does not fit is refused with "No space left on
  // device"; of an append, what fits stays.
  void set_capacity(std::size_t bytes);
  // Writes and appends so far, failed ones included.
  std::uint64_t writes() const;
  // The one that makes writes() equal to `number` fails with "Input/output error"; an append leaves its first
  // `stored` bytes behind, a write nothing.
  void fail_write(std::uint64_t number, std::size_t stored = 0);
  // Damage to a file that is there, synced bytes included. The bit is counted from the start of the file.
  void flip_bit(const std::filesystem::path& file, std::size_t bit);
  void truncate(const std::filesystem::path& file, std::size_t size);

 private:
  struct Entry {
    bool is_folder = false;
    std::vector<std::byte> bytes;
  };
  struct Place {
    std::optional<Entry> now;
    std::optional<Entry> synced;
  };

  // With mutex_ held; paths are normal.
  const Entry* find(const std::filesystem::path& path) const;
  int why_not(const std::filesystem::path& path) const;
  void check_place_of(const char* what, const std::filesystem::path& file,
                      const std::filesystem::path& given) const;
  bool has_children(const std::filesystem::path& folder) const;
  std::size_t room() const;
  std::optional<std::size_t> next_fault();
  void sync_folder_of(const std::filesystem::path& file);
  Place& stored_file(const std::filesystem::path& file);

  mutable std::mutex mutex_;
  std::map<std::filesystem::path, Place> places_;
  std::size_t capacity_ = std::numeric_limits<std::size_t>::max();
  std::uint64_t writes_ = 0;
  std::map<std::uint64_t, std::size_t> failing_writes_;
};

}  // namespace wisp
