#pragma once
// What `wisp report` knows of a job: read from its folder, and from nothing else.
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cli/options.h"

namespace wisp::cli {

inline constexpr double kNotSaid = std::numeric_limits<double>::quiet_NaN();

// A line of metrics.jsonl; NaN is what it does not say.
struct CurvePoint {
  double round = kNotSaid;
  double loss = kNotSaid;
  double gap = kNotSaid;
  double uplink_bytes = kNotSaid;
  double total_bytes = kNotSaid;
  double seconds = kNotSaid;
  double gradient_seconds = kNotSaid;
};

// How many updates were as stale as this, both ends included.
struct StalenessClass {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  double count = 0;
};

struct JobCurves {
  std::string label;  // as the legend calls it: "phishing-0a1b2c3d isega", or a sweep's settings
  std::filesystem::path folder;
  std::vector<CurvePoint> points;                            // in the order of the file
  std::vector<StalenessClass> staleness;                     // in order; empty: the run measured none
  std::vector<std::pair<std::string, std::string>> figures;  // of result.json, for a table; empty: not ended
};

// Reads metrics.jsonl and result.json. Lines that are no JSON (a job that was killed) are left out; numbers
// that JSON can't hold are kNotSaid. Throws Error if there is neither file.
JobCurves read_curves(const std::filesystem::path& job_folder, std::string label);

// The job folders meant by the words of the command line, with their labels: a path of a job folder or of a
// sweep's, a sweep's name, or a job as -j takes it. No words: the job of -j. Throws Error (kUnreachable).
std::vector<JobCurves> read_jobs(const GlobalOptions& options, const std::vector<std::string>& words);

// At most `most` of the points, the first and the last among them, evenly by their number.
std::vector<CurvePoint> thinned(const std::vector<CurvePoint>& points, std::size_t most);

}  // namespace wisp::cli
