#include "problems/columns.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace wisp::problems {
namespace {

constexpr std::size_t kBlockRows = 65536;    // their factors take half a megabyte
constexpr std::size_t kColumnSize = 8;       // a block has so many entries a column in the mean, if there are
constexpr std::uint32_t kSorted = 4096;      // neighbours that are sorted by size
constexpr std::size_t kGroup = 8;            // sums side by side: an addition takes three or four cycles
constexpr std::size_t kNnzMin = 4096;        // less is quick anyhow
constexpr std::size_t kNnzSmall = 1U << 22;  // in float, a copy of 40 MB
constexpr std::size_t kNearSums = 16 * 1024;  // sums that fit beside everything else
constexpr std::size_t kNearRows = 65536;      // the same of factors
constexpr std::size_t kAhead = 64;  // entries between the one used and the one whose factor is asked for
constexpr std::size_t kStreamAhead = 256;  // the same for the entries themselves

std::size_t rows_of_block(std::size_t count, std::size_t nnz, std::uint32_t dim) {
  std::size_t rows = kBlockRows;
  const double wanted = static_cast<double>(kColumnSize) * dim;
  while (rows < count &&
         static_cast<double>(nnz) * static_cast<double>(rows) < wanted * static_cast<double>(count)) {
    rows *= 2;
  }
  return rows;
}

}  // namespace

template <class T>
bool Columns<T>::pay(std::size_t nnz, std::uint32_t dim, bool ones) {
  return nnz >= kNnzMin && (ones || dim > kNearSums || (sizeof(T) == sizeof(float) && nnz <= kNnzSmall));
}

template <class T>
Columns<T>::Columns(const Rows<T>& rows, std::uint32_t dim, bool ones, std::size_t rows_max) : ones_(ones) {
  const std::size_t count = rows.count();
  const std::size_t step = rows_max != 0 ? rows_max : rows_of_block(count, rows.nnz(), dim);
  for (std::size_t begin = 0; begin < count; begin += step)
    append(rows, dim, begin, std::min(begin + step, count));
}

template <class T>
void Columns<T>::append(const Rows<T>& rows, std::uint32_t dim, std::size_t begin, std::size_t end) {
  const auto larger = [](const Column& a, const Column& b) { return a.size > b.size; };
  Block block{begin, end, {}, {}, {}};
  std::vector<std::uint32_t> size(dim, 0);
  const std::size_t first = rows.start[begin];
  const std::size_t nnz = rows.start[end] - first;
  for (std::size_t i = first; i < first + nnz; ++i) ++size[rows.index[i]];
  for (std::uint32_t low = 0; low < dim; low += std::min(kSorted, dim - low)) {
    const std::size_t before = block.columns.size();
    for (std::uint32_t c = low; c < low + std::min(kSorted, dim - low); ++c) {
      if (size[c] > 0) block.columns.push_back({c, size[c]});
    }
    std::stable_sort(block.columns.begin() + static_cast<std::ptrdiff_t>(before), block.columns.end(),
                     larger);
  }
  // Whole groups: empty columns fill the last one. They name its first column, which is written after them.
  while (block.columns.size() % kGroup != 0) {
    block.columns.push_back({block.columns[block.columns.size() / kGroup * kGroup].number, 0});
  }
  block.columns.shrink_to_fit();

  struct Place {
    std::size_t column;  // among block.columns
    std::size_t group;   // where the entries of its group begin
    std::uint32_t used = 0;
  };
  std::vector<Place> places(dim);
  std::size_t used = 0;
  for (std::size_t at = 0; at < block.columns.size(); at += kGroup) {
    const std::span group = std::span(block.columns).subspan(at, kGroup);
    std::sort(group.begin(), group.end(), larger);  // of two stretches, some
    const std::size_t begins = used;
    for (std::size_t lane = 0; lane < kGroup && group[lane].size > 0; ++lane) {
      places[group[lane].number] = {at + lane, begins};
      used += group[lane].size;
    }
  }
  const auto next = [&](std::uint32_t column) {
    Place& place = places[column];
    const std::uint32_t i = place.used++;
    const std::size_t lane = place.column % kGroup;
    std::size_t at = place.group + lane;
    for (const Column& each : std::span(block.columns).subspan(place.column - lane, kGroup)) {
      at += std::min(each.size, i);
    }
    return at;
  };

  block.row.resize(nnz + kAhead + kGroup);
  if (!ones_) block.value.resize(nnz);
  for (std::size_t row = begin; row < end; ++row) {
    for (std::size_t i = rows.start[row]; i < rows.start[row + 1]; ++i) {
      const std::size_t place = next(rows.index[i]);
      block.row[place] = static_cast<std::uint32_t>(row - begin);
      if (!ones_) block.value[place] = rows.value[i];
    }
  }
  blocks_.push_back(std::move(block));
}

template <class T>
void Columns<T>::add(std::size_t block, std::span<const double> factor, std::span<double> sum) const {
  const Block& from = blocks_[block];
  WISP_CHECK(factor.size() >= from.end - from.begin, "a block has more rows than factors");
  const bool far = from.end - from.begin > kNearRows;
  if (ones_) {
    far ? add_block<true, true>(from, factor.data(), sum.data())
        : add_block<true, false>(from, factor.data(), sum.data());
  } else {
    far ? add_block<false, true>(from, factor.data(), sum.data())
        : add_block<false, false>(from, factor.data(), sum.data());
  }
}

template <class T>
template <bool kOnes, bool kFar>
void Columns<T>::add_block(const Block& block, const double* factor, double* sum) const {
  const std::uint32_t* row = block.row.data();
  const T* value = block.value.data();
  const auto term = [&](std::size_t i) {
    return kOnes ? factor[row[i]] : factor[row[i]] * static_cast<double>(value[i]);
  };
  for (std::size_t at = 0; at < block.columns.size(); at += kGroup) {
    const Column* const column = block.columns.data() + at;
    double sums[kGroup];
    for (std::size_t i = 0; i < kGroup; ++i) sums[i] = sum[column[i].number];
    std::uint32_t used = 0;
    const auto add_up_to = [&]<std::size_t... kLane>(std::uint32_t size, std::index_sequence<kLane...>) {
      for (; used < size; ++used) {
        if constexpr (sizeof...(kLane) == kGroup) {
          __builtin_prefetch(row + kStreamAhead);
          if constexpr (!kOnes) __builtin_prefetch(value + kStreamAhead);
          if constexpr (kFar) (__builtin_prefetch(factor + row[kAhead + kLane]), ...);
        }
        ((sums[kLane] += term(kLane)), ...);
        row += sizeof...(kLane);
        if constexpr (!kOnes) value += sizeof...(kLane);
      }
    };
    // All eight as long as the smallest has entries, then seven, and so on.
    [&]<std::size_t... kStep>(std::index_sequence<kStep...>) {
      (add_up_to(column[kGroup - 1 - kStep].size, std::make_index_sequence<kGroup - kStep>()), ...);
    }
    (std::make_index_sequence<kGroup>());
    for (std::size_t i = kGroup; i-- > 0;) sum[column[i].number] = sums[i];
  }
}

template class Columns<float>;
template class Columns<double>;

}  // namespace wisp::problems
