#pragma once
// Checkpoints: the state of a whole run in one file, from which a later run goes on.
//
// The file is a sequence of msgpack values (docs/checkpoints.md):
//   "wisp-checkpoint", format, [ number, updates, traits, parts ], CRC-32C of all bytes before it
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/disk.h"

namespace wisp::actors {

struct Checkpoint {
  static constexpr std::uint64_t kFormat = 1;  // the one that is written, and the only one that is read

  Checkpoint() = default;

  std::uint64_t number = 0;                   // 1, 2, ... of a job, those of its earlier runs counted
  std::uint64_t updates = 0;                  // that the model has
  std::map<std::string, std::string> traits;  // what a run that goes on from it must have in common with the
                                              // one that wrote it: key of the job file -> value, as text
  std::map<std::string, Bytes> parts;         // master, worker-0, ... -> the state of that actor, opaque

  template <class F>
  void fields(F& f) {
    f(number, updates, traits, parts);
  }
};

// The bytes of the file, one piece behind the other. Large parts are shared, not copied. Throws Error for a
// part of 4 GiB or more.
std::vector<Bytes> encode(const Checkpoint& checkpoint);
// The parts are slices of `file`. Throws DecodeError for a file that is cut short, changed, or of another
// format; it says why, to follow the file's name: "its checksum does not match". Asks for no more memory at
// once than the file has.
Checkpoint decode_checkpoint(const Bytes& file);

// The checkpoints of one job: files <folder>/<number>.ckpt, mode 0600. One run at a time writes them. Not
// thread-safe.
class CheckpointFolder {
 public:
  // `keep` >= 1: how many there are after a write. The folder is made by the first.
  CheckpointFolder(Disk& disk, std::filesystem::path folder, std::size_t keep);

  // Returns when it is on the disk. Then removes the earlier ones but for the last, to keep so many, and what
  // a process that was killed has left of its writing. One that has the same number is replaced; later ones
  // stay. Throws Error, which names file and reason, if it can't be written: the others are then as they
  // were, and there is no half of it. Returns, each a whole message, what could not be removed.
  std::vector<std::string> write(const Checkpoint& checkpoint);

  // The one with the highest number among those that are whole, or none. Adds a whole message to `warnings`
  // for each later one, which is damaged, can't be read or has another number inside. Throws Error if the
  // folder can't be listed.
  std::optional<Checkpoint> newest(std::vector<std::string>& warnings) const;

  std::filesystem::path path_of(std::uint64_t number) const;

 private:
  // Rising.
  std::vector<std::uint64_t> numbers() const;
  Checkpoint read(std::uint64_t number) const;
  void clean_up(std::uint64_t last, std::vector<std::string>& warnings);

  Disk& disk_;
  const std::filesystem::path folder_;
  const std::size_t keep_;
};

}  // namespace wisp::actors
