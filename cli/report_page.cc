#include "cli/report_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include <fmt/format.h>

namespace wisp::cli {
namespace {

constexpr std::size_t kPointsMost = 800;  // of a curve
constexpr double kSpreadOfLog = 30;       // bytes this far apart stand on a logarithmic axis

constexpr const char* kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>wisp report</title>
<style>
:root { color-scheme: light dark; --ink: #1a1a1a; --faint: #666; --grid: #ddd; --paper: #fff;
  --s0: #0060a8; --s1: #c44e00; --s2: #00795a; --s3: #a8387c;
  --s4: #8a6d00; --s5: #2b8cbe; --s6: #5a3fa0; --s7: #444; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --faint: #aaa; --grid: #3a3a3a; --paper: #161616;
  --s0: #6cb4f5; --s1: #ff9f5a; --s2: #4fd0a5; --s3: #f08cc4;
  --s4: #e3c54a; --s5: #9bd5f5; --s6: #b9a2ff; --s7: #ccc; } }
@media print { :root { --ink: #000; --faint: #333; --grid: #ccc; --paper: #fff;
  --s0: #0060a8; --s1: #c44e00; --s2: #00795a; --s3: #a8387c;
  --s4: #8a6d00; --s5: #2b8cbe; --s6: #5a3fa0; --s7: #444; }
  #tip, .dot, .cursor { display: none !important; } svg, tr { break-inside: avoid; } }
body { margin: 1.5rem auto; padding: 0 1rem; max-width: 1500px; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); gap: 1rem; }
svg { width: 100%; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg text.title { font-weight: 600; font-size: 13px; } svg text.mark { fill: var(--faint); font-size: 11px; }
.middle { text-anchor: middle; } .end { text-anchor: end; }
.grid { stroke: var(--grid); } .axis { stroke: var(--faint); }
.cursor { stroke: var(--faint); stroke-dasharray: 2 2; }
.curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); stroke-dasharray: 7 3; }
.s2 { stroke: var(--s2); stroke-dasharray: 2 2; } .s3 { stroke: var(--s3); stroke-dasharray: 8 3 2 3; }
.s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); stroke-dasharray: 7 3; }
.s6 { stroke: var(--s6); stroke-dasharray: 2 2; } .s7 { stroke: var(--s7); stroke-dasharray: 8 3 2 3; }
.dot { stroke-dasharray: none; fill: var(--paper); stroke-width: 2; }
ul.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; }
ul.legend svg { width: 34px; height: 10px; margin-right: .4rem; vertical-align: middle; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--grid); white-space: nowrap; }
.nothing { color: var(--faint); }
#tip { position: absolute; display: none; pointer-events: none; background: var(--paper); color: var(--ink);
  border: 1px solid var(--faint); border-radius: 3px; padding: .3rem .5rem; font-size: 13px; white-space: pre; }
</style>
</head>
<body>
<h1>wisp report</h1>
)";

constexpr const char* kScript = R"(<div id="tip"></div>
<script>
"use strict";
const charts = JSON.parse(document.getElementById("data").textContent);
const tip = document.getElementById("tip");

function share(axis, value) {
  return axis.log ? Math.log(value / axis.low) / Math.log(axis.high / axis.low)
                  : (value - axis.low) / (axis.high - axis.low);
}

function shape(svg, name, kind) {
  const made = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", name));
  made.setAttribute("class", kind);
  return made;
}

function number(value) {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) < 1e-3 ? value.toExponential(3) : value.toPrecision(4);
}

function watch(svg, chart) {
  const [left, top, right, bottom] = chart.box;
  const across = (x) => left + share(chart.x, x) * (right - left);
  const down = (y) => bottom - share(chart.y, y) * (bottom - top);
  const cursor = shape(svg, "line", "cursor");
  const dots = chart.series.map((each) => shape(svg, "circle", "curve dot s" + each.style));
  const shown = (on) => { for (const each of [cursor, ...dots]) each.style.display = on ? "" : "none"; };
  shown(false);
  svg.addEventListener("pointerleave", () => { shown(false); tip.style.display = "none"; });
  svg.addEventListener("pointermove", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const inside = at.x >= left && at.x <= right && at.y >= top && at.y <= bottom;
    shown(inside);
    tip.style.display = inside ? "block" : "none";
    if (!inside) return;
    cursor.setAttribute("x1", at.x); cursor.setAttribute("x2", at.x);
    cursor.setAttribute("y1", top); cursor.setAttribute("y2", bottom);
    const lines = [];
    chart.series.forEach((series, i) => {
      let best = null;
      for (const point of series.points) {
        if (best === null || Math.abs(across(point[0]) - at.x) < Math.abs(across(best[0]) - at.x)) best = point;
      }
      dots[i].style.display = best === null ? "none" : "";
      if (best === null) return;
      dots[i].setAttribute("cx", across(best[0])); dots[i].setAttribute("cy", down(best[1]));
      dots[i].setAttribute("r", 3.5);
      lines.push(number(best[1]) + " at " + number(best[0]) + "  " + series.name);
    });
    tip.textContent = lines.join("\n");
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = Math.max(0, Math.min(event.pageX + 14, room + window.scrollX)) + "px";
    tip.style.top = (event.pageY + 14) + "px";
  });
}

for (const svg of document.querySelectorAll("svg[data-chart]")) watch(svg, charts[Number(svg.dataset.chart)]);
</script>
</body>
</html>
)";

using Read = std::function<double(const CurvePoint&)>;

double gap_of(const CurvePoint& point) { return point.gap; }
double loss_of(const CurvePoint& point) { return point.loss; }

// All curves of one kind; `x_scale` is what the axis' unit is worth.
Chart convergence(const std::vector<JobCurves>& jobs, const std::string& what, const Read& y, const Read& x,
                  double x_scale) {
  Chart chart;
  chart.y_label = what;
  bool positive = true;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    Series series{jobs[i].label, i, {}};
    for (const CurvePoint& point : thinned(jobs[i].points, kPointsMost)) {
      series.points.emplace_back(x(point) / x_scale, y(point));
      positive = positive && (!std::isfinite(y(point)) || y(point) > 0);
    }
    chart.series.push_back(std::move(series));
  }
  chart.y_log = what == "gap" || positive;
  return chart;
}

double largest(const std::vector<JobCurves>& jobs, const Read& read) {
  double found = 0;
  for (const JobCurves& job : jobs) {
    for (const CurvePoint& point : job.points) found = std::max(found, read(point));  // a NaN is never larger
  }
  return found;
}

double last_of(const JobCurves& job, const Read& read) {
  return job.points.empty() ? kNotSaid : read(job.points.back());
}

bool wants_log(const std::vector<JobCurves>& jobs, const Read& read) {
  double least = 0;
  double most = 0;
  for (const JobCurves& job : jobs) {
    const double last = last_of(job, read);
    if (!(last > 0)) continue;
    least = least > 0 ? std::min(least, last) : last;
    most = std::max(most, last);
  }
  return least > 0 && most / least > kSpreadOfLog;
}

std::pair<double, std::string> bytes_unit(double most) {
  constexpr std::array<const char*, 5> kNames = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  double scale = 1;
  for (; most / scale >= 1000 && unit + 1 < kNames.size(); ++unit) scale *= 1000;
  return {scale, kNames[unit]};
}

void add_convergence(std::vector<Chart>& charts, const std::vector<JobCurves>& jobs, const std::string& what,
                     const Read& y) {
  const auto add = [&](const std::string& by, const std::string& x_label, const Read& x, double scale) {
    Chart chart = convergence(jobs, what, y, x, scale);
    chart.title = what + " by " + by;
    chart.x_label = x_label;
    chart.x_log = wants_log(jobs, x);
    charts.push_back(std::move(chart));
  };
  const Read total = [](const CurvePoint& point) { return point.total_bytes; };
  const Read up = [](const CurvePoint& point) { return point.uplink_bytes; };
  const auto [total_scale, total_unit] = bytes_unit(largest(jobs, total));
  const auto [up_scale, up_unit] = bytes_unit(largest(jobs, up));
  add(
      "rounds", "rounds", [](const CurvePoint& point) { return point.round; }, 1);
  add("bytes of workers", "bytes from workers to master (" + up_unit + ")", up, up_scale);
  add("bytes", "bytes both ways (" + total_unit + ")", total, total_scale);
  add(
      "seconds", "seconds, evaluation left out", [](const CurvePoint& point) { return point.seconds; }, 1);
}

// The outline of bars whose area is their share of all updates, so that wide classes don't look like more.
Series histogram(const JobCurves& job, std::size_t style) {
  Series series{job.label, style, {}};
  double all = 0;
  for (const StalenessClass& each : job.staleness) all += each.count;
  for (const StalenessClass& each : job.staleness) {
    const auto low = static_cast<double>(each.low);
    const double end = static_cast<double>(each.high) + 1;
    const double height = all > 0 ? each.count / all / (end - low) : 0;
    const bool has_gap = series.points.empty() || series.points.back().first < low;
    if (has_gap && !series.points.empty()) series.points.emplace_back(series.points.back().first, 0);
    if (has_gap) series.points.emplace_back(low, 0);
    series.points.emplace_back(low, height);
    series.points.emplace_back(end, height);
  }
  if (!series.points.empty()) series.points.emplace_back(series.points.back().first, 0);
  return series;
}

std::string legend(const std::vector<JobCurves>& jobs) {
  std::string html = "<ul class=\"legend\">\n";
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    html += fmt::format(
        "<li><svg viewBox=\"0 0 34 10\"><line class=\"curve s{}\" x1=\"0\" y1=\"5\" x2=\"34\" "
        "y2=\"5\"/></svg>"
        "{}</li>\n",
        i % kStyles, html_text(jobs[i].label));
  }
  return html + "</ul>\n";
}

// A row for each job, a column for each figure that any of them has.
std::string figures_table(const std::vector<JobCurves>& jobs) {
  std::vector<std::string> heads;
  for (const JobCurves& job : jobs) {
    for (const auto& [name, text] : job.figures) {
      if (std::find(heads.begin(), heads.end(), name) == heads.end()) heads.push_back(name);
    }
  }
  std::string html = "<h2>How they ended</h2>\n<div class=\"wide\"><table>\n<tr><th>job</th>";
  for (const std::string& head : heads) html += "<th>" + html_text(head) + "</th>";
  html += "<th>folder</th></tr>\n";
  for (const JobCurves& job : jobs) {
    html += "<tr><td>" + html_text(job.label) + "</td>";
    for (const std::string& head : heads) {
      const auto found = std::find_if(job.figures.begin(), job.figures.end(),
                                      [&](const auto& figure) { return figure.first == head; });
      html += "<td>" + (found == job.figures.end() ? "" : html_text(found->second)) + "</td>";
    }
    html += "<td>" + html_text(job.folder.string()) + "</td></tr>\n";
  }
  return html + "</table></div>\n";
}

}  // namespace

std::vector<Chart> charts_of(const std::vector<JobCurves>& jobs) {
  const auto has_gap = [](const JobCurves& job) { return std::isfinite(last_of(job, gap_of)); };
  std::vector<Chart> charts;
  if (std::any_of(jobs.begin(), jobs.end(), has_gap)) add_convergence(charts, jobs, "gap", gap_of);
  if (!std::all_of(jobs.begin(), jobs.end(), has_gap)) add_convergence(charts, jobs, "loss", loss_of);
  Chart staleness{
      "staleness", "updates applied between a worker's read and its own", "share of updates", false, false,
      {}};
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!jobs[i].staleness.empty()) staleness.series.push_back(histogram(jobs[i], i));
  }
  if (!staleness.series.empty()) charts.push_back(std::move(staleness));
  return charts;
}

std::string report_html(const std::vector<JobCurves>& jobs) {
  std::string html = kHead + legend(jobs) + "<div class=\"charts\">\n";
  std::string data;
  const std::vector<Chart> charts = charts_of(jobs);
  for (std::size_t i = 0; i < charts.size(); ++i) {
    html += chart_svg(charts[i], i);
    data += (i == 0 ? "" : ",\n") + chart_json(charts[i]);
  }
  std::string safe;  // a '<' could end the element that holds it
  for (const char c : data) safe += c == '<' ? "\\u003c" : std::string(1, c);
  html += "</div>\n" + figures_table(jobs);
  return html + "<script type=\"application/json\" id=\"data\">[" + safe + "]</script>\n" + kScript;
}

}  // namespace wisp::cli
