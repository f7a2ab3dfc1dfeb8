#include "sparse/partition.h"

#include <algorithm>

#include "base/check.h"

namespace wisp::sparse {

Partition::Partition(std::uint32_t dim, std::uint32_t blocks)
    : dim_(dim),
      count_(std::clamp(blocks, 1U, std::max(dim, 1U))),
      small_(dim / count_),
      larger_(dim % count_) {
  WISP_CHECK(dim > 0, "a partition needs at least one coordinate");
}

}  // namespace wisp::sparse
