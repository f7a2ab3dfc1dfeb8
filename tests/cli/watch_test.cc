#include "cli/watch.h"

#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

TEST(Watch, shows_it_again_until_the_driver_has_ended_and_once_more) {
  const test::Scratch scratch;
  auto job = std::make_unique<test::Job>(scratch, "mine", "running");
  const std::filesystem::path folder = job->folder().path();
  int shown = 0;
  EXPECT_EQ(test::printed([&] {
              watch(folder, [&] {
                if (++shown == 2) job.reset();
                return std::to_string(shown) + "\n";
              });
            }),
            "1\n2\n3\n");
}

TEST(Watch, a_job_that_has_ended_is_shown_once) {
  const test::Scratch scratch;
  EXPECT_EQ(test::printed([&] { watch(scratch.folder(), [] { return "x\n"; }); }), "x\n");
}

}  // namespace
}  // namespace wisp::cli
