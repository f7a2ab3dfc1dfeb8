#include "optim/sample_table.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::optim {
namespace {

TEST(SampleTable, is_zero_at_first_and_keeps_what_is_put_in) {
  SampleTable<double> table(3);
  table.hold(2);
  EXPECT_EQ(table.samples(), 2u);
  EXPECT_EQ(table.alpha(1)[2], 0);
  table.alpha(1)[2] = 5;
  table.mean()[0] = 7;
  table.hold(2);
  Packer packer;
  table.save(packer);
  Unpacker unpacker(packer.finish());
  SampleTable<double> other(3);
  other.restore(unpacker);
  EXPECT_EQ(other.alpha(1)[2], 5);
  EXPECT_EQ(other.mean()[0], 7);
  EXPECT_THROW(other.hold(3), Error);
}

TEST(SampleTable, refuses_what_is_of_another_dimension) {
  SampleTable<double> table(3);
  table.hold(2);
  Packer packer;
  table.save(packer);
  Unpacker unpacker(packer.finish());
  SampleTable<double> other(2);
  EXPECT_THROW(other.restore(unpacker), DecodeError);
  EXPECT_EQ(other.mean().size(), 2u);
}

}  // namespace
}  // namespace wisp::optim
