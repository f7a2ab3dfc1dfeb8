#include "sparse/spec.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "sparse/sparsifier.h"

namespace wisp::sparse {
namespace {

using testing::HasSubstr;

std::string complaint(const SparsifierSpec& spec) {
  try {
    spec.check(Catalog());
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
    return error.what();
  }
  return "";
}

TEST(SparsifierSpec, accepts_what_there_is) {
  EXPECT_EQ(complaint({}), "");
  EXPECT_EQ(complaint({.kind = "random-blocks"}), "");
  EXPECT_EQ(complaint({.kind = "random-blocks", .density = 1, .blocks = 7}), "");
  EXPECT_EQ(complaint({.kind = "identity", .density = 1}), "");
}

TEST(SparsifierSpec, refuses_the_rest) {
  EXPECT_THAT(complaint({.kind = "top"}),
              HasSubstr("unknown sparsifier 'top' (identity | random-blocks | all-or-nothing | bernoulli"));
  EXPECT_THAT(complaint({.kind = "random-blocks", .density = 1.5}), HasSubstr("not in (0, 1]"));
  EXPECT_THAT(complaint({.kind = "random-blocks", .density = -0.1}), HasSubstr("not in (0, 1]"));
  EXPECT_THAT(complaint({.kind = "random-blocks", .density = std::numeric_limits<double>::quiet_NaN()}),
              HasSubstr("not in (0, 1]"));
  EXPECT_THAT(complaint({.kind = "identity", .density = 0.5}), HasSubstr("use random-blocks"));
  EXPECT_THAT(complaint({.kind = "identity", .blocks = 5}), HasSubstr("use random-blocks"));
}

TEST(SparsifierSpec, refuses_what_a_kind_does_not_have) {
  EXPECT_THAT(complaint({.kind = "top-k", .blocks = 5}), HasSubstr("chooses single coordinates"));
  EXPECT_THAT(complaint({.kind = "bernoulli", .blocks = 5}), HasSubstr("chooses single coordinates"));
  SparsifierSpec both{.kind = "random-k", .density = 0.1};
  EXPECT_EQ(complaint(both), "");
  both.settings.set("k", 7);
  EXPECT_THAT(complaint(both), HasSubstr("the sparsifier random-k has a density and a k; give one of them"));
  both.density = 0;
  EXPECT_EQ(complaint(both), "");
  both.kind = "bernoulli";
  EXPECT_THAT(complaint(both), HasSubstr("k"));
  EXPECT_THAT(complaint({.kind = "threshold"}), HasSubstr("threshold"));
  SparsifierSpec threshold{.kind = "threshold"};
  threshold.settings.set("threshold", 0.1);
  EXPECT_EQ(complaint(threshold), "");
  threshold.density = 0.5;
  EXPECT_THAT(complaint(threshold), HasSubstr("sends what its values demand"));
}

}  // namespace
}  // namespace wisp::sparse
