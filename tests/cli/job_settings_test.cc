#include "cli/job_settings.h"

#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

TEST(JobSettings, are_read_back_from_the_job_folder) {
  const test::Scratch scratch;
  scratch.write("job.yaml", "method:\n  kind: isega  # default\nhosts: { n1: {} }\n");
  const config::Node settings = settings_of(scratch.folder());
  EXPECT_EQ(setting_at(settings, "method.kind"), "isega");
  for (const char* path : {"method", "method.step", "method.kind.more", "hosts.n1", ""}) {
    EXPECT_EQ(setting_at(settings, path), "") << path;
  }
}

TEST(JobSettings, a_file_that_is_damaged_or_not_there_has_none) {
  const test::Scratch scratch;
  EXPECT_TRUE(settings_of(scratch.folder()).is_null());
  scratch.write("job.yaml", "a: [");
  EXPECT_EQ(setting_at(settings_of(scratch.folder()), "a"), "");
}

}  // namespace
}  // namespace wisp::cli
