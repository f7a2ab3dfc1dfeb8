#include "launcher/state_file.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/error.h"

namespace wisp::launcher {
namespace {

TEST(StateFile, comes_back_as_it_was_written) {
  JobState state;
  state.job = "phishing";
  state.id = "0123abcd";
  state.file = "/home/me/phishing.yaml";
  state.status = "running";
  state.started = *parse_utc("2026-03-01T02:13:07.123Z");
  state.clock_offsets["node2"] = std::chrono::microseconds(-1500);
  state.addresses["node2"] = "192.0.2.12";
  state.control = "/tmp/x/control";
  state.actors.push_back({"worker-1", "worker/float64", "node2", 4711, "failed", 2, state.started,
                          "signal 9 \"x\"\n", "guests-2"});
  const JobState back = state_from_json(state_to_json(state));
  EXPECT_EQ(back.job, state.job);
  EXPECT_EQ(back.id, state.id);
  EXPECT_EQ(back.file, state.file);
  EXPECT_EQ(back.status, state.status);
  EXPECT_EQ(back.started, state.started);
  EXPECT_EQ(back.clock_offsets, state.clock_offsets);
  EXPECT_EQ(back.addresses, state.addresses);
  EXPECT_EQ(back.control, state.control);
  ASSERT_EQ(back.actors.size(), 1u);
  const ActorState& actor = back.actors[0];
  EXPECT_EQ(actor.name, "worker-1");
  EXPECT_EQ(actor.class_name, "worker/float64");
  EXPECT_EQ(actor.host, "node2");
  EXPECT_EQ(actor.pid, 4711);
  EXPECT_EQ(actor.state, "failed");
  EXPECT_EQ(actor.attempt, 2u);
  EXPECT_EQ(actor.started, state.started);
  EXPECT_EQ(actor.cause, state.actors[0].cause);
  EXPECT_EQ(actor.node, "guests-2");
}

TEST(StateFile, bytes_that_are_no_text_do_not_stop_it) {
  JobState state;
  state.job = "j";
  state.status = "\xff\xfe";
  EXPECT_NO_THROW(state_from_json(state_to_json(state)));
}

TEST(StateFile, refuses_what_is_no_state) {
  for (const char* text : {"", "{", "[]", "{}", "{\"job\": 3}", "null"}) {
    EXPECT_THROW(state_from_json(text), Error) << text;
  }
}

}  // namespace
}  // namespace wisp::launcher
