#include "cli/outcome.h"

#include <array>
#include <cmath>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "cli/progress_line.h"
#include "cli/version.h"

namespace wisp::cli {

namespace {

using Json = nlohmann::ordered_json;

// JSON has no NaN and no infinity.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string cpu_features() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string found;
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      for (const char* feature : {"sse4_2", "avx", "avx2", "fma", "avx512f"}) {
        if (word == feature) found += (found.empty() ? "" : " ") + word;
      }
    }
    break;
  }
  return found;
}

Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }

// [low, high, count] of each class that is not empty.
Json histogram(const actors::Staleness& staleness) {
  Json classes = Json::array();
  for (const actors::Staleness::Class& each : staleness.classes()) {
    classes.push_back({each.low, each.high, each.count});
  }
  return classes;
}

Json staleness_json(const actors::Staleness& staleness) {
  return {{"updates", staleness.count()},    {"mean", staleness.mean()},
          {"max", staleness.max()},          {"p50", staleness.quantile(0.5)},
          {"p99", staleness.quantile(0.99)}, {"histogram", histogram(staleness)}};
}

// What was measured of the updates themselves, for both kinds of files.
void add_measures(Json& json, const actors::Progress& progress) {
  json["dropped"] = progress.dropped;
  json["rejected"] = progress.rejected;
  json["epochs"] = number(progress.epochs);
  json["kept_mass"] = number(progress.kept_mass);
  json["memory_norm"] = number(progress.memory_norm);
}

std::string measures_text(const actors::Summary& summary) {
  const actors::Progress& last = summary.last;
  std::string text;
  if (const actors::Staleness& staleness = last.staleness; staleness.count() > 0) {
    text += fmt::format("staleness     mean {:.4g}, median {}, 99 % at most {}, max {}\n", staleness.mean(),
                        staleness.quantile(0.5), staleness.quantile(0.99), staleness.max());
  }
  if (last.dropped > 0) text += fmt::format("late          {} updates were dropped\n", last.dropped);
  if (last.rejected > 0) text += fmt::format("not finite    {} updates had such values\n", last.rejected);
  if (last.kept_mass && *last.kept_mass < 1) {
    text += fmt::format("kept mass     {:.3g} of ||u||^2 is sent", *last.kept_mass);
    if (last.memory_norm) text += fmt::format("; memory norm {:.3g}", *last.memory_norm);
    text += "\n";
  }
  return text;
}

// What each host sends in all-reduces of whole vectors along a ring, one a round: 2 (n-1)/n d values, n the
// number of workers, a host each.
std::uint64_t ring_bytes(const Outcome& outcome) {
  const actors::Summary& summary = outcome.summary;
  if (summary.workers == 0) return 0;
  const std::uint64_t vector = summary.dim * (outcome.dtype == actors::Dtype::kFloat64 ? 8ULL : 4ULL);
  return summary.last.round * vector * 2 * (summary.workers - 1) / summary.workers;
}

std::string ratio(std::uint64_t dense, std::uint64_t sent) {
  if (sent == 0 || dense == sent) return "";
  const double times = static_cast<double>(dense) / static_cast<double>(sent);
  return times > 1 ? fmt::format(" ({:.3g}x less than dense)", times)
                   : fmt::format(" ({:.3g}x dense: block numbers cost more than they save)", 1 / times);
}

}  // namespace

std::string result_json(const Outcome& outcome) {
  const actors::Summary& summary = outcome.summary;
  const actors::Progress& last = summary.last;
  Json json;
  json["status"] = outcome.status;
  json["reason"] = outcome.reason;
  json["exit_status"] = outcome.exit_status;
  json["job_id"] = outcome.job_id;
  json["job"] = outcome.job;
  if (outcome.plain) {
    json["actors"] = outcome.actors;
    json["total_seconds"] = summary.total_seconds;
    return json.dump();
  }
  json["method"] = outcome.method;
  json["dtype"] = actors::to_string(outcome.dtype);
  json["workers"] = summary.workers;
  json["dim"] = summary.dim;
  json["rounds"] = last.round;
  json["updates"] = last.updates;
  json["loss"] = number(last.loss);
  json["gap"] = last.gap ? number(*last.gap) : Json(nullptr);
  if (last.test_loss) json["test_loss"] = number(*last.test_loss);
  if (last.test_accuracy) json["test_accuracy"] = *last.test_accuracy;
  json["uplink_bytes"] = last.uplink_bytes;
  json["downlink_bytes"] = last.downlink_bytes;
  json["total_bytes"] = last.uplink_bytes + last.downlink_bytes;
  json["dense_uplink_bytes"] = last.dense_uplink_bytes;
  json["dense_downlink_bytes"] = last.dense_downlink_bytes;
  json["dense_total_bytes"] = last.dense_uplink_bytes + last.dense_downlink_bytes;
  json["master_downlink_bytes"] = last.master_downlink_bytes;
  json["ring_bytes"] = ring_bytes(outcome);
  json["wire_bytes"] = last.wire_bytes;
  json["seconds"] = last.seconds;
  json["gradient_seconds"] = last.gradient_seconds;
  json["total_seconds"] = summary.total_seconds;
  json["L"] = number(summary.L);
  json["mu"] = number(summary.mu);
  json["step"] = number(summary.step);
  json["staleness_mean"] = last.staleness.mean();  // 0 in rounds
  json["staleness_max"] = last.staleness.max();
  add_measures(json, last);
  if (last.staleness.count() > 0) {
    json["staleness"] = staleness_json(last.staleness);
    json["staleness_of_workers"] = Json::array();
    for (const actors::Staleness& each : summary.staleness) {
      json["staleness_of_workers"].push_back(staleness_json(each));
    }
  }
  json["model_updates"] = summary.model_updates;
  json["iterate_hash"] = summary.iterate_hash;
  return json.dump();
}

std::string summary_text(const Outcome& outcome, const std::string& folder) {
  const actors::Summary& summary = outcome.summary;
  const actors::Progress& last = summary.last;
  std::string text = fmt::format("status        {}: {}\n", outcome.status, outcome.reason);
  if (outcome.plain) {
    text += fmt::format("actors        {} in {:.3g} s\n", outcome.actors, summary.total_seconds);
    return text + fmt::format("job folder    {}\n", folder);
  }
  if (summary.iterate_hash.empty()) {  // the master could not tell any more
    if (std::isfinite(last.loss))
      text += fmt::format("last known    round {}, loss {:.12g}\n", last.round, last.loss);
    return text + fmt::format("job folder    {}\n", folder);
  }
  text += fmt::format("method        {}, {} worker{}, dimension {}, step {:.6g}\n", outcome.method,
                      summary.workers, summary.workers == 1 ? "" : "s", summary.dim, summary.step);
  const bool in_rounds = last.staleness.count() == 0;
  text += fmt::format("{:<13} {} in {:.3g} s ({:.3g} s in all)\n", in_rounds ? "rounds" : "updates",
                      in_rounds ? last.round : last.updates, last.seconds, summary.total_seconds);
  text += fmt::format("loss          {:.12g}\n", last.loss);
  if (last.gap) text += fmt::format("gap           {:.3g}\n", *last.gap);
  text += fmt::format("uplink        {}{}\n", size_text(last.uplink_bytes),
                      ratio(last.dense_uplink_bytes, last.uplink_bytes));
  text += fmt::format("downlink      {}{}\n", size_text(last.downlink_bytes),
                      ratio(last.dense_downlink_bytes, last.downlink_bytes));
  const std::uint64_t total = last.uplink_bytes + last.downlink_bytes;
  text += fmt::format("both          {}{}\n", size_text(total),
                      ratio(last.dense_uplink_bytes + last.dense_downlink_bytes, total));
  if (const std::uint64_t ring = ring_bytes(outcome); ring > 0) {
    text += fmt::format("sent by       the master {}; each host of a dense ring all-reduce {}\n",
                        size_text(last.master_downlink_bytes), size_text(ring));
  }
  text += measures_text(summary);
  if (summary.model_updates != last.updates) {
    text += fmt::format("model.npy     the last that is finite: that of update {} of {}\n",
                        summary.model_updates, last.updates);
  }
  text += fmt::format("job folder    {}\n", folder);
  text += fmt::format("iterate_hash  {}\n", summary.iterate_hash);
  return text;
}

std::string npy(const Bytes& values, actors::Dtype dtype) {
  const bool wide = dtype == actors::Dtype::kFloat64;
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({},), }}",
                                   wide ? "<f8" : "<f4", values.size() / (wide ? 8 : 4));
  constexpr std::size_t kPrefix = 10;
  while ((kPrefix + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string file = "\x93NUMPY";
  file += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  file += header;
  file.append(reinterpret_cast<const char*>(values.data()), values.size());
  return file;
}

std::string provenance_json(const config::Experiment& experiment,
                            const std::vector<launcher::HostInfo>& hosts, const std::string& data_sha256) {
  Json json;
  json["version"] = kVersion;
  json["commit"] = kCommit;
  json["compiler"] = kCompiler;
  json["flags"] = kFlags;
  json["cpu_features"] = cpu_features();
  json["seed"] = experiment.job.seed;
  json["data"] = {{"path", experiment.job.problem.data.path}, {"sha256", data_sha256}};
  json["hosts"] = Json::array();
  for (const launcher::HostInfo& host : hosts) {
    json["hosts"].push_back({{"name", host.name},
                             {"hostname", host.hostname},
                             {"cores", host.cores},
                             {"address", host.address},
                             {"clock_offset_us", host.clock_offset.count()}});
  }
  return json.dump(2) + "\n";
}

std::string event_json(std::chrono::system_clock::time_point time, const std::string& event,
                       const std::string& process, const std::string& host, const std::string& cause) {
  Json json;
  json["time"] = format_utc(time);
  json["event"] = event;
  if (!process.empty()) json["process"] = process;
  json["host"] = host;
  if (!cause.empty()) json["cause"] = cause;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string metrics_json(const actors::Progress& progress) {
  Json json;
  json["round"] = progress.round;
  json["loss"] = number(progress.loss);
  if (progress.gap) json["gap"] = number(*progress.gap);
  if (progress.test_loss) json["test_loss"] = number(*progress.test_loss);
  if (progress.test_accuracy) json["test_accuracy"] = *progress.test_accuracy;
  json["uplink_bytes"] = progress.uplink_bytes;
  json["downlink_bytes"] = progress.downlink_bytes;
  json["dense_uplink_bytes"] = progress.dense_uplink_bytes;
  json["dense_downlink_bytes"] = progress.dense_downlink_bytes;
  json["wire_bytes"] = progress.wire_bytes;
  json["seconds"] = progress.seconds;
  json["gradient_seconds"] = progress.gradient_seconds;
  json["updates"] = progress.updates;
  add_measures(json, progress);
  if (progress.staleness.count() > 0) json["staleness"] = staleness_json(progress.staleness);
  json["master_downlink_bytes"] = progress.master_downlink_bytes;
  return json.dump();
}

}  // namespace wisp::cli
