#pragma once
// One chart of a report: curves over two axes, as SVG, and as the data that a pointer over it asks for.
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wisp::cli {

struct Series {
  std::string name;
  std::size_t style = 0;  // colour and dashes; the same job has the same one in every chart
  std::vector<std::pair<double, double>> points;
};

struct Chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool x_log = false;
  bool y_log = false;
  std::vector<Series> series;
};

// A scale, and where its marks stand.
struct Axis {
  bool log = false;
  double low = 0;
  double high = 1;
  std::vector<std::pair<double, std::string>> ticks;

  // 0 at `low`, 1 at `high`.
  double share(double value) const;
};

// From the least to the largest of the values, a little more where they are few; what a logarithm can't show
// and what is not finite is left out. Nothing if no value is left.
std::optional<Axis> axis_of(const std::vector<double>& values, bool log);

// <svg data-chart="index">, with title, axes, marks, grid, labels and one <path class="curve"> a series. A
// chart without any point is a <p> that says so. All names are escaped.
std::string chart_svg(const Chart& chart, std::size_t index);

// {"x": {...}, "y": {...}, "box": [...], "series": [...]}: what chart_svg() drew; null for a chart without
// points.
std::string chart_json(const Chart& chart);

// As text within HTML, also in an attribute. Bytes that are no UTF-8 come out as escapes.
std::string html_text(const std::string& text);

// "1.2 k", "3e-07": short, for marks.
std::string tick_text(double value);

inline constexpr std::size_t kStyles = 8;

}  // namespace wisp::cli
