#include "cli/report_chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;

// Of the drawing, in its own units.
constexpr double kWidth = 480;
constexpr double kHeight = 320;
constexpr double kLeft = 66;
constexpr double kRight = 468;
constexpr double kTop = 30;
constexpr double kBottom = 272;
constexpr int kMarksWanted = 5;
constexpr int kDecadesMost = 7;  // with a mark each
constexpr std::size_t kTextMax = 400;

bool can_be_shown(double value, bool log) { return std::isfinite(value) && (!log || value > 0); }

std::vector<double> nice_marks(double low, double high) {
  const double rough = (high - low) / kMarksWanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double times = rough / power;
  const double step = power * (times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10);
  std::vector<double> marks;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high * (1 + 1e-9); ++i) marks.push_back(i * step);
  return marks;
}

std::vector<double> decades(double low, double high) {
  const int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9));
  const int last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
  const int stride = 1 + (last - first) / kDecadesMost;
  std::vector<double> marks;
  for (int i = first; i <= last; ++i) {
    if ((i - first) % stride == 0) marks.push_back(std::pow(10, i));
  }
  return marks.size() < 2 ? nice_marks(low, high) : marks;
}

struct Axes {
  Axis x;
  Axis y;
};

std::optional<Axes> axes_of(const Chart& chart) {
  std::vector<double> xs;
  std::vector<double> ys;
  for (const Series& series : chart.series) {
    for (const auto& [x, y] : series.points) {
      if (!can_be_shown(x, chart.x_log) || !can_be_shown(y, chart.y_log)) continue;
      xs.push_back(x);
      ys.push_back(y);
    }
  }
  auto x = axis_of(xs, chart.x_log);
  auto y = axis_of(ys, chart.y_log);
  if (!x || !y) return std::nullopt;
  return Axes{std::move(*x), std::move(*y)};
}

double across(const Axis& x, double value) { return kLeft + x.share(value) * (kRight - kLeft); }
double down(const Axis& y, double value) { return kBottom - y.share(value) * (kBottom - kTop); }

std::string line(double x1, double y1, double x2, double y2, const char* kind) {
  return fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", kind, x1,
                     y1, x2, y2);
}

std::string text(double x, double y, const char* kind, const std::string& what, const char* more = "") {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>", kind, x, y, more,
                     html_text(what));
}

std::string grid(const Axes& axes) {
  std::string svg;
  for (const auto& [value, name] : axes.x.ticks) {
    const double x = across(axes.x, value);
    svg += line(x, kTop, x, kBottom, "grid") + text(x, kBottom + 16, "mark middle", name);
  }
  for (const auto& [value, name] : axes.y.ticks) {
    const double y = down(axes.y, value);
    svg += line(kLeft, y, kRight, y, "grid") + text(kLeft - 6, y + 4, "mark end", name);
  }
  return svg + line(kLeft, kBottom, kRight, kBottom, "axis") + line(kLeft, kTop, kLeft, kBottom, "axis");
}

std::string curve(const Chart& chart, const Series& series, const Axes& axes) {
  std::string path;
  bool is_open = false;
  for (const auto& [x, y] : series.points) {
    const bool shown = can_be_shown(x, chart.x_log) && can_be_shown(y, chart.y_log);
    if (shown)
      path += fmt::format("{}{:.1f} {:.1f}", is_open ? "L" : "M", across(axes.x, x), down(axes.y, y));
    is_open = shown;
  }
  return fmt::format("<path class=\"curve s{}\" d=\"{}\"><title>{}</title></path>", series.style % kStyles,
                     path, html_text(series.name));
}

Json json_of(const Axis& axis) { return {{"log", axis.log}, {"low", axis.low}, {"high", axis.high}}; }

}  // namespace

double Axis::share(double value) const {
  if (log) return std::log(value / low) / std::log(high / low);
  return (value - low) / (high - low);
}

std::optional<Axis> axis_of(const std::vector<double>& values, bool log) {
  Axis axis;
  axis.log = log;
  bool any = false;
  for (const double value : values) {
    if (!can_be_shown(value, log)) continue;
    axis.low = any ? std::min(axis.low, value) : value;
    axis.high = any ? std::max(axis.high, value) : value;
    any = true;
  }
  if (!any) return std::nullopt;
  const double close = 1e-9 * std::max(std::abs(axis.low), std::abs(axis.high));
  if (log) {
    if (axis.high - axis.low <= close) axis.low /= 2, axis.high *= 2;
  } else {
    if (axis.low > 0 && axis.low < axis.high / 2) axis.low = 0;
    if (axis.high - axis.low <= close) axis.low -= axis.low == 0 ? 1 : std::abs(axis.low) / 2, axis.high += 1;
  }
  for (const double mark : log ? decades(axis.low, axis.high) : nice_marks(axis.low, axis.high))
    axis.ticks.emplace_back(mark, tick_text(mark));
  return axis;
}

std::string tick_text(double value) {
  const double size = std::abs(value);
  if (size < 1e-300) return "0";
  if (size >= 1e4 || size < 1e-3) {
    const int exponent = static_cast<int>(std::floor(std::log10(size) + 1e-9));
    const double digits = value / std::pow(10, exponent);
    return fmt::format("{:.3g}e{}", digits, exponent);
  }
  return fmt::format("{:.4g}", value);
}

std::string html_text(const std::string& text) {
  std::string out;
  for (const char c : escape_text(text, kTextMax)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string chart_svg(const Chart& chart, std::size_t index) {
  const auto axes = axes_of(chart);
  if (!axes) return "<p class=\"nothing\">" + html_text(chart.title) + ": nothing was measured</p>\n";
  std::string svg =
      fmt::format("<svg data-chart=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", index,
                  kWidth, kHeight, html_text(chart.title));
  svg += text((kLeft + kRight) / 2, 18, "title middle", chart.title);
  svg += grid(*axes);
  svg += text((kLeft + kRight) / 2, kHeight - 10, "label middle", chart.x_label);
  const double middle = (kTop + kBottom) / 2;
  svg += text(14, middle, "label middle", chart.y_label,
              fmt::format(" transform=\"rotate(-90 14 {:.1f})\"", middle).c_str());
  for (const Series& series : chart.series) svg += curve(chart, series, *axes) + "\n";
  return svg + "</svg>\n";
}

std::string chart_json(const Chart& chart) {
  const auto axes = axes_of(chart);
  if (!axes) return "null";
  Json json = {{"x", json_of(axes->x)},
               {"y", json_of(axes->y)},
               {"xlabel", chart.x_label},
               {"box", {kLeft, kTop, kRight, kBottom}},
               {"series", Json::array()}};
  for (const Series& series : chart.series) {
    Json points = Json::array();
    for (const auto& [x, y] : series.points) {
      if (can_be_shown(x, chart.x_log) && can_be_shown(y, chart.y_log)) points.push_back({x, y});
    }
    json["series"].push_back({{"name", escape_text(series.name, kTextMax)},
                              {"style", series.style % kStyles},
                              {"points", points}});
  }
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace wisp::cli
