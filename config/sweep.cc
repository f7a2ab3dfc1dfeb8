#include "config/sweep.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "config/keys.h"
#include "config/overrides.h"
#include "config/resolve.h"

namespace wisp::config {
namespace {

// Read before any point is made, or of no meaning to one.
constexpr std::array<std::string_view, 6> kNotSwept = {"version", "name",    "include",
                                                       "vars",    "plugins", "sweep"};

bool can_be_swept(const std::string& key) {
  const std::string first = key.substr(0, key.find_first_of(".["));
  return !first.starts_with("x-") && std::find(kNotSwept.begin(), kNotSwept.end(), first) == kNotSwept.end();
}

bool has_doubles(const SweepAxis& axis, Mistakes& mistakes) {
  std::vector<std::string> seen;
  for (const Node& value : axis.values) {
    std::string text = flow_text(value);
    if (std::find(seen.begin(), seen.end(), text) != seen.end()) {
      mistakes.add(value.place, escape_text(text, 60) + " stands twice in the sweep of " + axis.key,
                   "each value makes a job of its own");
      return true;
    }
    seen.push_back(std::move(text));
  }
  return false;
}

// One key of `sweep`; whether it is an axis.
bool read_axis(const Node& root, Member& member, SweepAxis& axis, Mistakes& mistakes) {
  axis.key = member.key;
  axis.place = member.place;
  if (member.value.broken || member.value.is_null()) return false;
  if (!can_be_swept(axis.key)) {
    mistakes.add(axis.place, "'" + escape_text(axis.key, 60) + "' can't be swept",
                 "it is the same for all jobs of a file");
    return false;
  }
  if (!member.value.is_list() || member.value.items.empty()) {
    const std::string hint =
        member.value.is_scalar() ? "did you mean [ " + escape_text(member.value.text, 60) + " ]?" : "";
    mistakes.add(member.value.place, "sweep." + axis.key + " must be a list of values", hint);
    return false;
  }
  axis.values = std::move(member.value.items);
  if (std::any_of(axis.values.begin(), axis.values.end(), [](const Node& value) { return value.broken; }))
    return false;
  const Node* base = find_at(root, axis.key);
  const bool is_set =
      base != nullptr && base->place.source != nullptr && base->place.source->kind() == Source::Kind::kOption;
  if (is_set && axis.place.source->kind() == Source::Kind::kFile) {
    mistakes.add(base->place, "the sweep gives values to '" + axis.key + "'",
                 "write --set 'sweep.\"" + axis.key + "\"=[...]'");
    return false;
  }
  return !has_doubles(axis, mistakes);
}

// The jobs know which values are paths, and from where.
class Rewriter {
 public:
  explicit Rewriter(const std::vector<SweepPoint>& points) {
    for (const SweepPoint& point : points) {
      for (const Resolved& each : point.experiment.resolved) {
        if (each.key_type == KeyType::kPath) collect(each.value);
      }
    }
  }

  void rewrite(Node& node) const {
    for (const Node* known : known_) {
      const bool same = node.is_scalar() && known->place.source == node.place.source &&
                        known->place.line == node.place.line && known->place.column == node.place.column;
      if (same) node.text = known->text;
    }
    for (Node& item : node.items) rewrite(item);
    for (Member& member : node.members) rewrite(member.value);
  }

 private:
  void collect(const Node& node) {
    if (node.is_scalar() && node.place.source != nullptr) known_.push_back(&node);
    for (const Node& item : node.items) collect(item);
  }

  std::vector<const Node*> known_;
};

}  // namespace

std::vector<SweepAxis> take_axes(Node& root, Mistakes& mistakes) {
  std::vector<SweepAxis> axes;
  Node* found = root.find("sweep");
  if (found == nullptr) return axes;
  Node sweep = std::move(*found);
  erase(root, "sweep");
  if (sweep.is_null() || sweep.broken) return axes;
  if (!sweep.is_map()) {
    mistakes.add(sweep.place, "sweep must be a map from keys to lists of values",
                 "such as sweep: { seed: [ 1, 2, 3 ] }");
    return axes;
  }
  std::size_t points = 1;
  for (Member& member : sweep.members) {
    SweepAxis axis;
    if (!read_axis(root, member, axis, mistakes)) continue;
    points *= axis.values.size();
    if (points > kPointsMax) {
      mistakes.add(axis.place, "a sweep of more than " + std::to_string(kPointsMax) + " jobs",
                   "make several files of it");
      return {};
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

std::string Sweep::value(const SweepPoint& point, const std::string& key) const {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].key == key) return point.values[i];
  }
  return "";
}

std::vector<std::vector<Node>> products(const std::vector<SweepAxis>& axes) {
  std::vector<std::vector<Node>> all(1);
  for (const SweepAxis& axis : axes) {
    std::vector<std::vector<Node>> longer;
    for (const std::vector<Node>& begun : all) {
      for (const Node& value : axis.values) {
        longer.push_back(begun);
        longer.back().push_back(value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

std::string settings_text(const Sweep& sweep, const SweepPoint& point) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < sweep.axes.size(); ++i)
    parts.push_back(sweep.axes[i].key + "=" + point.values[i]);
  return join(parts, " ");
}

void make_paths_absolute(Sweep& sweep) {
  const Rewriter rewriter(sweep.points);
  for (SweepAxis& axis : sweep.axes) {
    for (Node& value : axis.values) rewriter.rewrite(value);
  }
}

}  // namespace wisp::config
