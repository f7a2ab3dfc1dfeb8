#include "runtime/peers.h"

#include <algorithm>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/simulated_clock.h"
#include "runtime/node.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/scripted_transport.h"

namespace wisp::runtime {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

std::unique_ptr<Drained> drained_of(NodeId peer, std::uint64_t messages) {
  auto drained = std::make_unique<Drained>();
  drained->serve(peer);
  drained->owe(messages);
  return drained;
}

TEST(Drained, is_told_once_and_in_sum) {
  Drained::List list({100, 1 << 20}, true);
  const auto one = drained_of(1, 4);
  const auto two = drained_of(2, 101);
  EXPECT_FALSE(list.add(*one, {1, 10}));
  EXPECT_FALSE(list.add(*two, {1, 5}));
  EXPECT_FALSE(list.add(*one, {1, 20}));
  std::map<NodeId, Charge> told;
  list.take([&](const Drained& drained, Charge charge) { told[drained.peer()] = charge; });
  EXPECT_EQ(told[1], (Charge{2, 30}));
  EXPECT_EQ(told[2], (Charge{1, 5}));
  list.take([&](const Drained&, Charge) { ADD_FAILURE() << "nothing is left"; });
  EXPECT_TRUE(list.add(*one, {1, 1 << 20}));  // much: better at once
  for (int i = 0; i < 98; ++i) EXPECT_FALSE(list.add(*two, {1, 0}));
  EXPECT_FALSE(list.add(*two, {1, 0}));
  EXPECT_TRUE(list.add(*two, {1, 0}));
}

TEST(Drained, is_free_when_all_that_it_owed_was_told) {
  Drained::List list({100, 1 << 20}, true);
  const auto drained = drained_of(1, 2);
  (void)list.add(*drained, {1, 10});
  EXPECT_FALSE(drained->is_free());
  list.take([](const Drained& told, Charge) { EXPECT_FALSE(told.is_free()); });
  (void)list.add(*drained, {1, 10});
  list.take([](const Drained& told, Charge) { EXPECT_TRUE(told.is_free()); });
  drained->serve(7);
  drained->owe(1);
  (void)list.add(*drained, {1, 5});
  list.take([](const Drained& told, Charge charge) {
    EXPECT_EQ(told.peer(), 7u);
    EXPECT_EQ(charge, (Charge{1, 5}));
  });
}

TEST(DrainedRace, nothing_is_lost) {
  for (int repeat = 0; repeat < test::repeats(); ++repeat) {
    Drained::List list({100, 1 << 20}, true);
    const auto drained = drained_of(1, 600);
    std::vector<std::thread> threads;
    std::atomic<int> running = 3;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 200; ++k) list.add(*drained, {1, 3});
        --running;
      });
    }
    Charge sum;
    const auto take = [&] { list.take([&](const Drained&, Charge charge) { sum += charge; }); };
    while (running > 0) take();
    for (std::thread& each : threads) each.join();
    take();
    EXPECT_EQ(sum, (Charge{600, 1800}));
    EXPECT_TRUE(drained->is_free());
  }
}

bool answered(const Promise<void>& promise) { return promise.state()->ready(); }

class PeersTest : public testing::Test {
 protected:
  PeersTest() {
    auto options = test::node_options(1, journal_);
    options.clock = &clock_;
    options.limits.window = {4, 1 << 20};
    options.limits.waiting = {4, 1 << 20};
    node_ = std::make_unique<Node>(std::move(options), registry_,
                                   std::make_unique<test::ScriptedTransport>(unused_));
    peers_.emplace(*node_, transport_, false);
  }
  void send(NodeId to, int count = 1) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(peers_->send(to, Envelope(), PackedView()), nullptr);
  }
  FrameHeader header(NodeId source) {
    FrameHeader header;
    header.kind = FrameKind::kAcknowledgement;
    header.run = test::kRun;
    header.source = source;
    header.destination = 1;
    return header;
  }
  void receive(const FrameHeader& header) {
    peers_->receive(Received{test::write_frame(header), std::nullopt});
    peers_->flush(clock_.steady());
  }

  SimulatedClock clock_;
  test::Journal journal_;
  const Registry registry_;
  test::Tape unused_;
  test::Tape tape_;
  test::ScriptedTransport transport_{tape_};
  std::unique_ptr<Node> node_;
  std::optional<Peers> peers_;
};

TEST_F(PeersTest, keep_what_is_sent_until_there_is_a_way) {
  send(2);
  peers_->flush(clock_.steady());
  EXPECT_THAT(tape_.sent, SizeIs(0));
  EXPECT_FALSE(peers_->deadline());
  peers_->add(2, Address("there", ""));
  peers_->flush(clock_.steady());
  EXPECT_THAT(tape_.messages(), SizeIs(1));
  EXPECT_FALSE(peers_->settled());
  FrameHeader got = header(2);
  got.acknowledged = 1;
  got.credit_messages = 1;
  receive(got);
  EXPECT_TRUE(peers_->settled());
  EXPECT_EQ(peers_->statistics(2).messages_sent, 1u);
  EXPECT_EQ(peers_->traffic().sent, tape_.sent[0].second.size());
}

TEST_F(PeersTest, join_what_is_sent_in_one_frame) {
  peers_->add(2, Address("there", ""));
  send(2, 3);
  peers_->flush(clock_.steady());
  EXPECT_THAT(tape_.sent, SizeIs(1));
  EXPECT_THAT(tape_.messages(), SizeIs(3));
}

TEST_F(PeersTest, know_to_whom_there_is_room) {
  peers_->add(2, Address("there", ""));
  peers_->add(3, Address("elsewhere", ""));
  send(2, 7);
  EXPECT_TRUE(peers_->room(2));
  send(2, 1);
  EXPECT_FALSE(peers_->room(2));
  EXPECT_TRUE(peers_->room(3));
  const Promise<void> room;
  peers_->when_room(2, room);
  const Promise<void> elsewhere;
  peers_->when_room(3, elsewhere);
  EXPECT_TRUE(answered(elsewhere));
  EXPECT_FALSE(answered(room));
  peers_->flush(clock_.steady());
  FrameHeader credit = header(2);
  credit.acknowledged = 1;
  credit.credit_messages = 2;
  receive(credit);
  EXPECT_TRUE(answered(room));
  EXPECT_TRUE(peers_->room(2));
}

// Whether or not a number was ever heard of: none is given twice.
TEST_F(PeersTest, know_who_was_lost_before_it_was_known) {
  peers_->remove(5, "never came");
  EXPECT_NE(peers_->send(5, Envelope(), PackedView()), nullptr);
}

TEST_F(PeersTest, a_loss_lets_nobody_wait) {
  peers_->add(2, Address("there", ""));
  send(2, 9);
  const Promise<void> room;
  peers_->when_room(2, room);
  EXPECT_EQ(peers_->remove(2, "gone"), "gone");
  EXPECT_EQ(peers_->remove(2, "said twice"), "gone");
  const std::string* why = peers_->send(2, Envelope(), PackedView());
  ASSERT_NE(why, nullptr);
  EXPECT_EQ(*why, "gone");
  EXPECT_TRUE(answered(room));
  EXPECT_TRUE(peers_->room(2));
  EXPECT_TRUE(peers_->settled());
  EXPECT_FALSE(peers_->deadline());
  peers_->add(2, Address("there", ""));  // it never comes back
  EXPECT_THAT(tape_.connections, ElementsAre("+2 there", "-2"));
}

// What is kept of hundreds that were lost, and spoke once more.
TEST_F(PeersTest, hang_up_on_the_lost_that_were_told_so) {
  peers_->add(2, Address("there", ""));
  send(2);
  peers_->remove(2, "gone");
  receive(header(2));
  EXPECT_THAT(tape_.connections, ElementsAre("+2 there", "-2", "+2 there"));
  ASSERT_TRUE(peers_->deadline());
  clock_.advance_to(*peers_->deadline() - std::chrono::nanoseconds(1));
  peers_->flush(clock_.steady());
  EXPECT_THAT(tape_.connections, SizeIs(3));
  clock_.advance_to(*peers_->deadline());
  peers_->flush(clock_.steady());
  EXPECT_THAT(tape_.connections, ElementsAre("+2 there", "-2", "+2 there", "-2"));
  EXPECT_FALSE(peers_->deadline());
  EXPECT_EQ(peers_->statistics(2).messages_sent, 0u);  // its link is gone
  receive(header(2));
  EXPECT_THAT(tape_.connections, SizeIs(5));  // and is told again
  EXPECT_THAT(tape_.sent, SizeIs(2));
}

// In a job whose nodes come and go for days, what is known of them stays bounded.
TEST_F(PeersTest, forget_the_longest_lost_but_for_their_number) {
  for (NodeId id = 2; id < 302; ++id) {
    peers_->add(id, Address("there", ""));
    receive(header(id));
    peers_->remove(id, "gone");
    if (id == 2) receive(header(2));  // has it told
  }
  EXPECT_EQ(*peers_->send(301, Envelope(), PackedView()), "gone");
  EXPECT_EQ(*peers_->send(238, Envelope(), PackedView()), "gone");
  EXPECT_EQ(*peers_->send(237, Envelope(), PackedView()), "it was lost long ago");
  EXPECT_EQ(peers_->remove(2, "said twice"), "it was lost long ago");
  const std::size_t before = tape_.connections.size();
  EXPECT_EQ(std::ranges::count(tape_.connections, "-2"), 2);  // hung up on
  for (const NodeId id : {2, 237}) {
    receive(header(id));
    peers_->add(id, Address("there", ""));
  }
  EXPECT_EQ(tape_.connections.size(), before);
  receive(header(238));
  EXPECT_EQ(tape_.connections.back(), "+238 there");
}

TEST_F(PeersTest, ask_again_only_when_it_is_time) {
  peers_->add(2, Address("there", ""));
  receive(header(2));
  send(2);
  peers_->flush(clock_.steady());
  ASSERT_TRUE(peers_->deadline());
  const auto probe = *peers_->deadline();
  clock_.advance_to(probe - std::chrono::milliseconds(1));
  peers_->flush(clock_.steady());
  EXPECT_THAT(tape_.sent, SizeIs(1));
  clock_.advance_to(probe);
  peers_->flush(clock_.steady());
  ASSERT_THAT(tape_.sent, SizeIs(2));
  EXPECT_EQ(test::read_frame(tape_.sent[1].second).header.kind, FrameKind::kProbe);
}

TEST_F(PeersTest, warn_of_an_acknowledgement_of_what_was_never_sent) {
  peers_->add(2, Address("there", ""));
  FrameHeader impossible = header(2);
  impossible.acknowledged = 5;
  receive(impossible);
  EXPECT_TRUE(journal_.holds("dropped a frame of node 2: it acknowledges what was never sent"));
}

TEST_F(PeersTest, warn_of_who_exceeds_the_window) {
  FrameHeader data = header(2);
  data.kind = FrameKind::kData;
  data.sequence = 1;
  Envelope tell;
  tell.receiver = 99;
  const std::vector<test::Message> many(5, test::Message(tell, Bytes()));
  peers_->receive(Received{test::write_frame(data, many), std::nullopt});
  EXPECT_TRUE(journal_.holds("node 2 sends more than the window allows"));
}

}  // namespace
}  // namespace wisp::runtime
