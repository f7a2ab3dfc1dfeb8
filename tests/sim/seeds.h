#pragma once
// Running a world for many seeds.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace wisp::test {

// How many seeds a test takes, from seed() on: WISP_SEEDS where it is set.
inline std::uint64_t seeds() {
  const char* text = std::getenv("WISP_SEEDS");
  return text == nullptr ? WISP_SEEDS_DEFAULT : std::strtoull(text, nullptr, 10);
}

// The command that runs the current test with this seed alone.
inline std::string replay(std::uint64_t seed) {
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  return "WISP_SEED=" + std::to_string(seed) + " WISP_SEEDS=1 " + testing::internal::GetArgvs().front() +
         " --gtest_filter=" + test.test_suite_name() + "." + test.name();
}

}  // namespace wisp::test
