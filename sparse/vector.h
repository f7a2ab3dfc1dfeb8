#pragma once
// Vector: the part of an update that travels, as numbers of blocks or indices and their values.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sparse/draw.h"
#include "sparse/partition.h"
#include "sparse/unaligned.h"
#include "sparse/value_codec.h"

namespace wisp::sparse {

// Which coordinates the values belong to.
enum class Support : std::uint8_t {
  kAll,      // all of them, in order
  kBlocks,   // those of the blocks in `numbers`, block after block; the partition is Partition(dim, blocks)
  kIndices,  // those in `numbers`
};

// Calls run(offset, used, size) for each stretch of neighbouring coordinates that `numbers` name, in
// increasing order: its first coordinate, the values before it and those in it. As Vector has them.
template <class Numbers, class Run>
void for_each_stretch(std::uint32_t dim, Support support, std::uint32_t blocks, const Numbers& numbers,
                      Run&& run);

// What a vector says, wherever its numbers and values lie. Well-formed, as Vector::check() has it. Whoever
// owns the memory keeps it. T is float or double.
template <class T>
struct VectorView {
  std::uint32_t dim = 0;
  Support support = Support::kAll;
  std::uint32_t blocks = 0;
  Unaligned<std::uint32_t> numbers;
  Unaligned<T> values;

  // The coordinate of the first value that is NaN or infinite, if there is one.
  std::optional<std::uint32_t> first_non_finite() const;
  // y += scale * this. y.size() == dim.
  void add_to(std::span<T> y, T scale) const;
  std::size_t nnz() const { return values.size(); }
  // Calls visit(coordinate, value) in increasing order of coordinates.
  template <class Visit>
  void for_each(Visit&& visit) const;
};

// Values in another form than T.
struct CodedValues {
  ValueCodec codec = ValueCodec::kFloat64;
  std::vector<std::byte> bytes;
};

// A vector of R^dim that is zero outside its support (P2: x_U). How it travels: encoded.h. T is float or
// double.
template <class T>
struct Vector {
  std::uint32_t dim = 0;
  Support support = Support::kAll;
  std::uint32_t blocks = 0;            // m, for kBlocks
  std::vector<std::uint32_t> numbers;  // strictly increasing; empty for kAll
  std::vector<T> values;
  // How it may travel, where that is not as T and by `numbers`. What `values` are the decoded form of, if
  // they were rounded, and how `numbers` were drawn, if at random whatever the values are.
  std::optional<CodedValues> coded;
  std::optional<Drawn> drawn;

  Vector() = default;
  // All of R^d, d = values.size().
  static Vector all(std::vector<T> values);
  // `dense` restricted to blocks: (dense)_U. `numbers` strictly increasing, below partition.count().
  static Vector restricted(std::span<const T> dense, const Partition& partition,
                           std::vector<std::uint32_t> numbers);

  // `dense` at `indices`, which increase strictly and are below dense.size().
  static Vector at(std::span<const T> dense, std::vector<std::uint32_t> indices);

  // Throws DecodeError that says what is wrong unless this is a well-formed vector of R^expected_dim: right
  // sizes, numbers strictly increasing and in range. Values may be anything. O(numbers).
  void check(std::uint32_t expected_dim) const;

  VectorView<T> view() const { return {dim, support, blocks, numbers, values}; }
  operator VectorView<T>() const { return view(); }
  std::optional<std::uint32_t> first_non_finite() const { return view().first_non_finite(); }
  // y += scale * this. y.size() == dim.
  void add_to(std::span<T> y, T scale) const { view().add_to(y, scale); }

  std::size_t nnz() const { return values.size(); }

  // Calls run(offset, std::span<const T>) for each stretch of neighbouring coordinates that travels, in
  // increasing order.
  template <class Run>
  void for_each_run(Run&& run) const;
  // Calls visit(coordinate, value) in increasing order of coordinates.
  template <class Visit>
  void for_each(Visit&& visit) const {
    view().for_each(visit);
  }

  // The same vector, however it may travel.
  bool operator==(const Vector& other) const {
    return dim == other.dim && support == other.support && blocks == other.blocks &&
           numbers == other.numbers && values == other.values;
  }
};

template <class Numbers, class Run>
void for_each_stretch(std::uint32_t dim, Support support, std::uint32_t blocks, const Numbers& numbers,
                      Run&& run) {
  if (support == Support::kAll) {
    run(std::uint32_t{0}, std::size_t{0}, std::size_t{dim});
    return;
  }
  if (support == Support::kIndices) {
    for (std::size_t i = 0; i < numbers.size(); ++i) run(numbers[i], i, std::size_t{1});
    return;
  }
  const Partition partition(dim, blocks);
  std::size_t used = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t size = partition.size(numbers[i]);
    run(partition.offset(numbers[i]), used, size);
    used += size;
  }
}

template <class T>
template <class Run>
void Vector<T>::for_each_run(Run&& run) const {
  const std::span<const T> all_values(values);
  for_each_stretch(dim, support, blocks, numbers,
                   [&](std::uint32_t offset, std::size_t used, std::size_t size) {
                     run(offset, all_values.subspan(used, size));
                   });
}

template <class T>
template <class Visit>
void VectorView<T>::for_each(Visit&& visit) const {
  for_each_stretch(dim, support, blocks, numbers,
                   [&](std::uint32_t offset, std::size_t used, std::size_t size) {
                     for (std::size_t i = 0; i < size; ++i) {
                       visit(offset + static_cast<std::uint32_t>(i), values[used + i]);
                     }
                   });
}

extern template struct VectorView<float>;
extern template struct VectorView<double>;
extern template struct Vector<float>;
extern template struct Vector<double>;

}  // namespace wisp::sparse
