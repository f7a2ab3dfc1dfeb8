#include "runtime/builtin.h"

#include <set>

#include <gtest/gtest.h>

#include "runtime/handle.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/scripted_transport.h"

namespace wisp::runtime {
namespace {

TEST(Builtin, methods_have_names_and_the_ids_of_their_names) {
  const Registry registry;
  std::set<std::string> names;
  for (const MethodId id : {kReadyMethod, kStopMethod, kKillMethod, kMonitorMethod}) {
    ASSERT_NE(registry.find_method(id), nullptr);
    EXPECT_EQ(fnv1a32(registry.find_method(id)->name), id);
    names.insert(registry.find_method(id)->name);
  }
  EXPECT_EQ(names, std::set<std::string>({"wisp.ready", "wisp.stop", "wisp.kill", "wisp.monitor"}));
  EXPECT_EQ(builtin_methods().size(), names.size());
}

class Plain : public Actor {
 public:
  using Constructor = void();
};

// As they come from another node, with any class of actor.
class BuiltinTest : public testing::Test {
 protected:
  BuiltinTest() {
    node_.add_peer(2, Address("there", ""));
    node_.adopt("service", std::make_unique<Plain>());
    node_.adopt("plain", std::make_unique<Plain>());
    node_.step();
  }
  void ask(MethodId method, std::uint64_t call, Bytes body = Bytes()) {
    FrameHeader header;
    header.run = test::kRun;
    header.source = 2;
    header.destination = 1;
    header.sequence = ++sequence_;
    Envelope envelope;
    envelope.kind = call == 0 ? Envelope::Kind::kTell : Envelope::Kind::kCall;
    envelope.receiver = 1;
    envelope.method = method;
    envelope.call = call;
    tape_.incoming.push_back(
        Received{test::write_frame(header, {test::Message(envelope, std::move(body))}), std::nullopt});
    node_.step();
  }
  const test::Message* answer_to(std::uint64_t call) {
    messages_ = tape_.messages();
    for (const test::Message& each : messages_) {
      if (each.envelope.call == call) return &each;
    }
    return nullptr;
  }

  test::Journal journal_;
  test::Tape tape_;
  const Registry registry_;
  Node node_{test::node_options(1, journal_), registry_, std::make_unique<test::ScriptedTransport>(tape_)};
  std::uint64_t sequence_ = 0;
  std::vector<test::Message> messages_;
};

TEST_F(BuiltinTest, ready_answers) {
  ask(kReadyMethod, 5);
  ASSERT_NE(answer_to(5), nullptr);
  EXPECT_EQ(answer_to(5)->envelope.kind, Envelope::Kind::kAnswer);
}

TEST_F(BuiltinTest, stop_ends_it) {
  ask(kMonitorMethod, 5);
  EXPECT_EQ(answer_to(5), nullptr);
  ask(kStopMethod, 6);
  ASSERT_NE(answer_to(5), nullptr);
  EXPECT_EQ(unpack<Down>(answer_to(5)->body).cause, "it was asked to stop");
  ASSERT_NE(answer_to(6), nullptr);
}

TEST_F(BuiltinTest, kill_ends_it_with_a_cause) {
  ask(kMonitorMethod, 5);
  ask(kKillMethod, 0, pack(std::string("enough")));
  ASSERT_NE(answer_to(5), nullptr);
  const auto down = unpack<Down>(answer_to(5)->body);
  EXPECT_EQ(down.actor, ActorId(1, 1));
  EXPECT_EQ(down.name, "plain");
  EXPECT_EQ(down.cause, "enough");
}

TEST_F(BuiltinTest, a_kill_that_makes_no_sense_is_refused) {
  ask(kKillMethod, 7, test::frame_of("\xc1"));
  ASSERT_NE(answer_to(7), nullptr);
  EXPECT_EQ(unpack<Failure>(answer_to(7)->body).kind, Failure::Kind::kRefused);
  ask(kReadyMethod, 8);
  EXPECT_EQ(answer_to(8)->envelope.kind, Envelope::Kind::kAnswer);
}

TEST_F(BuiltinTest, whoever_is_gone_can_not_be_watched_any_more) {
  ask(kKillMethod, 0, pack(std::string("enough")));
  ask(kMonitorMethod, 5);
  ASSERT_NE(answer_to(5), nullptr);
  EXPECT_EQ(unpack<Failure>(answer_to(5)->body).kind, Failure::Kind::kDied);
}

}  // namespace
}  // namespace wisp::runtime
