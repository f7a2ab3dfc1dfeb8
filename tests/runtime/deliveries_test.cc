#include "runtime/deliveries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const ActorId kOld(2, 1);
const ActorId kNew(3, 1);
constexpr std::uint32_t kSender = 4;

class DeliveriesTest : public testing::Test {
 protected:
  explicit DeliveriesTest(std::uint32_t window = 3)
      : deliveries_(window, [this](const Deliveries::Outgoing& outgoing) {
          sent_.push_back(std::to_string(outgoing.target.node) + ":" + std::to_string(outgoing.number));
        }) {}

  Ref<TypedState<int>> call() {
    auto state = make_ref<TypedState<int>>(nullptr, Awaited{Name("master")});
    EXPECT_TRUE(deliveries_.send(kSender, "master", kOld, 1, Bytes(), state));
    return state;
  }
  void tell() { EXPECT_TRUE(deliveries_.send(kSender, "master", kOld, 1, Bytes(), nullptr)); }
  void answer(const Ref<TypedState<int>>& state) {
    state->set(1);
    deliveries_.answered();
  }
  std::vector<std::string> sent() { return std::exchange(sent_, {}); }

  Deliveries deliveries_;
  std::vector<std::string> sent_;
};

TEST_F(DeliveriesTest, numbers_the_messages_of_each_sender) {
  tell();
  tell();
  EXPECT_TRUE(deliveries_.send(kSender + 1, "master", kOld, 1, Bytes(), nullptr));
  EXPECT_TRUE(deliveries_.send(kSender, "other", kOld, 1, Bytes(), nullptr));
  EXPECT_THAT(sent(), ElementsAre("2:1", "2:2", "2:1", "2:1"));
}

TEST_F(DeliveriesTest, keeps_what_is_not_durable) {
  const auto first = call();
  answer(first);
  EXPECT_EQ(deliveries_.kept(), 1u);
  deliveries_.acknowledge(kSender, "master", 1, 1);
  EXPECT_EQ(deliveries_.kept(), 0u);
}

TEST_F(DeliveriesTest, keeps_what_is_not_answered) {
  const auto first = call();
  deliveries_.acknowledge(kSender, "master", 1, 1);
  EXPECT_EQ(deliveries_.kept(), 1u);
  answer(first);
  EXPECT_EQ(deliveries_.kept(), 0u);
}

TEST_F(DeliveriesTest, no_more_than_the_window_is_out) {
  std::vector<Ref<TypedState<int>>> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(call());
  EXPECT_THAT(sent(), ElementsAre("2:1", "2:2", "2:3"));
  answer(calls[0]);
  EXPECT_THAT(sent(), ElementsAre("2:4"));
}

TEST_F(DeliveriesTest, tells_leave_the_window_when_they_are_taken_in) {
  for (int i = 0; i < 5; ++i) tell();
  EXPECT_THAT(sent(), ElementsAre("2:1", "2:2", "2:3"));
  deliveries_.acknowledge(kSender, "master", 2, 0);
  EXPECT_THAT(sent(), ElementsAre("2:4", "2:5"));
  EXPECT_EQ(deliveries_.kept(), 5u);
}

TEST_F(DeliveriesTest, what_is_out_waits_for_the_next_incarnation) {
  const auto first = call();
  deliveries_.lose(kOld.node);
  const auto second = call();
  EXPECT_THAT(sent(), ElementsAre("2:1"));
  deliveries_.move("master", kNew);
  EXPECT_THAT(sent(), ElementsAre("3:1", "3:2"));
  EXPECT_FALSE(first->ready());
  EXPECT_FALSE(second->ready());
}

TEST_F(DeliveriesTest, what_was_answered_and_not_saved_is_sent_again) {
  const auto first = call();
  answer(first);
  sent();
  deliveries_.lose(kOld.node);
  deliveries_.move("master", kNew);
  EXPECT_THAT(sent(), ElementsAre("3:1"));
}

TEST_F(DeliveriesTest, a_restart_does_not_exceed_the_window) {
  std::vector<Ref<TypedState<int>>> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(call());
  sent();
  deliveries_.lose(kOld.node);
  deliveries_.move("master", kNew);
  EXPECT_THAT(sent(), ElementsAre("3:1", "3:2", "3:3"));
}

TEST_F(DeliveriesTest, a_durable_call_whose_answer_was_lost_was_applied_before) {
  const auto first = call();
  deliveries_.acknowledge(kSender, "master", 1, 1);
  deliveries_.lose(kOld.node);
  deliveries_.move("master", kNew);
  ASSERT_TRUE(first->ready());
  EXPECT_THROW(first->take(), AppliedBefore);
  EXPECT_EQ(deliveries_.kept(), 0u);
}

TEST_F(DeliveriesTest, the_same_incarnation_is_no_move) {
  tell();
  deliveries_.move("master", kOld);
  EXPECT_THAT(sent(), ElementsAre("2:1"));
}

TEST_F(DeliveriesTest, the_end_of_an_actor_fails_the_calls_that_wait) {
  const auto first = call();
  deliveries_.end("master", "it was asked to stop");
  ASSERT_TRUE(first->ready());
  EXPECT_THROW(first->take(), ActorDied);
  EXPECT_EQ(deliveries_.kept(), 0u);
}

TEST_F(DeliveriesTest, nobody_vouches_for_what_a_sender_that_ended_sent) {
  tell();
  deliveries_.drop_sender(kSender);
  EXPECT_EQ(deliveries_.kept(), 0u);
  sent();
  deliveries_.lose(kOld.node);
  deliveries_.move("master", kNew);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(DeliveriesTest, acknowledges_no_more_than_was_sent) {
  tell();
  deliveries_.acknowledge(kSender, "master", 7, 7);
  tell();
  EXPECT_THAT(sent(), ElementsAre("2:1", "2:2"));
  EXPECT_EQ(deliveries_.kept(), 1u);
}

TEST_F(DeliveriesTest, a_stream_has_an_end) {
  for (std::size_t i = 0; i < Deliveries::kStreamMax; ++i) tell();
  EXPECT_FALSE(deliveries_.send(kSender, "master", kOld, 1, Bytes(), nullptr));
}

}  // namespace
}  // namespace wisp::runtime
