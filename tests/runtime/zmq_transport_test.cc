// Where the sockets of a node listen; what every transport does is in tests/contract/transport_test.cc, and
// what goes wrong with sockets in traps_test.cc.
#include "runtime/zmq_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"
#include "tests/runtime/outsider.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using test::frame_of;
using test::next_text;
using test::port_of;
using testing::HasSubstr;
using testing::StartsWith;

ZmqOptions loopback(NodeId self) {
  ZmqOptions options;
  options.self = self;
  options.binds = {"tcp://127.0.0.1"};
  return options;
}

Error refusal_of(const ZmqOptions& options) {
  try {
    const ZmqSockets sockets(options);
  } catch (const Error& error) {
    return error;
  }
  return Error("it was not refused");
}

TEST(ZmqSockets, bind_both_channels_side_by_side) {
  const ZmqSockets sockets(loopback(1));
  ASSERT_EQ(sockets.addresses().size(), 1u);
  const Address& address = sockets.addresses().front();
  EXPECT_THAT(address.endpoint, StartsWith("tcp://127.0.0.1:"));
  EXPECT_THAT(address.control, StartsWith("tcp://127.0.0.1:"));
  EXPECT_NE(address.control, address.endpoint);
  EXPECT_EQ(address.public_key, "");
}

TEST(ZmqSockets, bind_where_they_are_told) {
  ZmqOptions options;
  options.binds = {"tcp://" + test::own_loopback()};
  const Address free = ZmqSockets(options).addresses().front();
  options.binds = {free.endpoint};
  options.control_binds = {free.control};
  {
    const ZmqSockets sockets(options);
    EXPECT_EQ(sockets.addresses().front().endpoint, free.endpoint);
    EXPECT_EQ(sockets.addresses().front().control, free.control);
    EXPECT_EQ(refusal_of(options).what(),
              "cannot bind " + free.endpoint + ": somebody listens there already");
  }
  options.control_binds.clear();
  const ZmqSockets sockets(options);
  EXPECT_EQ(sockets.addresses().front().endpoint, free.endpoint);
  EXPECT_THAT(sockets.addresses().front().control, StartsWith("tcp://" + test::own_loopback() + ":"));
}

TEST(ZmqSockets, a_transport_that_is_not_taken_closes_with_them) {
  const test::TempFolder folder;
  ZmqOptions options;
  options.binds = {"ipc://" + (folder.path() / "1").string()};
  const auto data = ZmqSockets(options).data();
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "1"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "1.control"));
}

TEST(ZmqSockets, a_node_may_be_let_in_later) {
  const CurveKeys keys = CurveKeys::make();
  const CurveKeys late_keys = CurveKeys::make();
  ZmqOptions options = loopback(1);
  options.keys = keys;
  ZmqSockets sockets(options);
  const auto node = sockets.data();
  sockets.allow(3, late_keys.public_key);
  options.self = 3;
  options.keys = late_keys;
  const auto late = ZmqSockets(options).data();
  late->connect(1, node->address());
  late->send(1, frame_of("late"));
  const Received received = test::next(*node);
  EXPECT_EQ(test::text_of(received.frame), "late");
  EXPECT_EQ(received.authenticated, std::optional<NodeId>(3));
  node->close(milliseconds(0));
  sockets.control()->close(milliseconds(0));
  sockets.allow(4, CurveKeys::make().public_key);  // harmless
}

// A node that joins late may connect to one that has not been told of it. It is turned away, more than once,
// and what it had to say arrives as soon as it is known.
TEST(ZmqSockets, who_was_turned_away_gets_in_once_it_is_known) {
  ZmqOptions options = loopback(1);
  options.keys = CurveKeys::make();
  const std::string& key = options.keys->public_key;
  ZmqSockets sockets(options);
  const auto node = sockets.data();
  const CurveKeys late_keys = CurveKeys::make();
  ZmqOptions late_options = loopback(3);
  late_options.keys = late_keys;
  ZmqSockets late_sockets(late_options);
  const auto late = late_sockets.data();
  late->connect(1, node->address());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(late->send(1, frame_of(std::to_string(i))), SendResult::kQueued);
  test::Outsider twin;  // by which we see that the key is refused
  twin.use(late_keys, key);
  twin.connect(node->address().endpoint);
  twin.wait_for_refusal();
  twin.wait_for_refusal();  // it keeps trying, too
  EXPECT_FALSE(node->receive(milliseconds(0)));
  node->allow(3, late_keys.public_key);
  for (int i = 0; i < 100; ++i) {
    const Received received = test::next(*node);
    EXPECT_EQ(test::text_of(received.frame), std::to_string(i));
    EXPECT_EQ(received.authenticated, std::optional<NodeId>(3));
  }
}

TEST(ZmqSockets, who_is_gone_does_not_come_back) {
  const CurveKeys gone_keys = CurveKeys::make();
  const CurveKeys other_keys = CurveKeys::make();
  ZmqOptions options = loopback(1);
  options.keys = CurveKeys::make();
  options.allowed = {{2, gone_keys.public_key}, {3, other_keys.public_key}};
  ZmqSockets sockets(options);
  const auto node = sockets.data();
  const auto control = sockets.control();
  {
    ZmqOptions before = loopback(2);
    before.keys = gone_keys;
    const auto gone = ZmqSockets(before).data();
    gone->connect(1, node->address());
    gone->send(1, frame_of("here"));
    EXPECT_EQ(next_text(*node), "here");
    gone->close(milliseconds(0));
  }
  node->forbid(2);
  for (const std::string& endpoint : {node->address().endpoint, node->address().control}) {
    test::Outsider zombie;
    zombie.use(gone_keys, options.keys->public_key);
    zombie.connect(endpoint);
    zombie.send("back");
    zombie.wait_for_refusal();
  }
  ZmqOptions living = loopback(3);
  living.keys = other_keys;
  ZmqSockets other_sockets(living);
  const auto other = other_sockets.data();
  other->connect(1, node->address());
  other->send(1, frame_of("living"));
  EXPECT_EQ(next_text(*node), "living");
  EXPECT_FALSE(control->receive(milliseconds(0)));
}

// A job whose nodes come and go has no more sockets than it has nodes.
TEST(ZmqSockets, hundreds_of_peers_after_each_other_need_the_room_of_a_few) {
  ZmqOptions options = loopback(1);
  options.peers_max = 4;
  ZmqSockets sockets(options);
  const auto node = sockets.data();
  ZmqSockets others(loopback(2));
  const auto other = others.data();
  for (NodeId peer = 10; peer < 500; ++peer) {
    node->connect(peer, other->address());
    EXPECT_EQ(node->send(peer, frame_of(std::to_string(peer))), SendResult::kQueued);
    EXPECT_EQ(next_text(*other), std::to_string(peer));
    node->disconnect(peer);
  }
}

TEST(ZmqSockets, an_address_without_a_key_is_refused) {
  ZmqOptions options = loopback(1);
  options.keys = CurveKeys::make();
  const auto node = ZmqSockets(options).data();
  try {
    node->connect(5, Address("tcp://127.0.0.1:20000", ""));
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), StartsWith("cannot connect to node 5 at tcp://127.0.0.1:20000: "));
  }
}

TEST(ZmqSockets, what_is_no_key_is_refused_and_nothing_hangs) {
  ZmqOptions options = loopback(1);
  options.keys = CurveKeys::make();
  options.allowed[2] = "no key";
  EXPECT_THAT(refusal_of(options).what(), HasSubstr("40 characters of Z85"));
  options.allowed.clear();
  options.keys->secret_key = "no key";
  EXPECT_THAT(refusal_of(options).what(), StartsWith("cannot set up the node's sockets: "));
}

TEST(ZmqSockets, a_bind_that_fails_names_its_endpoint_and_hangs_nowhere) {
  ZmqOptions options = loopback(1);
  options.keys = CurveKeys::make();
  options.binds = {"tcp://203.0.113.7"};  // no machine's: RFC 5737
  const Error error = refusal_of(options);
  EXPECT_THAT(error.what(), StartsWith("cannot bind tcp://203.0.113.7:"));
  EXPECT_EQ(error.fault(), Fault::kHost);
}

TEST(ZmqSockets, a_plaintext_bind_off_loopback_is_refused) {
  for (const char* address :
       {"0.0.0.0", "*", "[::]", "::", "127.1", "192.0.2.1", "[::ffff:127.0.0.1]", "eth0", "lo",
        "localhost.example.org", "128.0.0.1", "2130706433", "0x7f.1", "", "192.0.2.1:20000"}) {
    ZmqOptions options = loopback(1);
    options.binds = {std::string("tcp://") + address};
    const Error error = refusal_of(options);
    EXPECT_EQ(error.fault(), Fault::kConfig) << address;
    EXPECT_THAT(error.what(), StartsWith("refusing to bind tcp://" + std::string(address) + " in plaintext"));
  }
}

TEST(ZmqSockets, bind_loopback_in_plaintext) {
  for (const char* address : {"127.0.0.1", "127.8.9.10", "localhost", "[::1]", "::1"}) {
    ZmqOptions options = loopback(1);
    options.binds = {std::string("tcp://") + address};
    const std::string answer = refusal_of(options).what();
    // A machine may be without IPv6; that is no refusal.
    EXPECT_THAT(answer, testing::AnyOf("it was not refused", StartsWith("cannot bind tcp://[::1]:")))
        << address;
  }
}

TEST(ZmqSockets, bind_anywhere_when_the_job_file_says_so) {
  ZmqOptions options = loopback(1);
  options.binds = {"tcp://0.0.0.0", "tcp://127.0.0.1"};
  options.plaintext_off_loopback = true;
  ZmqSockets sockets(options);
  ASSERT_EQ(sockets.addresses().size(), 2u);
  EXPECT_THAT(sockets.addresses()[0].endpoint, StartsWith("tcp://0.0.0.0:"));
  EXPECT_THAT(sockets.addresses()[0].control, StartsWith("tcp://0.0.0.0:"));
  EXPECT_THAT(sockets.addresses()[1].endpoint, StartsWith("tcp://127.0.0.1:"));
  EXPECT_THAT(sockets.addresses()[1].control, StartsWith("tcp://127.0.0.1:"));
  EXPECT_EQ(sockets.data()->address().endpoint, sockets.addresses()[0].endpoint);
}

TEST(ZmqSockets, say_when_every_port_is_taken) {
  const ZmqSockets first(loopback(1));
  const std::uint16_t port = port_of(first.addresses().front().endpoint);
  EXPECT_GE(port, 20000);
  EXPECT_LE(port, 32767);
  ZmqOptions options = loopback(2);
  options.port_first = port;
  options.port_last = port;
  const Error error = refusal_of(options);
  EXPECT_EQ(error.what(), "every port of " + std::to_string(port) + "-" + std::to_string(port) +
                              " on 127.0.0.1 is taken; widen network.ports");
  EXPECT_EQ(error.fault(), Fault::kHost);
}

TEST(ZmqSockets, take_another_port_when_one_is_taken) {
  const ZmqSockets first(loopback(1));
  const std::string endpoint = first.addresses().front().endpoint;
  ZmqOptions options = loopback(2);
  options.port_first = static_cast<std::uint16_t>(port_of(endpoint) - 40);
  options.port_last = port_of(endpoint);
  std::vector<std::unique_ptr<ZmqSockets>> others;
  for (int i = 0; i < 8; ++i) {
    others.push_back(std::make_unique<ZmqSockets>(options));
    EXPECT_NE(others.back()->addresses().front().endpoint, endpoint);
    EXPECT_NE(others.back()->addresses().front().control, endpoint);
  }
}

TEST(ZmqSockets, an_ipc_file_is_there_as_long_as_its_transport) {
  const test::TempFolder folder;
  ZmqOptions options;
  options.binds = {"ipc://" + (folder.path() / "node-1").string()};
  {
    ZmqSockets sockets(options);
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "node-1"));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "node-1.control"));
    sockets.data()->close(milliseconds(0));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "node-1"));
  }
  { const ZmqSockets again(options); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ZmqSockets, a_frame_on_the_control_channel_has_a_limit_of_its_own) {
  ZmqSockets to(loopback(1));
  ZmqSockets from(loopback(2));
  const auto receiver = to.control();
  const auto sender = from.control();
  sender->connect(1, receiver->address());
  sender->send(1, Bytes(std::vector<std::byte>(1 << 20)));
  EXPECT_EQ(test::next(*receiver).frame.size(), 1u << 20);
  test::Outsider greedy;
  greedy.connect(receiver->address().control);
  greedy.send(std::string((1 << 20) + 1, 'x'));
  greedy.wait_for_refusal();
  sender->send(1, frame_of("small"));
  EXPECT_EQ(next_text(*receiver), "small");
}

}  // namespace
}  // namespace wisp::runtime
