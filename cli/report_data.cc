#include "cli/report_data.h"

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/disk.h"
#include "base/error.h"
#include "cli/job_text.h"
#include "cli/progress_line.h"
#include "cli/sweep.h"
#include "launcher/jobs.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kMetrics = "metrics.jsonl";
constexpr const char* kResult = "result.json";

double number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : kNotSaid;
}

CurvePoint point_of(const Json& line) {
  CurvePoint point;
  point.round = number_of(line, "round");
  point.loss = number_of(line, "loss");
  point.gap = number_of(line, "gap");
  point.uplink_bytes = number_of(line, "uplink_bytes");
  point.total_bytes = point.uplink_bytes + number_of(line, "downlink_bytes");
  point.seconds = number_of(line, "seconds");
  point.gradient_seconds = number_of(line, "gradient_seconds");
  return point;
}

// {"staleness": {"histogram": [[low, high, count], ...]}}, of the classes that are not empty.
std::vector<StalenessClass> classes_of(const Json& json) {
  std::vector<StalenessClass> classes;
  const auto staleness = json.find("staleness");
  if (staleness == json.end() || !staleness->is_object()) return classes;
  const auto histogram = staleness->find("histogram");
  if (histogram == staleness->end() || !histogram->is_array()) return classes;
  for (const Json& each : *histogram) {
    const bool fits = each.is_array() && each.size() == 3 && each[0].is_number_unsigned() &&
                      each[1].is_number_unsigned() && each[2].is_number();
    if (fits)
      classes.push_back({each[0].get<std::uint64_t>(), each[1].get<std::uint64_t>(), each[2].get<double>()});
  }
  return classes;
}

std::string figure_text(const std::string& key, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number()) return "-";
  if (key.ends_with("_bytes")) return size_text(value.get<std::uint64_t>());
  if (value.is_number_integer()) return value.dump();
  return fmt::format("{:.4g}", value.get<double>());
}

std::vector<std::pair<std::string, std::string>> figures_of(const Json& result) {
  std::vector<std::pair<std::string, std::string>> figures;
  for (const char* key :
       {"status", "method", "workers", "dim", "rounds", "updates", "loss", "gap", "step", "uplink_bytes",
        "downlink_bytes", "dense_total_bytes", "seconds", "staleness_mean", "staleness_max"}) {
    if (const auto found = result.find(key); found != result.end())
      figures.emplace_back(key, figure_text(key, *found));
  }
  return figures;
}

std::vector<JobCurves> read_sweep(const std::filesystem::path& folder) {
  std::vector<JobCurves> all;
  for (const EndedPoint& point : read_points(folder)) {
    if (SystemDisk().exists(std::filesystem::path(point.folder) / kMetrics))
      all.push_back(read_curves(point.folder, point.settings));
  }
  if (all.empty())
    throw Error("no job of the sweep in " + folder.string() + " is there any more", Fault::kUnreachable);
  return all;
}

JobCurves read_job(const launcher::JobEntry& job) {
  JobCurves curves = read_curves(job.folder, title(job));
  for (const auto& [key, text] : curves.figures) {
    if (key == "method") curves.label += " " + text;
  }
  return curves;
}

std::vector<JobCurves> read_word(const GlobalOptions& options, const std::string& word) {
  if (word.empty()) return {read_job(launcher::find_job(state_dir(options), word))};
  const SystemDisk disk;
  const std::filesystem::path path(word);
  if (disk.exists(path / kMetrics)) return {read_curves(path, path.lexically_normal().filename().string())};
  if (disk.exists(path / "points.jsonl")) return read_sweep(path);
  const std::filesystem::path sweep = state_dir(options) / "sweeps" / word;
  if (word.find('/') == std::string::npos && disk.exists(sweep / "points.jsonl")) return read_sweep(sweep);
  return {read_job(launcher::find_job(state_dir(options), word))};
}

}  // namespace

JobCurves read_curves(const std::filesystem::path& job_folder, std::string label) {
  JobCurves curves;
  curves.label = std::move(label);
  curves.folder = job_folder;
  std::ifstream metrics(job_folder / kMetrics);
  std::ifstream result(job_folder / kResult);
  if (!metrics && !result)
    throw Error("neither " + std::string(kMetrics) + " nor " + kResult + " is in " + job_folder.string(),
                Fault::kUnreachable);
  for (std::string line; std::getline(metrics, line);) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) continue;
    const CurvePoint point = point_of(json);
    // What a run that went back to a checkpoint had measured beyond it is undone.
    std::erase_if(curves.points, [&](const CurvePoint& before) { return before.seconds > point.seconds; });
    curves.points.push_back(point);
    if (auto classes = classes_of(json); !classes.empty()) curves.staleness = std::move(classes);
  }
  const Json json = result ? Json::parse(result, nullptr, false) : Json();
  if (json.is_object()) {
    curves.figures = figures_of(json);
    if (auto classes = classes_of(json); !classes.empty()) curves.staleness = std::move(classes);
  }
  return curves;
}

std::vector<JobCurves> read_jobs(const GlobalOptions& options, const std::vector<std::string>& words) {
  std::vector<JobCurves> all;
  for (const std::string& word : words.empty() ? std::vector<std::string>{options.job} : words) {
    for (JobCurves& each : read_word(options, word)) all.push_back(std::move(each));
  }
  return all;
}

std::vector<CurvePoint> thinned(const std::vector<CurvePoint>& points, std::size_t most) {
  if (points.size() <= most) return points;
  std::vector<CurvePoint> kept;
  for (std::size_t i = 0; i < most; ++i) kept.push_back(points[i * (points.size() - 1) / (most - 1)]);
  return kept;
}

}  // namespace wisp::cli
