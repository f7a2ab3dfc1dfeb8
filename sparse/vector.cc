#include "sparse/vector.h"

#include <cmath>
#include <string>

#include "base/check.h"
#include "base/pack.h"
#include "sparse/scatter.h"

namespace wisp::sparse {
namespace {

[[noreturn]] void malformed(const std::string& what) { throw DecodeError("sparse vector: " + what); }

// Strictly increasing and below `limit`.
void check_numbers(std::span<const std::uint32_t> numbers, std::uint32_t limit, const char* name) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] >= limit) {
      malformed(std::string(name) + " " + std::to_string(numbers[i]) + " is not below " +
                std::to_string(limit));
    }
    if (i > 0 && numbers[i] <= numbers[i - 1]) {
      malformed(std::string(name) + " " + std::to_string(numbers[i]) + " follows " +
                std::to_string(numbers[i - 1]) + "; they must increase strictly");
    }
  }
}

// In stretches of one length, which become vectors: where a difference of equals is not 0, they are not
// finite.
template <class T>
bool all_finite(Unaligned<T> values) {
  constexpr std::size_t kStretch = 64;
  unsigned wrong = 0;
  std::size_t i = 0;
  for (; i + kStretch <= values.size(); i += kStretch) {
    for (std::size_t j = i; j < i + kStretch; ++j) wrong |= values[j] - values[j] == 0 ? 0U : 1U;
  }
  for (; i < values.size(); ++i) wrong |= std::isfinite(values[i]) ? 0U : 1U;
  return wrong == 0;
}

}  // namespace

template <class T>
Vector<T> Vector<T>::all(std::vector<T> values) {
  Vector vector;
  vector.dim = static_cast<std::uint32_t>(values.size());
  vector.values = std::move(values);
  return vector;
}

template <class T>
Vector<T> Vector<T>::restricted(std::span<const T> dense, const Partition& partition,
                                std::vector<std::uint32_t> numbers) {
  WISP_CHECK(dense.size() == partition.dim(), "the dense vector has another dimension than the partition");
  Vector vector;
  vector.dim = partition.dim();
  vector.support = Support::kBlocks;
  vector.blocks = partition.count();
  vector.numbers = std::move(numbers);
  vector.values.reserve(vector.numbers.size() * partition.size(0));
  for (const std::uint32_t number : vector.numbers) {
    const auto block = dense.subspan(partition.offset(number), partition.size(number));
    vector.values.insert(vector.values.end(), block.begin(), block.end());
  }
  return vector;
}

template <class T>
Vector<T> Vector<T>::at(std::span<const T> dense, std::vector<std::uint32_t> indices) {
  Vector vector;
  vector.dim = static_cast<std::uint32_t>(dense.size());
  vector.support = Support::kIndices;
  vector.values.reserve(indices.size());
  for (const std::uint32_t index : indices) vector.values.push_back(dense[index]);
  vector.numbers = std::move(indices);
  return vector;
}

template <class T>
void Vector<T>::check(std::uint32_t expected_dim) const {
  if (dim != expected_dim || dim == 0) {
    malformed("dimension " + std::to_string(dim) + ", expected " + std::to_string(expected_dim));
  }
  std::size_t expected_values = 0;
  switch (support) {
    case Support::kAll:
      if (!numbers.empty()) malformed("it has all coordinates and a list of them");
      expected_values = dim;
      break;
    case Support::kBlocks: {
      if (blocks == 0 || blocks > dim) {
        malformed(std::to_string(blocks) + " blocks of " + std::to_string(dim) + " coordinates");
      }
      check_numbers(numbers, blocks, "block");
      const Partition partition(dim, blocks);
      for (const std::uint32_t number : numbers) expected_values += partition.size(number);
      break;
    }
    case Support::kIndices:
      check_numbers(numbers, dim, "index");
      expected_values = numbers.size();
      break;
    default:
      malformed("unknown kind of support " + std::to_string(static_cast<unsigned>(support)));
  }
  if (values.size() != expected_values) {
    malformed(std::to_string(values.size()) + " values, expected " + std::to_string(expected_values));
  }
}

template <class T>
std::optional<std::uint32_t> VectorView<T>::first_non_finite() const {
  if (all_finite(values)) return {};
  std::optional<std::uint32_t> found;
  for_each_stretch(dim, support, blocks, numbers,
                   [&](std::uint32_t offset, std::size_t used, std::size_t size) {
                     for (std::size_t i = 0; i < size && !found; ++i) {
                       if (!std::isfinite(values[used + i])) found = offset + static_cast<std::uint32_t>(i);
                     }
                   });
  return found;
}

template <class T>
void VectorView<T>::add_to(std::span<T> y, T scale) const {
  WISP_CHECK(y.size() == dim, "a vector is added to one of another dimension");
  if (support == Support::kIndices) {
    scatter_add<T>(y, numbers, values, scale);
    return;
  }
  const Instructions instructions = best_instructions();
  for_each_stretch(dim, support, blocks, numbers,
                   [&](std::uint32_t offset, std::size_t used, std::size_t size) {
                     dense_add(y.subspan(offset, size), values.subspan(used, size), scale, instructions);
                   });
}

template struct VectorView<float>;
template struct VectorView<double>;
template struct Vector<float>;
template struct Vector<double>;

}  // namespace wisp::sparse
