#include "runtime/reply.h"

#include <gtest/gtest.h>

#include "runtime/handle.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/scripted_transport.h"

namespace wisp::runtime {
namespace {

template <class T>
Ref<TypedState<T>> state() {
  return make_ref<TypedState<T>>(nullptr, Awaited{Name("a call")});
}

TEST(Reply, gives_what_it_has_to_who_waits_here) {
  const auto number = state<std::unique_ptr<int>>();
  Reply(number).value(std::make_unique<int>(5));
  EXPECT_EQ(*number->take(), 5);
  const auto nothing = state<void>();
  Reply(nothing).value();
  nothing->take();
}

TEST(Reply, is_packed_for_who_takes_it_as_another_type) {
  const auto text = state<std::string>();
  Reply::packed(text).value(std::string("packed"));
  EXPECT_EQ(text->take(), "packed");
  const auto nothing = state<void>();
  Reply::packed(nothing).value();
  nothing->take();
}

TEST(Reply, that_is_forgotten_fails) {
  const auto forgotten = state<int>();
  { const Reply reply(forgotten); }
  EXPECT_THROW(forgotten->take(), ActorDied);
}

TEST(Reply, answers_once_wherever_it_moves) {
  const auto answered = state<int>();
  Reply first(answered);
  EXPECT_TRUE(first.wanted());
  Reply second(std::move(first));
  EXPECT_FALSE(first.wanted());
  first = std::move(second);
  first.value(3);
  EXPECT_FALSE(first.wanted());
  first.value(4);
  first.fail(Failure(Failure::Kind::kThrew, "a", "late"));
  EXPECT_EQ(answered->take(), 3);
}

TEST(Reply, of_nobody_is_not_wanted) {
  Reply nobody;
  EXPECT_FALSE(nobody.wanted());
  EXPECT_FALSE(nobody.settled());
  nobody.value(1);
  nobody.value();
  nobody.fail(Failure());
}

TEST(Reply, knows_whether_the_caller_still_waits) {
  const auto cancelled = state<int>();
  Reply reply(cancelled);
  EXPECT_FALSE(reply.settled());
  cancelled->cancel();
  EXPECT_TRUE(reply.settled());
  EXPECT_TRUE(reply.cancelled());
  reply.value(1);
  EXPECT_THROW(cancelled->take(), Cancelled);
}

TEST(Reply, goes_to_the_node_that_called) {
  test::Journal journal;
  test::Tape tape;
  const Registry registry;
  Node node(test::node_options(1, journal), registry, std::make_unique<test::ScriptedTransport>(tape));
  node.add_peer(2, Address("there", ""));
  Reply answer(node, 2, 77);
  EXPECT_TRUE(answer.is(2, 77));
  EXPECT_FALSE(answer.is(2, 78));
  answer.value(std::string("x"));
  Reply(node, 2, 78).fail(Failure(Failure::Kind::kThrew, "a", "why"));
  { const Reply forgotten(node, 2, 79); }
  Reply(node, 2, 80).value();
  node.step();
  const std::vector<test::Message> sent = tape.messages();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[0].envelope.kind, Envelope::Kind::kAnswer);
  EXPECT_EQ(sent[0].envelope.call, 77u);
  EXPECT_EQ(unpack<std::string>(sent[0].body), "x");
  EXPECT_EQ(sent[1].envelope.kind, Envelope::Kind::kFailure);
  EXPECT_EQ(unpack<Failure>(sent[1].body).text, "why");
  EXPECT_EQ(unpack<Failure>(sent[2].body).kind, Failure::Kind::kDied);
  EXPECT_EQ(sent[3].envelope.call, 80u);
  EXPECT_TRUE(sent[3].body.empty());
}

}  // namespace
}  // namespace wisp::runtime
