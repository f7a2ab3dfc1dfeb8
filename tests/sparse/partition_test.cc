#include "sparse/partition.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace wisp::sparse {
namespace {

TEST(Partition, covers_every_coordinate_once_in_order) {
  for (std::uint32_t dim = 1; dim <= 40; ++dim) {
    for (std::uint32_t blocks = 0; blocks <= 45; ++blocks) {
      const Partition partition(dim, blocks);
      std::uint32_t next = 0;
      for (std::uint32_t b = 0; b < partition.count(); ++b) {
        ASSERT_EQ(partition.offset(b), next) << dim << " " << blocks << " " << b;
        next += partition.size(b);
      }
      ASSERT_EQ(next, dim);
      ASSERT_EQ(partition.offset(partition.count()), dim);
    }
  }
}

TEST(Partition, sizes_differ_by_at_most_one_and_the_larger_come_first) {
  for (std::uint32_t dim = 1; dim <= 40; ++dim) {
    for (std::uint32_t blocks = 1; blocks <= dim; ++blocks) {
      const Partition partition(dim, blocks);
      ASSERT_EQ(partition.count(), blocks);
      for (std::uint32_t b = 1; b < blocks; ++b) ASSERT_GE(partition.size(b - 1), partition.size(b));
      ASSERT_LE(partition.size(0) - partition.size(blocks - 1), 1U);
    }
  }
}

TEST(Partition, has_no_more_blocks_than_coordinates) {
  EXPECT_EQ(Partition(3, 10).count(), 3U);
  EXPECT_EQ(Partition(1, 10).count(), 1U);
  EXPECT_EQ(Partition(7, 0).count(), 1U);
}

TEST(Partition, holds_at_the_largest_dimension) {
  const Partition partition(0xffffffffU, 10);
  EXPECT_EQ(partition.offset(10), 0xffffffffU);
  EXPECT_EQ(partition.size(0), 429496730U);
  EXPECT_EQ(partition.size(9), 429496729U);
}

TEST(PartitionDeathTest, refuses_an_empty_space) { EXPECT_DEATH(Partition(0, 3), "at least one coordinate"); }

}  // namespace
}  // namespace wisp::sparse
