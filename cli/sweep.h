#pragma once
// The folder of a sweep: which of its jobs have ended, and how.
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "config/sweep.h"

namespace wisp::cli {

// One job of a sweep that has ended by itself: a line of points.jsonl.
struct EndedPoint {
  std::string digest;    // of all that its result follows from
  std::string settings;  // as config::settings_text()
  std::string folder;    // its job folder
  std::string result;    // result_json() of it
};

// <state_dir>/sweeps/<name>/, private as job folders are: sweep.yaml (resolved), points.jsonl (of every point
// that has ended, one an earlier run of the same file included), table.txt.
class SweepFolder {
 public:
  // Throws Error (kFailed) if another `wisp run` holds it, or if it can't be made or read.
  SweepFolder(const std::filesystem::path& state_dir, const std::string& name);

  const std::filesystem::path& path() const { return path_; }
  // The last one of this digest.
  const EndedPoint* find(std::string_view digest) const;
  // Throws Error where it can't be written.
  void add(EndedPoint point);
  void write(const std::string& file, const std::string& text);

 private:
  std::filesystem::path path_;
  Descriptor lock_;
  std::map<std::string, EndedPoint, std::less<>> points_;
};

// Of the resolved job, the bytes of its data, and this very program: what was computed by another one is
// computed again. Reads the data.
std::string digest_of(const config::Experiment& experiment);

// The lines of points.jsonl, those that were cut short left out. A missing file has none.
std::vector<EndedPoint> read_points(const std::filesystem::path& sweep_folder);

}  // namespace wisp::cli
