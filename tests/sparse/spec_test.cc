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
  EXPECT_THAT(complaint({.kind = "top"}), HasSubstr("unknown sparsifier 'top' (identity | random-blocks)"));
  EXPECT_THAT(complaint({.kind = "random-blocks", .density = 1.5}), HasSubstr("not in (0, 1]"));
  EXPECT_THAT(complaint({.kind = "random-blocks", .density = -0.1}), HasSubstr("not in (0, 1]"));
  EXPECT_THAT(complaint({.kind = "random-blocks", .density = std::numeric_limits<double>::quiet_NaN()}),
              HasSubstr("not in (0, 1]"));
  EXPECT_THAT(complaint({.kind = "identity", .density = 0.5}), HasSubstr("use random-blocks"));
  EXPECT_THAT(complaint({.kind = "identity", .blocks = 5}), HasSubstr("use random-blocks"));
}

}  // namespace
}  // namespace wisp::sparse
