// What is particular to sockets; the rest is in tests/contract/transport_test.cc.
#include "runtime/zmq_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zmq.hpp>

#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using test::frame_of;
using test::kHang;
using test::next_text;
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
    const ZmqTransport transport(options);
  } catch (const Error& error) {
    return error;
  }
  return Error("it was not refused");
}

// A socket that is no node's, and sees what becomes of its connection.
class Raw {
 public:
  Raw() : push_(context_, zmq::socket_type::push), events_(context_, zmq::socket_type::pair) {
    push_.set(zmq::sockopt::linger, 0);
    zmq_socket_monitor(push_.handle(), "inproc://events",
                       ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    events_.set(zmq::sockopt::rcvtimeo, 30'000);
    events_.connect("inproc://events");
  }
  ~Raw() { zmq_socket_monitor(push_.handle(), nullptr, 0); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  void use(const CurveKeys& keys, const std::string& server_key) {
    push_.set(zmq::sockopt::curve_serverkey, server_key);
    push_.set(zmq::sockopt::curve_publickey, keys.public_key);
    push_.set(zmq::sockopt::curve_secretkey, keys.secret_key);
  }
  void connect(const Address& address) { push_.connect(address.endpoint); }
  void send(std::string_view text, bool more = false) {
    const auto more_flag = more ? zmq::send_flags::sndmore : zmq::send_flags::none;
    ASSERT_TRUE(push_.send(zmq::buffer(text), more_flag | zmq::send_flags::dontwait));
  }
  // Until the other side has refused the handshake or closed the connection.
  void wait_for_refusal() {
    zmq::message_t event;
    ASSERT_TRUE(events_.recv(event));
    zmq::message_t endpoint;
    ASSERT_TRUE(events_.recv(endpoint));
  }

 private:
  zmq::context_t context_;
  zmq::socket_t push_;
  zmq::socket_t events_;
};

// A node with keys, and another that it lets in.
class CurveTest : public testing::Test {
 protected:
  CurveTest() {
    ZmqOptions options = loopback(1);
    options.keys = mine_;
    options.allowed = {{2, others_.public_key}};
    node_ = std::make_unique<ZmqTransport>(options);
  }
  std::unique_ptr<ZmqTransport> node(NodeId self, const CurveKeys& keys) {
    ZmqOptions options = loopback(self);
    options.keys = keys;
    auto transport = std::make_unique<ZmqTransport>(options);
    transport->connect(1, node_->address());
    return transport;
  }
  // The first frame that arrives is the friend's.
  void expect_only_the_friend() {
    const auto other = node(2, others_);
    other->send(1, frame_of("friend"));
    const Received received = test::next(*node_);
    EXPECT_EQ(test::text_of(received.frame), "friend");
    EXPECT_EQ(received.authenticated, std::optional<NodeId>(2));
  }

  const CurveKeys mine_ = CurveKeys::make();
  const CurveKeys others_ = CurveKeys::make();
  const CurveKeys strangers_ = CurveKeys::make();
  std::unique_ptr<ZmqTransport> node_;
};

TEST_F(CurveTest, a_strangers_key_delivers_nothing) {
  Raw stranger;
  stranger.use(strangers_, mine_.public_key);
  stranger.connect(node_->address());
  for (int i = 0; i < 3; ++i) stranger.send("evil");
  stranger.wait_for_refusal();
  expect_only_the_friend();
}

TEST_F(CurveTest, no_key_delivers_nothing) {
  Raw stranger;
  stranger.connect(node_->address());
  for (int i = 0; i < 3; ++i) stranger.send("evil");
  stranger.wait_for_refusal();
  expect_only_the_friend();
}

TEST_F(CurveTest, a_wrong_server_key_delivers_nothing) {
  Raw mistaken;
  mistaken.use(others_, strangers_.public_key);
  mistaken.connect(node_->address());
  for (int i = 0; i < 3; ++i) mistaken.send("evil");
  mistaken.wait_for_refusal();
  expect_only_the_friend();
}

TEST_F(CurveTest, a_public_key_alone_delivers_nothing) {
  Raw thief;
  CurveKeys stolen = strangers_;
  stolen.public_key = others_.public_key;  // the secret half is not its own
  thief.use(stolen, mine_.public_key);
  thief.connect(node_->address());
  for (int i = 0; i < 3; ++i) thief.send("evil");
  thief.wait_for_refusal();
  expect_only_the_friend();
}

TEST_F(CurveTest, a_node_may_be_let_in_later) {
  node_->allow(3, strangers_.public_key);
  const auto late = node(3, strangers_);
  late->send(1, frame_of("late"));
  const Received received = test::next(*node_);
  EXPECT_EQ(test::text_of(received.frame), "late");
  EXPECT_EQ(received.authenticated, std::optional<NodeId>(3));
}

TEST_F(CurveTest, an_address_without_a_key_is_refused) {
  try {
    node_->connect(5, Address("tcp://127.0.0.1:20000", ""));
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), StartsWith("cannot connect to node 5 at tcp://127.0.0.1:20000: "));
  }
}

TEST_F(CurveTest, what_is_no_key_is_refused_and_nothing_hangs) {
  ZmqOptions options = loopback(1);
  options.keys = mine_;
  options.allowed[2] = "no key";
  EXPECT_THAT(refusal_of(options).what(), HasSubstr("40 characters of Z85"));
  options.allowed.clear();
  options.keys->secret_key = "no key";
  EXPECT_THAT(refusal_of(options).what(), StartsWith("cannot set up the node's sockets: "));
}

TEST_F(CurveTest, a_bind_that_fails_names_its_endpoint_and_hangs_nowhere) {
  ZmqOptions options = loopback(1);
  options.keys = mine_;
  options.binds = {"tcp://203.0.113.7"};  // no machine's: RFC 5737
  const Error error = refusal_of(options);
  EXPECT_THAT(error.what(), StartsWith("cannot bind tcp://203.0.113.7:"));
  EXPECT_EQ(error.fault(), Fault::kHost);
}

TEST(ZmqTransport, a_plaintext_bind_off_loopback_is_refused) {
  for (const char* address :
       {"0.0.0.0", "*", "[::]", "::", "127.1", "192.0.2.1", "[::ffff:127.0.0.1]", "eth0", "lo",
        "localhost.example.org", "128.0.0.1", "2130706433", "0x7f.1", ""}) {
    ZmqOptions options = loopback(1);
    options.binds = {std::string("tcp://") + address};
    const Error error = refusal_of(options);
    EXPECT_EQ(error.fault(), Fault::kConfig) << address;
    EXPECT_THAT(error.what(), StartsWith("refusing to bind tcp://" + std::string(address) + " in plaintext"));
  }
}

TEST(ZmqTransport, binds_loopback_in_plaintext) {
  for (const char* address : {"127.0.0.1", "127.8.9.10", "localhost", "[::1]", "::1"}) {
    ZmqOptions options = loopback(1);
    options.binds = {std::string("tcp://") + address};
    const std::string answer = refusal_of(options).what();
    // A machine may be without IPv6; that is no refusal.
    EXPECT_THAT(answer, testing::AnyOf("it was not refused", StartsWith("cannot bind tcp://[::1]:")))
        << address;
  }
}

TEST(ZmqTransport, binds_anywhere_when_the_job_file_says_so) {
  ZmqOptions options = loopback(1);
  options.binds = {"tcp://0.0.0.0", "tcp://127.0.0.1"};
  options.plaintext_off_loopback = true;
  const ZmqTransport transport(options);
  ASSERT_EQ(transport.endpoints().size(), 2u);
  EXPECT_THAT(transport.endpoints()[0], StartsWith("tcp://0.0.0.0:"));
  EXPECT_THAT(transport.endpoints()[1], StartsWith("tcp://127.0.0.1:"));
  EXPECT_EQ(transport.address().endpoint, transport.endpoints()[0]);
}

TEST(ZmqTransport, knows_loopback) {
  for (const char* yes : {"127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "localhost"}) {
    EXPECT_TRUE(is_loopback(yes)) << yes;
  }
  for (const char* no :
       {"", "*", "0.0.0.0", "::", "127.1", "::ffff:127.0.0.1", "10.0.0.1", "lo", "Localhost.", "::2"}) {
    EXPECT_FALSE(is_loopback(no)) << no;
  }
}

TEST(ZmqTransport, says_when_every_port_is_taken) {
  const ZmqTransport first(loopback(1));
  const std::string endpoint = first.address().endpoint;
  const auto port = static_cast<std::uint16_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1)));
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

TEST(ZmqTransport, takes_another_port_when_one_is_taken) {
  const ZmqTransport first(loopback(1));
  const std::string endpoint = first.address().endpoint;
  const auto port = static_cast<std::uint16_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1)));
  ZmqOptions options = loopback(2);
  options.port_first = static_cast<std::uint16_t>(port - 20);
  options.port_last = port;
  std::vector<std::unique_ptr<ZmqTransport>> others;
  for (int i = 0; i < 8; ++i) others.push_back(std::make_unique<ZmqTransport>(options));
  for (const auto& other : others) EXPECT_NE(other->address().endpoint, endpoint);
}

TEST(ZmqTransport, an_ipc_file_is_there_as_long_as_its_node) {
  const test::TempFolder folder;
  const auto file = folder.path() / "node-1";
  ZmqOptions options;
  options.binds = {"ipc://" + file.string()};
  {
    ZmqTransport transport(options);
    EXPECT_TRUE(std::filesystem::exists(file));
    transport.close(milliseconds(0));
    EXPECT_FALSE(std::filesystem::exists(file));
  }
  { const ZmqTransport again(options); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ZmqTransport, a_path_that_is_too_long_is_named) {
  ZmqOptions options;
  options.binds = {"ipc:///tmp/" + std::string(120, 'x')};
  const Error error = refusal_of(options);
  EXPECT_THAT(error.what(), StartsWith("cannot bind " + options.binds[0] + ": "));
  EXPECT_EQ(error.fault(), Fault::kHost);
}

TEST(ZmqTransport, drops_multipart_messages_whole) {
  ZmqTransport node(loopback(1));
  Raw other;
  other.connect(node.address());
  other.send("one", true);
  other.send("", true);
  other.send("three");
  other.send("", true);
  other.send("behind nothing");
  other.send("single");
  EXPECT_EQ(next_text(node), "single");
  EXPECT_FALSE(node.receive(milliseconds(0)));
}

TEST(ZmqTransport, a_frame_over_the_limit_does_not_arrive_and_the_node_lives) {
  ZmqOptions options = loopback(1);
  options.message_max = 1000;
  ZmqTransport node(options);
  Raw greedy;
  greedy.connect(node.address());
  greedy.send(std::string(1000, 'x'));
  EXPECT_EQ(next_text(node).size(), 1000u);
  greedy.send(std::string(1001, 'y'));
  greedy.wait_for_refusal();
  ZmqTransport other(loopback(2));
  other.connect(1, node.address());
  other.send(1, frame_of("modest"));
  EXPECT_EQ(next_text(node), "modest");
}

TEST(ZmqTransport, an_endpoint_that_makes_no_sense_is_named) {
  ZmqTransport node(loopback(1));
  for (const char* endpoint : {"", "nonsense", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "smoke://signals"}) {
    try {
      node.connect(5, Address(endpoint, ""));
      FAIL() << endpoint;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), StartsWith("cannot connect to node 5 at " + std::string(endpoint) + ": "));
      EXPECT_EQ(error.fault(), Fault::kHost);
    }
  }
  EXPECT_EQ(node.send(5, frame_of("x")), SendResult::kUnknown);
}

TEST(ZmqTransport, many_come_and_go) {
  ZmqTransport node(loopback(1));
  for (NodeId id = 2; id < 32; ++id) {
    ZmqTransport other(loopback(id));
    other.connect(1, node.address());
    node.connect(id, other.address());
    other.send(1, frame_of("hello"));
    EXPECT_EQ(next_text(node), "hello");
    node.send(id, frame_of("welcome"));
    EXPECT_EQ(next_text(other), "welcome");
    node.disconnect(id);
  }
}

}  // namespace
}  // namespace wisp::runtime
