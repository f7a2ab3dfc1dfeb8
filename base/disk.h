#pragma once
// Disk: files, behind an interface so that a simulated world can have its own, with faults.
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace wisp {

// All of it throws Error that names the path and what the system said. Modes are those of chmod; nothing is
// readable by others unless asked for. Thread-safe, but two writers of one file at once are the callers'
// mistake.
class Disk {
 public:
  static constexpr unsigned kPrivateFile = 0600;

  virtual ~Disk() = default;
  // The whole file.
  virtual Bytes read(const std::filesystem::path& file) const = 0;
  // All or nothing, even across a power cut: a temporary file beside it, fsync, rename, fsync of the folder.
  // On an error the temporary file is gone and the old file is as it was; a process that is killed leaves
  // it, with the name of the file, a dot and six characters. The mode is exact, whatever the umask.
  void write(const std::filesystem::path& file, std::span<const std::byte> bytes,
             unsigned mode = kPrivateFile) {
    write_pieces(file, {&bytes, 1}, mode);
  }
  // The same for a file whose bytes lie in several places of memory, in their order.
  virtual void write_pieces(const std::filesystem::path& file,
                            std::span<const std::span<const std::byte>> pieces,
                            unsigned mode = kPrivateFile) = 0;
  // Behind what is there, in one piece; makes the file (0600) if there is none. Not synced.
  virtual void append(const std::filesystem::path& file, std::span<const std::byte> bytes) = 0;
  virtual bool exists(const std::filesystem::path& path) const = 0;
  // The names, without the folder, of all that is in it, sorted; none if there is no such folder.
  virtual std::vector<std::filesystem::path> list(const std::filesystem::path& folder) const = 0;
  // The folder and the ones above it, 0700 where they are not there yet.
  virtual void make_folders(const std::filesystem::path& folder) = 0;
  // A file or an empty folder; false if there was none.
  virtual bool remove(const std::filesystem::path& path) = 0;

  std::string read_text(const std::filesystem::path& file) const;
  void write_text(const std::filesystem::path& file, std::string_view text, unsigned mode = kPrivateFile);
  void append_text(const std::filesystem::path& file, std::string_view text);
};

class SystemDisk : public Disk {
 public:
  Bytes read(const std::filesystem::path& file) const override;
  void write_pieces(const std::filesystem::path& file, std::span<const std::span<const std::byte>> pieces,
                    unsigned mode = kPrivateFile) override;
  void append(const std::filesystem::path& file, std::span<const std::byte> bytes) override;
  bool exists(const std::filesystem::path& path) const override;
  std::vector<std::filesystem::path> list(const std::filesystem::path& folder) const override;
  void make_folders(const std::filesystem::path& folder) override;
  bool remove(const std::filesystem::path& path) override;
};

}  // namespace wisp
