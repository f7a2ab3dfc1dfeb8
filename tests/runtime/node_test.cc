// A node on a transport whose frames the test writes; nodes that speak to each other are in handle_test.cc.
#include "runtime/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/handle.h"
#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using test::kHang;
using testing::ElementsAre;
using testing::HasSubstr;

// What goes in and out of a ScriptedTransport.
struct Tape {
  std::deque<Received> incoming;
  std::vector<std::pair<NodeId, Frame>> sent;
  std::vector<std::string> connections;
  SendResult result = SendResult::kQueued;
  std::function<void()> at_end;  // no frame is left, and the node would wait
};

class ScriptedTransport : public Transport {
 public:
  explicit ScriptedTransport(Tape& tape) : tape_(tape) {}
  Address address() const override { return Address("scripted", ""); }
  void connect(NodeId peer, const Address& address) override {
    tape_.connections.push_back("+" + std::to_string(peer) + " " + address.endpoint);
  }
  void disconnect(NodeId peer) override { tape_.connections.push_back("-" + std::to_string(peer)); }
  SendResult send(NodeId peer, const Bytes& frame) override {
    tape_.sent.emplace_back(peer, decode_frame(frame));
    return tape_.result;
  }
  std::optional<Received> receive(std::optional<std::chrono::milliseconds> wait) override {
    if (tape_.incoming.empty()) {
      if (!wait && !woken_.exchange(false)) tape_.at_end();
      return std::nullopt;
    }
    Received received = std::move(tape_.incoming.front());
    tape_.incoming.pop_front();
    return received;
  }
  void wake() override { woken_ = true; }
  void close(std::chrono::milliseconds) override {}

 private:
  Tape& tape_;
  std::atomic<bool> woken_{false};
};

// Has the name of a class of cell_test.cc, whose methods are not to be taken for its own.
class Noting : public Actor {
 public:
  using Constructor = void();
  void note(int value) { notes_.push_back(value); }
  std::vector<int> notes() const { return notes_; }

 private:
  std::vector<int> notes_;
};

class Stranger : public Actor {
 public:
  using Constructor = void();
  int method() { return 1; }
};

// Tells a remote actor, in its own turn.
class Telling : public Actor {
 public:
  using Constructor = void();
  void tell() {
    ActorId id;
    id.node = 2;
    Handle<Noting>(context().node(), id, "far").tell<&Noting::note>(5);
    went_on = true;
  }
  bool went_on = false;
};

class NodeTest : public testing::Test {
 protected:
  NodeTest() {
    registry_.actor<Noting>("noting").method<&Noting::note>("note").method<&Noting::notes>("notes");
    registry_.actor<Stranger>("stranger").method<&Stranger::method>("method");
    registry_.actor<Telling>("telling").method<&Telling::tell>("tell");
    auto options = test::node_options(1, journal_);
    options.on_broken_link = [this](const std::string& why) { broken_.push_back(why); };
    node_ = std::make_unique<Node>(std::move(options), registry_, std::make_unique<ScriptedTransport>(tape_));
    tape_.at_end = [this] { node_->stop(); };
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
  Message note(int value) const {
    Envelope envelope;
    envelope.method = registry_.id_of<&Noting::note>();
    return Message(envelope, registry_detail::pack_arguments<std::tuple<int>>(value));
  }
  void arrive(const FrameHeader& header, const Message& message,
              std::optional<NodeId> authenticated = std::nullopt) {
    tape_.incoming.push_back(Received{encode(header, message), authenticated});
  }

  Tape tape_;
  test::Journal journal_;
  Registry registry_;
  std::vector<std::string> broken_;
  std::unique_ptr<Node> node_;
  Noting* noting_ = nullptr;
};

TEST_F(NodeTest, takes_what_is_next_once) {
  for (const std::uint64_t sequence : {1u, 2u, 2u, 1u, 3u})
    arrive(header(sequence), note(static_cast<int>(sequence)));
  node_->run();
  EXPECT_THAT(noting_->notes(), ElementsAre(1, 2, 3));
  EXPECT_THAT(broken_, ElementsAre());
}

TEST_F(NodeTest, a_gap_breaks_the_link) {
  arrive(header(1), note(1));
  arrive(header(4), note(4));
  node_->run();
  EXPECT_THAT(noting_->notes(), ElementsAre(1));
  EXPECT_THAT(broken_, ElementsAre("frames 2 to 3 from node 2 were lost on the way"));
}

TEST_F(NodeTest, a_broken_link_may_end_it) {
  auto options = test::node_options(1, journal_, 2);  // throws; with a pool that must end too
  Node node(std::move(options), registry_, std::make_unique<ScriptedTransport>(tape_));
  arrive(header(7), note(7));
  try {
    node.run();
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "frames 1 to 6 from node 2 were lost on the way");
  }
}

TEST_F(NodeTest, drops_what_is_not_for_it) {
  FrameHeader other_run = header(1);
  other_run.run = test::kRun + 1;
  FrameHeader other_node = header(1);
  other_node.destination = 3;
  FrameHeader other_version = header(1);
  other_version.version = 2;
  arrive(other_run, note(1));
  arrive(other_node, note(2));
  arrive(other_version, note(3));
  arrive(header(1), note(4), 5);  // node 5 signed what says it is node 2's
  tape_.incoming.push_back(Received{test::frame_of("garbage"), std::nullopt});
  tape_.incoming.push_back(Received{Bytes(), std::nullopt});
  arrive(header(1), note(5), 2);
  node_->run();
  EXPECT_THAT(noting_->notes(), ElementsAre(5));
  EXPECT_THAT(broken_, ElementsAre());
  EXPECT_TRUE(journal_.holds("not of this run or not for this node"));
  EXPECT_TRUE(journal_.holds("another node's key signed it"));
  EXPECT_TRUE(journal_.holds("wire version 2"));
  EXPECT_EQ(node_->traffic().received, encode(header(1), note(5)).size());
}

TEST_F(NodeTest, drops_what_comes_from_a_node_that_was_declared_lost) {
  node_->remove_peer(2, "it was silent");
  arrive(header(1), note(1));
  node_->run();
  EXPECT_THAT(noting_->notes(), ElementsAre());
  EXPECT_THAT(tape_.connections, ElementsAre("-2"));
}

TEST_F(NodeTest, drops_messages_that_nobody_here_can_take) {
  Message unknown_kind = note(1);
  unknown_kind.envelope.kind = static_cast<Envelope::Kind>(9);
  Message unknown_actor = note(2);
  unknown_actor.envelope.actor = 8;
  Message unknown_method = note(3);
  unknown_method.envelope.method = 4;
  Message other_class = note(4);
  other_class.envelope.method = registry_.id_of<&Stranger::method>();
  Message unknown_answer = note(5);
  unknown_answer.envelope.kind = Envelope::Kind::kAnswer;
  std::uint64_t sequence = 0;
  for (const Message& each :
       {unknown_kind, unknown_actor, unknown_method, other_class, unknown_answer, note(6)}) {
    arrive(header(++sequence), each);
  }
  node_->run();
  EXPECT_THAT(noting_->notes(), ElementsAre(6));
  EXPECT_TRUE(journal_.holds("unknown kind from node 2"));
  EXPECT_TRUE(journal_.holds("dropped a message: actor 8 is not on this node"));
  EXPECT_TRUE(journal_.holds("dropped a message: noting-1 has no such method"));
  EXPECT_TRUE(journal_.holds("stranger.method failed: has no such method"));
}

TEST_F(NodeTest, answers_a_call_to_its_caller) {
  Message ask = note(0);
  ask.envelope.kind = Envelope::Kind::kCall;
  ask.envelope.call = 77;
  node_->add_peer(2, Address("there", ""));
  arrive(header(1), ask);
  ask.envelope.call = 78;
  ask.envelope.actor = 9;
  arrive(header(2), ask);
  node_->run();
  ASSERT_EQ(tape_.sent.size(), 2u);
  EXPECT_THAT(tape_.connections, ElementsAre("+2 there"));
  std::map<std::uint64_t, Envelope::Kind> answers;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& [to, frame] = tape_.sent[i];
    EXPECT_EQ(to, 2u);
    EXPECT_EQ(frame.header.run, test::kRun);
    EXPECT_EQ(frame.header.source, 1u);
    EXPECT_EQ(frame.header.sequence, i + 1);
    answers[frame.messages.at(0).envelope.call] = frame.messages.at(0).envelope.kind;
  }
  EXPECT_EQ(answers[77], Envelope::Kind::kAnswer);
  EXPECT_EQ(answers[78], Envelope::Kind::kFailure);
}

TEST_F(NodeTest, keeps_messages_for_a_node_until_it_is_known) {
  ActorId far;
  far.node = 2;
  const Handle<Noting> handle(*node_, far, "far");
  for (int i = 0; i < 3; ++i) handle.tell<&Noting::note>(i);
  bool known = false;
  tape_.at_end = [&] {
    if (std::exchange(known, true)) return node_->stop();
    EXPECT_TRUE(tape_.sent.empty());
    node_->add_peer(2, Address("there", ""));
    node_->add_peer(2, Address("elsewhere", ""));  // known already
    handle.tell<&Noting::note>(3);
  };
  node_->run();
  ASSERT_EQ(tape_.sent.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    const Bytes expected = registry_detail::pack_arguments<std::tuple<int>>(i);
    EXPECT_EQ(test::text_of(tape_.sent[static_cast<std::size_t>(i)].second.messages[0].body),
              test::text_of(expected));
  }
  EXPECT_THAT(tape_.connections, ElementsAre("+2 there"));
}

TEST_F(NodeTest, a_full_queue_is_told_outside_of_the_actors_turn) {
  auto actor = std::make_unique<Telling>();
  const Telling* telling = actor.get();
  Handle<Telling> handle(*node_, node_->adopt("telling-1", std::move(actor)), "telling-1");
  node_->add_peer(2, Address("there", ""));
  tape_.result = SendResult::kFull;
  auto told = handle.call<&Telling::tell>();
  node_->run();
  EXPECT_THAT(broken_, ElementsAre("the queue to node 2 is full"));
  EXPECT_TRUE(telling->went_on);
  told.get(kHang);  // the actor did nothing wrong
}

TEST_F(NodeTest, stop_before_run_ends_it_at_once) {
  tape_.at_end = [] { FAIL() << "it waited"; };
  node_->stop();
  node_->run();
}

TEST_F(NodeTest, calls_from_outside_fail_when_it_has_stopped) {
  ActorId far;
  far.node = 2;
  const Handle<Noting> remote(*node_, far, "far");
  const Handle<Noting> local(*node_, ActorId{.node = 1, .index = 0}, "noting-1");
  node_->stop();
  auto remote_call = remote.call<&Noting::notes>();
  auto local_call = local.call<&Noting::notes>();
  node_->run();
  EXPECT_THROW(remote_call.get(kHang), ActorDied);
  EXPECT_THROW(local_call.get(kHang), ActorDied);
  try {
    local.call<&Noting::notes>().get(kHang);
    FAIL() << "no exception";
  } catch (const ActorDied& error) {
    EXPECT_STREQ(error.what(), "noting-1: this node has stopped");
  }
}

TEST_F(NodeTest, constructs_by_class_name) {
  const ActorId id = node_->construct("noting", "noting-2", registry_detail::pack_arguments<std::tuple<>>());
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

}  // namespace
}  // namespace wisp::runtime
