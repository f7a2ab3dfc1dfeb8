#pragma once
// Partition: the coordinates 0 .. dim-1 cut into consecutive blocks, as equal as possible.
#include <cstdint>

namespace wisp::sparse {

// P2 section 2: R^d is split into m blocks u_1 .. u_m. The sizes differ by at most 1, the larger ones come
// first. A value: where a block lies follows from (dim, count) alone, so a block travels as its number.
class Partition {
 public:
  // `dim` > 0. As no block is empty, more `blocks` than coordinates are as many as there are coordinates; 0
  // is 1.
  Partition(std::uint32_t dim, std::uint32_t blocks);

  std::uint32_t dim() const { return dim_; }
  std::uint32_t count() const { return count_; }  // m
  // The first coordinate of block `index`; offset(count()) is dim().
  std::uint32_t offset(std::uint32_t index) const {
    return index * small_ + (index < larger_ ? index : larger_);
  }
  std::uint32_t size(std::uint32_t index) const { return small_ + (index < larger_ ? 1U : 0U); }

 private:
  std::uint32_t dim_;
  std::uint32_t count_;
  std::uint32_t small_;   // size of the smaller blocks
  std::uint32_t larger_;  // number of blocks that have one more
};

}  // namespace wisp::sparse
