#include "optim/state.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::optim {
namespace {

using testing::ElementsAre;

TEST(UpdateSum, adds_the_same_block_from_several_workers) {
  UpdateSum<double> sum(4, 2);
  const sparse::Partition partition(4, 2);
  sum.add(sparse::Vector<double>::restricted(std::vector<double>{1, 2, 3, 4}, partition, {1}));
  sum.add(sparse::Vector<double>::restricted(std::vector<double>{5, 6, 7, 8}, partition, {1}));
  EXPECT_THAT(sum.whole(), ElementsAre(0, 0, 10, 12));
  sum.clear();
  EXPECT_TRUE(sum.empty());
}

TEST(UpdateSumDeathTest, takes_one_update_a_worker) {
  UpdateSum<double> sum(1, 1);
  EXPECT_DEATH(static_cast<void>(sum.whole()), "before every worker's update");
  sum.add(sparse::Vector<double>::all({1}));
  EXPECT_DEATH(sum.add(sparse::Vector<double>::all({1})), "more updates than workers");
}

TEST(RestoreState, keeps_what_was_there_when_it_refuses) {
  Packer packer;
  pack(packer, std::vector<double>{1, 2, 3});
  Unpacker unpacker(packer.finish());
  std::vector<double> state{7, 8};
  EXPECT_THROW(restore_state(unpacker, state), DecodeError);
  EXPECT_THAT(state, ElementsAre(7, 8));
}

}  // namespace
}  // namespace wisp::optim
