#include "cli/sweep_table.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/output.h"
#include "cli/progress_line.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSeed = "seed";

enum class Unit { kCount, kNumber, kBytes, kSeconds };

struct Figure {
  const char* key;  // of result_json()
  const char* head;
  Unit unit;
};

constexpr std::array<Figure, 6> kFigures = {{{"rounds", "ROUNDS", Unit::kCount},
                                             {"loss", "LOSS", Unit::kNumber},
                                             {"gap", "GAP", Unit::kNumber},
                                             {"uplink_bytes", "UPLINK", Unit::kBytes},
                                             {"total_bytes", "TOTAL", Unit::kBytes},
                                             {"seconds", "SECONDS", Unit::kSeconds}}};

struct Spread {
  double median = 0;
  double least = 0;
  double largest = 0;
};

// A combination of all values but the seed.
struct Row {
  std::vector<std::string> values;
  std::vector<Json> results;  // of the points that have ended
  std::size_t points = 0;
};

std::vector<Row> rows_of(const config::Sweep& sweep, const std::vector<std::optional<EndedPoint>>& ended) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    std::vector<std::string> values;
    for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis) {
      if (sweep.axes[axis].key != kSeed) values.push_back(sweep.points[i].values[axis]);
    }
    auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& each) { return each.values == values; });
    if (row == rows.end()) row = rows.insert(rows.end(), Row{values, {}, 0});
    ++row->points;
    if (ended[i]) row->results.push_back(Json::parse(ended[i]->result));
  }
  return rows;
}

std::optional<Spread> spread_of(const Row& row, const char* key) {
  std::vector<double> values;
  for (const Json& result : row.results) {
    const auto found = result.find(key);
    if (found != result.end() && found->is_number()) values.push_back(found->get<double>());
  }
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double median = (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
  return Spread{median, values.front(), values.back()};
}

std::string number_text(double value, Unit unit) {
  if (unit == Unit::kBytes) return size_text(static_cast<std::uint64_t>(value));
  if (unit == Unit::kCount) return fmt::format("{}", value);
  if (unit == Unit::kSeconds) return fmt::format("{:.3g}", value);
  return fmt::format("{:.4g}", value);
}

std::string cell(const std::optional<Spread>& spread, Unit unit) {
  if (!spread) return "-";
  const std::string median = number_text(spread->median, unit);
  if (spread->least == spread->largest) return median;
  return fmt::format("{} [{}, {}]", median, number_text(spread->least, unit),
                     number_text(spread->largest, unit));
}

std::map<std::string, std::size_t> statuses_of(const Row& row) {
  std::map<std::string, std::size_t> statuses;
  for (const Json& result : row.results) ++statuses[result.value("status", "?")];
  if (row.results.size() < row.points) statuses["not run"] = row.points - row.results.size();
  return statuses;
}

std::string status_cell(const Row& row) {
  std::vector<std::string> parts;
  for (const auto& [status, count] : statuses_of(row))
    parts.push_back(row.points == 1 ? status : fmt::format("{} {}", count, status));
  return join(parts, ", ");
}

}  // namespace

std::string sweep_table(const config::Sweep& sweep, const std::vector<std::optional<EndedPoint>>& ended) {
  const std::vector<Row> rows = rows_of(sweep, ended);
  std::vector<std::vector<std::string>> cells(1);
  for (const config::SweepAxis& axis : sweep.axes) {
    if (axis.key != kSeed) cells[0].push_back(axis.key);
  }
  cells[0].push_back("STATUS");
  for (const Row& row : rows) {
    cells.push_back(row.values);
    cells.back().push_back(status_cell(row));
  }
  for (const Figure& figure : kFigures) {
    std::vector<std::optional<Spread>> column;
    for (const Row& row : rows) column.push_back(spread_of(row, figure.key));
    if (std::none_of(column.begin(), column.end(), [](const auto& each) { return each.has_value(); }))
      continue;
    cells[0].push_back(figure.head);
    for (std::size_t i = 0; i < rows.size(); ++i) cells[i + 1].push_back(cell(column[i], figure.unit));
  }
  return table(cells);
}

std::string sweep_json(const std::string& name, const std::string& folder, const config::Sweep& sweep,
                       const std::vector<std::optional<EndedPoint>>& ended) {
  const auto settings = [&](const std::vector<std::string>& values, bool with_seed) {
    Json json = Json::object();
    std::size_t at = 0;
    for (const config::SweepAxis& axis : sweep.axes) {
      if (with_seed || axis.key != kSeed) json[axis.key] = values[at++];
    }
    return json;
  };
  Json json = {{"sweep", name}, {"folder", folder}, {"points", Json::array()}, {"table", Json::array()}};
  for (std::size_t i = 0; i < ended.size(); ++i) {
    if (!ended[i]) continue;
    json["points"].push_back({{"settings", settings(sweep.points[i].values, true)},
                              {"folder", ended[i]->folder},
                              {"result", Json::parse(ended[i]->result)}});
  }
  for (const Row& row : rows_of(sweep, ended)) {
    Json each = {{"settings", settings(row.values, false)}, {"status", statuses_of(row)}};
    for (const Figure& figure : kFigures) {
      if (const auto spread = spread_of(row, figure.key))
        each[figure.key] = {{"median", spread->median}, {"min", spread->least}, {"max", spread->largest}};
    }
    json["table"].push_back(std::move(each));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string points_text(const config::Sweep& sweep) {
  std::string text;
  for (std::size_t i = 0; i < sweep.points.size(); ++i)
    text += fmt::format("{:>4}  {}\n", i + 1, config::settings_text(sweep, sweep.points[i]));
  return text;
}

}  // namespace wisp::cli
