#include "optim/spec.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "optim/catalog.h"

namespace wisp::optim {
namespace {

using testing::HasSubstr;

std::string complaint(const MethodSpec& spec) {
  try {
    const sparse::Catalog sparsifiers;
    spec.check(Catalog(sparsifiers));
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
    return error.what();
  }
  return "";
}

MethodSpec number(double value) {
  return {.kind = "isega", .step_size = {.kind = StepSizeSpec::Kind::kNumber, .value = value}};
}

TEST(MethodSpec, accepts_every_method_as_it_is) {
  const sparse::Catalog sparsifiers;
  for (const std::string& kind : Catalog(sparsifiers).names())
    EXPECT_EQ(complaint({.kind = kind}), "") << kind;
  EXPECT_EQ(complaint(number(0.5)), "");
}

TEST(BroadcastSpec, rounds_its_share_to_coordinates) {
  EXPECT_EQ(BroadcastSpec{}.chosen(100, 4), 25U);
  EXPECT_EQ(BroadcastSpec{.density = 0.1}.chosen(15, 4), 2U);
  EXPECT_EQ(BroadcastSpec{.density = 1e-9}.chosen(15, 4), 1U);
  EXPECT_EQ(BroadcastSpec{.density = 1}.chosen(15, 4), 15U);
}

TEST(MethodSpec, refuses_what_no_job_can_have) {
  EXPECT_THAT(complaint({.kind = "isegga"}), HasSubstr("unknown method 'isegga'; did you mean 'isega'?"));
  EXPECT_THAT(complaint(number(0)), HasSubstr("not a number above 0"));
  EXPECT_THAT(complaint({.kind = "gd", .step_size = {.kind = StepSizeSpec::Kind::kInvSqrt, .value = 1}}),
              HasSubstr("method gd keeps its step"));
  EXPECT_THAT(complaint(number(-1)), HasSubstr("not a number above 0"));
  EXPECT_THAT(complaint(number(std::numeric_limits<double>::infinity())), HasSubstr("not a number above 0"));
  EXPECT_THAT(complaint(number(std::numeric_limits<double>::quiet_NaN())), HasSubstr("not a number above 0"));
  EXPECT_THAT(
      complaint(
          {.kind = "ibcd", .sparsifier = {.kind = "random-blocks", .density = 2}, .sparsifier_given = true}),
      HasSubstr("not in (0, 1]"));
  EXPECT_THAT(complaint({.kind = "gd", .sparsifier = {.kind = "random-blocks"}, .sparsifier_given = true}),
              HasSubstr("gd sends whole gradients; use ibcd or isega or"));
}

}  // namespace
}  // namespace wisp::optim
