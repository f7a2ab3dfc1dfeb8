// A node on a transport whose frames the test writes; nodes that speak to each other are in handle_test.cc.
#include "runtime/node.h"

#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/simulated_clock.h"
#include "runtime/handle.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/scripted_transport.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::kHang;
using test::Message;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Has the name of a class of cell_test.cc, whose methods are not to be taken for its own.
class Noting : public Actor {
 public:
  using Constructor = void();
  static constexpr int kKills = -1, kEnds = -2;
  explicit Noting(std::shared_ptr<std::vector<int>> notes = std::make_shared<std::vector<int>>())
      : notes_(std::move(notes)) {}
  void note(int value) {
    notes_->push_back(value);
    if (value == kKills) context().handle<Noting>().kill();
    if (value == kEnds) context().end("it has enough");
  }
  std::vector<int> notes() const { return *notes_; }
  Task<int> never() {
    auto future = Promise<int>().future();
    const int value = co_await future;
    co_return value;
  }

 private:
  const std::shared_ptr<std::vector<int>> notes_;
};

class Stranger : public Actor {
 public:
  using Constructor = void();
  int method() { return 1; }
};

class NodeTest : public testing::Test {
 protected:
  NodeTest() {
    registry_.actor<Noting>("noting")
        .method<&Noting::note>("note")
        .method<&Noting::notes>("notes")
        .method<&Noting::never>("never");
    registry_.actor<Stranger>("stranger").method<&Stranger::method>("method");
    auto options = test::node_options(1, journal_);
    options.clock = &clock_;
    options.on_fenced = [this](const std::string& why) { fenced_.push_back(why); };
    node_ = std::make_unique<Node>(std::move(options), registry_,
                                   std::make_unique<test::ScriptedTransport>(tape_));
    auto actor = std::make_unique<Noting>();
    noting_ = actor.get();
    node_->adopt("noting-1", std::move(actor));
  }

  FrameHeader header(std::uint64_t sequence) const {
    FrameHeader header;
    header.run = test::kRun;
    header.source = 2;
    header.destination = 1;
    header.sequence = sequence;
    return header;
  }
  template <auto M, class... P>
  Message message(Envelope::Kind kind, std::uint64_t call, const P&... arguments) const {
    Envelope envelope;
    envelope.kind = kind;
    envelope.call = call;
    envelope.method = registry_.id_of<M>();
    return Message(envelope, call_detail::packed_arguments<call_detail::ArgumentsOf<M>>(arguments...));
  }
  Message note(int value) const { return message<&Noting::note>(Envelope::Kind::kTell, 0, value); }
  void arrive(const FrameHeader& header, const std::vector<Message>& messages,
              std::optional<NodeId> authenticated = std::nullopt) {
    tape_.incoming.push_back(Received{test::write_frame(header, messages), authenticated});
  }
  Handle<Noting> far() const { return Handle<Noting>(*node_, ActorId(2, 0), "far"); }

  SimulatedClock clock_;
  test::Tape tape_;
  test::Journal journal_;
  Registry registry_;
  std::vector<std::string> fenced_;
  std::unique_ptr<Node> node_;
  Noting* noting_ = nullptr;
};

TEST_F(NodeTest, takes_what_is_next_once) {
  for (const std::uint64_t sequence : {1u, 2u, 2u, 1u, 3u})
    arrive(header(sequence), {note(static_cast<int>(sequence))});
  node_->step();
  EXPECT_THAT(noting_->notes(), ElementsAre(1, 2, 3));
}

TEST_F(NodeTest, takes_many_tells_of_one_frame_in_their_order) {
  std::vector<Message> messages;
  std::vector<int> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  for (const int i : expected) {
    messages.push_back(note(i));
    if (i % 100 == 99) messages.push_back(message<&Noting::never>(Envelope::Kind::kCall, 7));
  }
  arrive(header(1), messages);
  node_->step();
  EXPECT_EQ(noting_->notes(), expected);
  EXPECT_EQ(node_->progress(), 1010u);
}

TEST_F(NodeTest, a_method_that_ends_its_actor_is_the_last_of_its_frame) {
  std::uint64_t sequence = 0;
  for (const int last : {Noting::kKills, Noting::kEnds}) {
    const auto notes = std::make_shared<std::vector<int>>();
    const ActorId id = node_->adopt("noting", std::make_unique<Noting>(notes));
    std::vector<Message> messages{note(1), note(last), note(2), note(3)};
    for (Message& each : messages) each.envelope.receiver = id.index;
    arrive(header(++sequence), messages);
    node_->step();
    EXPECT_THAT(*notes, ElementsAre(1, last));
    EXPECT_FALSE(node_->find(id.index));
  }
}

TEST_F(NodeTest, asks_for_what_is_missing_and_goes_on) {
  node_->add_peer(2, Address("there", ""));
  arrive(header(1), {note(1)});
  arrive(header(3), {note(3)});
  node_->step();
  EXPECT_THAT(noting_->notes(), ElementsAre(1));
  ASSERT_THAT(tape_.sent, SizeIs(1));
  const FrameHeader asked = test::read_frame(tape_.sent[0].second).header;
  EXPECT_TRUE(asked.gap);
  EXPECT_EQ(asked.acknowledged, 1u);
  arrive(header(2), {note(2)});
  arrive(header(3), {note(3)});
  node_->step();
  EXPECT_THAT(noting_->notes(), ElementsAre(1, 2, 3));
}

TEST_F(NodeTest, drops_what_is_not_for_it) {
  FrameHeader other_run = header(1);
  other_run.run = test::kRun + 1;
  FrameHeader other_node = header(1);
  other_node.destination = 3;
  arrive(other_run, {note(1)});
  arrive(other_node, {note(2)});
  arrive(header(1), {note(3)}, 5);  // node 5 signed what says it is node 2's
  tape_.incoming.push_back(Received{test::frame_of("garbage"), std::nullopt});
  tape_.incoming.push_back(Received{Bytes(), std::nullopt});
  const Bytes good = test::write_frame(header(1), {note(5)});
  std::vector<std::byte> changed(good.span().begin(), good.span().end());
  changed[1] = std::byte{kWireVersion + 1};
  tape_.incoming.push_back(Received{Bytes(std::move(changed)), std::nullopt});
  tape_.incoming.push_back(Received{good, 2});
  node_->step();
  EXPECT_THAT(noting_->notes(), ElementsAre(5));
  EXPECT_TRUE(journal_.holds("not of this run or not for this node"));
  EXPECT_TRUE(journal_.holds("another node's key signed it"));
  EXPECT_TRUE(journal_.holds("does not begin with a frame's header"));
  EXPECT_TRUE(journal_.holds("of another wire version"));
  EXPECT_EQ(node_->traffic().received, good.size());
}

TEST_F(NodeTest, tells_a_node_that_it_has_lost_that_it_is_dead) {
  node_->add_peer(2, Address("there", ""));
  node_->remove_peer(2, "it was silent");
  node_->step();
  arrive(header(1), {note(1)});
  arrive(header(2), {note(2)});  // once in a while is enough
  node_->step();
  EXPECT_THAT(noting_->notes(), ElementsAre());
  EXPECT_THAT(tape_.connections, ElementsAre("+2 there", "-2", "+2 there"));
  ASSERT_THAT(tape_.sent, SizeIs(1));
  EXPECT_EQ(test::read_frame(tape_.sent[0].second).header.kind, FrameKind::kFenced);
  clock_.advance(seconds(1));
  arrive(header(3), {note(3)});
  node_->step();
  EXPECT_THAT(tape_.sent, SizeIs(2));
}

TEST_F(NodeTest, lets_nobody_in_that_is_lost) {
  node_->allow(2, "key-2");
  node_->allow(3, "");  // in plaintext
  node_->remove_peer(2, "it was silent");
  node_->step();
  node_->allow(2, "key-2");
  EXPECT_THAT(tape_.gate, ElementsAre("+2 key-2", "-2"));
}

TEST_F(NodeTest, drops_what_comes_from_a_lost_node_that_it_never_knew) {
  node_->remove_peer(2, "it was silent");
  node_->step();
  arrive(header(1), {note(1)});
  node_->step();
  EXPECT_THAT(noting_->notes(), ElementsAre());
  EXPECT_THAT(tape_.sent, SizeIs(0));
}

TEST_F(NodeTest, says_when_others_take_it_for_dead) {
  FrameHeader dead = header(0);
  dead.kind = FrameKind::kFenced;
  arrive(dead, {});
  node_->step();
  EXPECT_THAT(fenced_, ElementsAre("node 2 takes this one for dead"));
}

TEST_F(NodeTest, may_end_when_others_take_it_for_dead) {
  test::Tape tape;
  auto options = test::node_options(1, journal_, 2);  // with a pool that must end too
  options.on_fenced = [](const std::string& why) { throw Fenced(why); };
  Node node(std::move(options), registry_, std::make_unique<test::ScriptedTransport>(tape));
  const Handle<Noting> actor(node, node.adopt("a", std::make_unique<Noting>()), "a");
  auto waiting = actor.call<&Noting::never>();
  FrameHeader dead = header(0);
  dead.kind = FrameKind::kFenced;
  tape.incoming.push_back(Received{test::write_frame(dead), std::nullopt});
  EXPECT_THROW(node.run(), Fenced);
  node.end();
  EXPECT_THROW(waiting.get(kHang), ActorDied);
}

TEST_F(NodeTest, drops_messages_that_nobody_here_can_take) {
  Message unknown_actor = note(2);
  unknown_actor.envelope.receiver = 8;
  Message unknown_method = note(3);
  unknown_method.envelope.method = 4;
  Message other_class = message<&Stranger::method>(Envelope::Kind::kTell, 0);
  Message unknown_answer = note(5);
  unknown_answer.envelope.kind = Envelope::Kind::kAnswer;
  Message unknown_cancel = note(5);
  unknown_cancel.envelope.kind = Envelope::Kind::kCancel;
  arrive(header(1), {unknown_actor, unknown_method, other_class, unknown_answer, unknown_cancel, note(6)});
  Message unknown_kind = note(7);
  unknown_kind.envelope.kind = static_cast<Envelope::Kind>(9);
  arrive(header(2), {note(7), unknown_kind, note(8)});
  arrive(header(3), {note(9)});
  node_->step();
  EXPECT_THAT(noting_->notes(), ElementsAre(6, 7, 9));
  EXPECT_TRUE(journal_.holds("dropped a message: actor 8 is not on this node"));
  EXPECT_TRUE(journal_.holds("dropped a message: noting-1 has no such method"));
  EXPECT_TRUE(journal_.holds("dropped the rest of a frame of node 2: a message is of an unknown kind"));
}

TEST_F(NodeTest, is_not_hurt_by_arguments_that_do_not_decode) {
  Message wrong = note(1);
  wrong.body = test::frame_of("\xc1");
  std::vector<Message> messages;
  for (const MethodId method : {registry_.id_of<&Noting::note>(), kKillMethod, kReadyMethod}) {
    wrong.envelope.method = method;
    messages.push_back(wrong);
  }
  messages.push_back(note(2));
  arrive(header(1), messages);
  node_->step();
  EXPECT_THAT(noting_->notes(), ElementsAre(2));
}

TEST_F(NodeTest, answers_a_call_to_its_caller) {
  Message ask = message<&Noting::notes>(Envelope::Kind::kCall, 77);
  node_->add_peer(2, Address("there", ""));
  arrive(header(1), {note(5), ask});
  ask.envelope.call = 78;
  ask.envelope.receiver = 9;
  arrive(header(2), {ask});
  node_->step();
  std::map<std::uint64_t, Message> answers;
  for (const Message& each : tape_.messages()) answers[each.envelope.call] = each;
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(answers[77].envelope.kind, Envelope::Kind::kAnswer);
  EXPECT_THAT(unpack<std::vector<int>>(answers[77].body), ElementsAre(5));
  EXPECT_EQ(answers[78].envelope.kind, Envelope::Kind::kFailure);
  EXPECT_EQ(unpack<Failure>(answers[78].body).text, "is not on this node");
  const FrameHeader sent = tape_.data().at(0).header;
  EXPECT_EQ(sent.run, test::kRun);
  EXPECT_EQ(sent.source, 1u);
  EXPECT_EQ(sent.destination, 2u);
  EXPECT_EQ(sent.sequence, 1u);
  EXPECT_EQ(sent.acknowledged, 2u);
}

TEST_F(NodeTest, takes_the_answer_to_a_call_once) {
  node_->add_peer(2, Address("there", ""));
  auto answered = far().call<&Noting::notes>();
  auto failed = far().call<&Noting::notes>();
  auto garbled = far().call<&Noting::notes>();
  node_->step();
  const std::vector<Message> calls = tape_.messages();
  ASSERT_THAT(calls, SizeIs(3));
  Envelope envelope;
  envelope.kind = Envelope::Kind::kAnswer;
  envelope.call = calls[0].envelope.call;
  const Message answer(envelope, pack(std::vector<int>(2, 1)));
  envelope.kind = Envelope::Kind::kFailure;
  envelope.call = calls[1].envelope.call;
  const Message failure(envelope, pack(Failure(Failure::Kind::kThrew, "far", "no luck")));
  envelope.call = calls[2].envelope.call;
  const Message garbage(envelope, test::frame_of("\xc1"));
  arrive(header(1), {answer, answer, failure, garbage});
  node_->step();
  EXPECT_THAT(answered.get(), ElementsAre(1, 1));
  EXPECT_THROW(failed.get(), ActorError);
  EXPECT_THROW(garbled.get(), ActorError);
}

TEST_F(NodeTest, keeps_messages_for_a_node_until_it_is_known) {
  const Handle<Noting> handle = far();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(handle.tell<&Noting::note>(i));
  node_->step();
  EXPECT_THAT(tape_.sent, SizeIs(0));
  node_->add_peer(2, Address("there", ""));
  node_->add_peer(2, Address("elsewhere", ""));  // known already
  EXPECT_TRUE(handle.tell<&Noting::note>(3));
  node_->step();
  const std::vector<Message> messages = tape_.messages();
  ASSERT_THAT(messages, SizeIs(4));
  for (int i = 0; i < 4; ++i) {
    const Bytes expected = call_detail::packed_arguments<std::tuple<int>>(i);
    EXPECT_EQ(test::text_of(messages[static_cast<std::size_t>(i)].body), test::text_of(expected));
  }
  EXPECT_THAT(tape_.connections, ElementsAre("+2 there"));
}

TEST_F(NodeTest, sends_again_when_the_transport_was_full) {
  node_->add_peer(2, Address("there", ""));
  tape_.result = SendResult::kFull;
  EXPECT_TRUE(far().tell<&Noting::note>(5));
  node_->step();
  tape_.result = SendResult::kQueued;
  EXPECT_THAT(tape_.messages(), SizeIs(0));
  ASSERT_TRUE(node_->deadline());
  clock_.advance_to(*node_->deadline());
  node_->step();
  EXPECT_THAT(tape_.messages(), SizeIs(1));
}

TEST_F(NodeTest, sends_again_what_was_lost) {
  node_->add_peer(2, Address("there", ""));
  EXPECT_TRUE(far().tell<&Noting::note>(5));
  node_->step();
  ASSERT_THAT(tape_.data(), SizeIs(1));
  FrameHeader asking = header(0);
  asking.kind = FrameKind::kAcknowledgement;
  asking.gap = true;
  arrive(asking, {});
  node_->step();
  ASSERT_THAT(tape_.data(), SizeIs(2));
  EXPECT_EQ(tape_.data()[1].header.sequence, 1u);
  asking.gap = false;
  asking.acknowledged = 1;
  arrive(asking, {});
  node_->step();
  EXPECT_THAT(tape_.data(), SizeIs(2));
}

// In a window of two, the third message waits until the peer's mailbox has taken one.
TEST(NodeWindow, bounds_what_is_on_its_way) {
  SimulatedClock clock;
  test::Journal journal;
  test::Tape tape;
  Registry registry;
  registry.actor<Noting>("noting").method<&Noting::note>("note");
  auto options = test::node_options(1, journal);
  options.clock = &clock;
  options.limits.window = {2, 1 << 20};
  options.limits.waiting = {2, 1 << 20};
  Node node(std::move(options), registry, std::make_unique<test::ScriptedTransport>(tape));
  node.add_peer(2, Address("there", ""));
  const Handle<Noting> far(node, ActorId(2, 0), "far");
  node.step();
  std::vector<bool> taken;
  for (int i = 0; i < 6; ++i) {
    taken.push_back(far.tell<&Noting::note>(i));
    node.step();
  }
  EXPECT_THAT(taken, ElementsAre(true, true, true, true, false, false));
  EXPECT_THAT(tape.messages(), SizeIs(2));
  auto room = node.room(2);
  node.step();
  EXPECT_FALSE(room.ready());
  far.must_tell<&Noting::note>(6);
  node.step();
  FrameHeader credit;
  credit.kind = FrameKind::kAcknowledgement;
  credit.run = test::kRun;
  credit.source = 2;
  credit.destination = 1;
  credit.acknowledged = 1;
  credit.credit_messages = 2;
  credit.credit_bytes = tape.messages()[0].body.size() + tape.messages()[1].body.size();
  tape.incoming.push_back(Received{test::write_frame(credit), std::nullopt});
  node.step();
  EXPECT_THAT(tape.messages(), SizeIs(4));
  EXPECT_TRUE(room.ready());
  EXPECT_TRUE(far.tell<&Noting::note>(7));
}

TEST_F(NodeTest, gives_credit_for_what_its_actors_took) {
  node_->add_peer(2, Address("there", ""));
  arrive(header(1), {note(1), note(2), note(3)});
  node_->step();
  EXPECT_THAT(tape_.sent, SizeIs(0));  // it may go with something else
  ASSERT_TRUE(node_->deadline());
  clock_.advance_to(*node_->deadline());
  node_->step();
  ASSERT_THAT(tape_.sent, SizeIs(1));
  const FrameHeader said = test::read_frame(tape_.sent[0].second).header;
  EXPECT_EQ(said.acknowledged, 1u);
  EXPECT_EQ(said.credit_messages, 3u);
  EXPECT_EQ(said.credit_bytes, 3 * note(1).body.size());
}

TEST_F(NodeTest, counts_what_its_actors_took) {
  EXPECT_EQ(node_->progress(), 0u);
  arrive(header(1), {note(1), note(2)});
  Handle<Noting>(*node_, ActorId(1, 0), "noting-1").tell<&Noting::note>(3);
  node_->step();
  EXPECT_EQ(node_->progress(), 3u);
}

TEST_F(NodeTest, stop_before_run_ends_it_at_once) {
  InProcessNetwork network;
  Node node(test::node_options(1, journal_), registry_, network.attach(1));
  node.stop();
  node.run();
}

TEST_F(NodeTest, calls_from_outside_fail_when_it_has_stopped) {
  const Handle<Noting> remote = far();
  const Handle<Noting> local(*node_, ActorId(1, 0), "noting-1");
  node_->stop();
  auto remote_call = remote.call<&Noting::notes>();
  auto local_call = local.call<&Noting::notes>();
  node_->run();
  EXPECT_THROW(remote_call.get(kHang), ActorDied);
  EXPECT_THROW(local_call.get(kHang), ActorDied);
  EXPECT_THROW(remote.call<&Noting::notes>().get(kHang), ActorDied);
  try {
    local.call<&Noting::notes>().get(kHang);
    FAIL() << "no exception";
  } catch (const ActorDied& error) {
    EXPECT_STREQ(error.what(), "noting-1: this node has stopped");
  }
}

TEST_F(NodeTest, tells_when_an_actor_has_ended) {
  test::Tape tape;
  std::vector<std::string> ended;
  auto options = test::node_options(1, journal_);
  options.on_actor_ended = [&](ActorId actor, const std::string& name, const std::string& cause) {
    ended.push_back(std::to_string(actor.index) + " " + name + ": " + cause);
  };
  Node node(std::move(options), registry_, std::make_unique<test::ScriptedTransport>(tape));
  const Handle<Noting> actor(node, node.adopt("a", std::make_unique<Noting>()), "a");
  EXPECT_EQ(node.actors(), 1u);
  actor.kill("enough");
  node.step();
  EXPECT_THAT(ended, ElementsAre("0 a: enough"));
  EXPECT_EQ(node.actors(), 0u);
  EXPECT_FALSE(node.find(0));
}

TEST_F(NodeTest, constructs_by_class_name) {
  const ActorId id = node_->construct("noting", "noting-2", call_detail::packed_arguments<std::tuple<>>());
  EXPECT_EQ(id.node, 1u);
  EXPECT_EQ(id.index, 1u);
  try {
    node_->construct("nothing", "x", Bytes());
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no actor class is called nothing");
  }
  EXPECT_THROW(node_->construct("noting", "x", pack(1)), DecodeError);
}

// Each time the answer is the last thing before the loop waits: one wake-up that is lost hangs.
TEST(NodeRace, no_wake_up_is_lost) {
  Registry registry;
  registry.actor<Noting>("noting").method<&Noting::note>("note").method<&Noting::notes>("notes");
  for (const unsigned threads : {0u, 2u}) {
    test::Journal journal;
    InProcessNetwork network;
    Node node(test::node_options(1, journal, threads), registry, network.attach(1));
    const Handle<Noting> actor(node, node.adopt("a", std::make_unique<Noting>()), "a");
    const test::Serving serving(node);
    for (int i = 0; i < 20 * test::repeats(); ++i)
      EXPECT_EQ(actor.call<&Noting::notes>().get(kHang).size(), 0u);
    for (int i = 0; i < test::repeats(); ++i) {
      const Promise<int> late("late", &node);
      EXPECT_THROW(late.future().within(std::chrono::microseconds(i % 7)).get(kHang), Timeout);
    }
  }
}

}  // namespace
}  // namespace wisp::runtime
