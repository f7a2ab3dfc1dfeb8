#include "optim/rows.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::optim {
namespace {

using testing::HasSubstr;

TEST(Rows, say_which_algorithm_of_the_paper_they_are) {
  std::vector<std::string> names;
  for (const Method& row : synchronous_methods()) {
    names.push_back(row.name);
    EXPECT_THAT(row.source, HasSubstr("P2")) << row.name;
    EXPECT_TRUE(row.theory_step) << row.name;
  }
  EXPECT_THAT(names, testing::ElementsAre("gd", "ibcd", "isega", "sgd", "saga", "nesterov", "ibgd",
                                          "isaga-shared", "isaga", "isgd", "iasgd"));
}

// A method that goes by single rows keeps what it knows of them somewhere.
TEST(Rows, have_a_table_where_they_go_by_samples) {
  for (const Method& row : synchronous_methods()) {
    EXPECT_EQ(row.of_samples, row.table != Table::kNone) << row.name;
    EXPECT_EQ(row.shares_data, row.table == Table::kMaster) << row.name;
  }
}

}  // namespace
}  // namespace wisp::optim
