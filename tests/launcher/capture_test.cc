#include "launcher/capture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Captured shell(const std::string& script) { return run_and_capture({"/bin/sh", "-c", script}, 30s); }

TEST(RunAndCapture, brings_all_of_both_streams_and_the_status) {
  const Captured done = shell("head -c 300000 /dev/zero; echo oh >&2; cat; exit 3");
  EXPECT_EQ(done.out, std::string(300000, '\0'));
  EXPECT_EQ(done.err, "oh\n");
  EXPECT_EQ(done.ended.status, 3);
  EXPECT_FALSE(done.succeeded());
  EXPECT_TRUE(shell("true").succeeded());
  EXPECT_EQ(shell("kill -9 $$").ended.signal, 9);
}

TEST(RunAndCapture, a_program_that_is_not_there_can_not_be_started) {
  EXPECT_THROW(run_and_capture({"no-such-program"}, 30s), StartError);
}

TEST(RunAndCapture, a_program_that_takes_too_long_is_ended_with_its_children) {
  try {
    run_and_capture({"/bin/sh", "-c", "sleep 1000 & exec sleep 1000"}, 100ms);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kHost);
    EXPECT_THAT(error.what(), HasSubstr("/bin/sh has not ended within 100ms"));
  }
}

}  // namespace
}  // namespace wisp::launcher
