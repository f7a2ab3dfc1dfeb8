#include "problems/source.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"

namespace wisp::problems {

void DataInfo::count_row(double label) {
  whole_labels = whole_labels && label == std::floor(label);
  if (rows++ == 0) {
    distinct_labels = 1;
    label_low = label_high = label;
    return;
  }
  if (label == label_low || label == label_high) return;
  if (distinct_labels < 3) ++distinct_labels;
  label_low = std::min(label_low, label);
  label_high = std::max(label_high, label);
}

std::uint32_t DataInfo::class_of(double label) const {
  if (distinct_labels == 2) return label > 0 ? 1 : 0;
  const double number = label - label_low;
  if (number >= 0 && number < classes() && number == std::floor(number)) {
    return static_cast<std::uint32_t>(number);
  }
  throw Error(fmt::format("a row has label {:g}, which is no class: those are {:g} to {:g}", label, label_low,
                          label_high),
              Fault::kConfig);
}

}  // namespace wisp::problems
