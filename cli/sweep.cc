#include "cli/sweep.h"

#include <fcntl.h>

#include <nlohmann/json.hpp>

#include "base/disk.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/version.h"
#include "config/resolve.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPoints = "points.jsonl";

Descriptor lock_of(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "lock";
  Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) throw Error("cannot make " + file.string());
  struct flock range {};
  range.l_type = F_WRLCK;
  if (::fcntl(lock.get(), F_OFD_SETLK, &range) != 0)
    throw Error("this sweep is running already: another wisp run holds " + file.string());
  return lock;
}

std::string json_line(const EndedPoint& point) {
  const Json json = {{"digest", point.digest},
                     {"settings", point.settings},
                     {"folder", point.folder},
                     {"result", Json::parse(point.result)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Nothing for a line that a full disk or a power cut has left behind.
std::optional<EndedPoint> point_of(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  EndedPoint point;
  for (const auto& [name, member] : {std::pair{"digest", &EndedPoint::digest},
                                     {"settings", &EndedPoint::settings},
                                     {"folder", &EndedPoint::folder}}) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    point.*member = found->get<std::string>();
  }
  const auto result = json.find("result");
  if (result == json.end() || !result->is_object()) return std::nullopt;
  point.result = result->dump();
  return point;
}

}  // namespace

SweepFolder::SweepFolder(const std::filesystem::path& state_dir, const std::string& name)
    : path_(state_dir / "sweeps" / name) {
  SystemDisk().make_folders(path_);
  lock_ = lock_of(path_);
  for (EndedPoint& point : read_points(path_)) {
    const std::string digest = point.digest;
    points_.insert_or_assign(digest, std::move(point));
  }
}

const EndedPoint* SweepFolder::find(std::string_view digest) const {
  const auto found = points_.find(digest);
  return found == points_.end() ? nullptr : &found->second;
}

void SweepFolder::add(EndedPoint point) {
  SystemDisk().append_text(path_ / kPoints, json_line(point));
  const std::string digest = point.digest;
  points_.insert_or_assign(digest, std::move(point));
}

void SweepFolder::write(const std::string& file, const std::string& text) {
  SystemDisk().write_text(path_ / file, text);
}

std::string digest_of(const config::Experiment& experiment) {
  const std::string& data = experiment.job.problem.data.path;
  const std::string text = std::string(kVersion) + "\n" + kCommit + "\n" + config::to_json(experiment) +
                           "\n" + (data.empty() ? "" : sha256_file_hex(data));
  return sha256_hex(std::as_bytes(std::span(text)));
}

std::vector<EndedPoint> read_points(const std::filesystem::path& sweep_folder) {
  std::vector<EndedPoint> points;
  const SystemDisk disk;
  if (!disk.exists(sweep_folder / kPoints)) return points;
  for (const std::string& line : split(disk.read_text(sweep_folder / kPoints), '\n')) {
    if (auto point = point_of(line)) points.push_back(std::move(*point));
  }
  return points;
}

}  // namespace wisp::cli
