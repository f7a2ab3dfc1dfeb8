// What goes wrong with ZeroMQ's PUSH and PULL, and that it does not here. Each test is a rule of ours.
//
// Not shown here:
//   a dead peer's queue, a slow joiner, a disconnect, all of which lose frames     the link's: link_test.cc
//   send() that blocks, frames for a peer that is yet to come, wake() from a thread
//   contract/transport_test.cc a partition (connect_timeout, tcp_maxrt)      wants a packet filter and the
//   rights for it silent connections (handshake_ivl)            3 s of waiting ZMQ_FD, socket monitors,
//   inproc for actors, ZMTP heartbeats   not used, so that they can do no harm; a
//     connection that came back is found by the link's probes, not by a monitor
//   self-connection (libzmq #4588)                ports above 32767 are refused, which is shown
//   one context a process (libzmq #4242)          did not show in 5 s of trying; one is shown to suffice
//   bombs of msgpack                              base/pack_test.cc, control_frame_test.cc
//   what CURVE costs                              bench
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zmq.hpp>

#include "base/rng.h"
#include "runtime/zmq_transport.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/outsider.h"
#include "tests/support/seed.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using test::frame_of;
using test::next_text;
using test::Outsider;
using test::port_of;
using testing::StartsWith;

ZmqOptions loopback(NodeId self) {
  ZmqOptions options;
  options.self = self;
  options.binds = {"tcp://127.0.0.1"};
  return options;
}

std::unique_ptr<Transport> node(const ZmqOptions& options) { return ZmqSockets(options).data(); }

std::string refusal_of(const ZmqOptions& options) {
  try {
    const ZmqSockets sockets(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "it was not refused";
}

std::set<int> numbers_in(const char* folder) {
  std::set<int> numbers;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    numbers.insert(std::stoi(entry.path().filename()));
  }
  return numbers;
}

TEST(Trap, a_pull_that_connects_to_a_node_takes_none_of_its_frames) {
  const auto from = node(loopback(1));
  const auto to = node(loopback(2));
  zmq::context_t context;
  zmq::socket_t thief(context, zmq::socket_type::pull);
  thief.set(zmq::sockopt::linger, 0);
  thief.connect(to->address().endpoint);
  thief.connect(from->address().endpoint);
  from->connect(2, to->address());
  for (int i = 0; i < 1000; ++i) from->send(2, frame_of(std::to_string(i)));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(next_text(*to), std::to_string(i));
  zmq::message_t message;
  EXPECT_FALSE(thief.recv(message, zmq::recv_flags::dontwait));
}

TEST(Trap, closing_never_hangs) {
  const auto sleeper = node(loopback(2));
  for (const NodeId peer : {2u, 3u}) {  // one that does not read, one that is not there
    const auto closing = node(loopback(1));
    closing->connect(2, sleeper->address());
    closing->connect(3, Address("tcp://127.0.0.1:1", ""));
    const Bytes frame{std::vector<std::byte>(1 << 20)};
    for (int i = 0; i < 50; ++i) closing->send(peer, frame);
    closing->close(milliseconds(50));
  }
}

TEST(Trap, a_node_that_is_destroyed_without_being_closed_does_not_hang) {
  const auto to = node(loopback(2));
  ZmqOptions options = loopback(1);
  options.keys = CurveKeys::make();
  for (int i = 0; i < 20; ++i) {
    ZmqSockets sockets(options);
    const auto data = sockets.data();
    const auto control = sockets.control();
    data->connect(3, Address("tcp://127.0.0.1:1", options.keys->public_key));
    data->send(3, frame_of("nobody will read this"));
  }
}

TEST(TrapDeathTest, a_second_thread_at_a_transport_is_our_mistake) {
  const auto transport = node(loopback(1));
  std::thread([&] { transport->receive(milliseconds(0)); }).join();
  EXPECT_DEATH(transport->receive(milliseconds(0)), "one thread uses a transport");
  std::thread([&] { transport->hand_over(); }).join();
  EXPECT_FALSE(transport->receive(milliseconds(0)));
}

TEST(Trap, a_second_bind_on_a_live_path_is_refused) {
  const test::TempFolder folder;
  ZmqOptions options;
  options.binds = {"ipc://" + (folder.path() / "1").string()};
  const auto first = node(options);
  EXPECT_EQ(refusal_of(options), "cannot bind " + options.binds[0] + ": somebody listens there already");
  const auto other = node(loopback(2));
  other->connect(1, first->address());
  other->send(1, frame_of("still mine"));
  EXPECT_EQ(next_text(*first), "still mine");
}

TEST(Trap, the_path_of_a_process_that_was_killed_can_be_bound_again) {
  const test::TempFolder folder;
  ZmqOptions options;
  options.binds = {"ipc://" + (folder.path() / "1").string()};
  auto [read, write] = make_pipe();
  const pid_t killed = ::fork();
  if (killed == 0) {
    const ZmqSockets sockets(options);
    ::write(write.get(), "x", 1);
    ::pause();
  }
  char ready = 0;
  ASSERT_EQ(::read(read.get(), &ready, 1), 1);
  ::kill(killed, SIGKILL);
  ::waitpid(killed, nullptr, 0);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "1"));  // nobody was there to remove it
  EXPECT_EQ(refusal_of(options), "it was not refused");
}

TEST(Trap, a_path_that_is_too_long_is_named) {
  ZmqOptions options;
  options.binds = {"ipc:///tmp/" + std::string(120, 'x')};
  EXPECT_EQ(refusal_of(options), "cannot bind " + options.binds[0] +
                                     ": the path of a socket has room for 107 bytes, this one has 125");
  options.binds = {"ipc:///tmp/" + std::string(100, 'x')};  // its control socket's is
  EXPECT_THAT(refusal_of(options), StartsWith("cannot bind " + options.binds[0] + ".control: "));
}

TEST(Trap, an_endpoint_that_makes_no_sense_is_named_instead_of_never_answering) {
  const auto transport = node(loopback(1));
  for (const char* endpoint :
       {"", "nonsense", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "tcp://127.0.0.1:99999", "tcp://127.0.0.1:0",
        "tcp://no.such.name:20000", "tcp://0.0.0.0:20000", "tcp://[::]:20000", "tcp://::1:20000",
        "ipc://relative", "smoke://signals"}) {
    try {
      transport->connect(5, Address(endpoint, ""));
      FAIL() << endpoint;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), StartsWith("cannot connect to node 5 at " + std::string(endpoint) + ": "));
      EXPECT_EQ(error.fault(), Fault::kHost);
    }
  }
  EXPECT_EQ(transport->send(5, frame_of("x")), SendResult::kUnknown);
}

TEST(Trap, a_port_to_which_a_node_could_connect_by_itself_is_refused) {
  ZmqOptions options = loopback(1);
  options.port_last = 32768;
  EXPECT_THAT(refusal_of(options), StartsWith("network.ports: 20000-32768 is not a range within 1-32767; "));
  options.port_last = 19999;
  EXPECT_THAT(refusal_of(options), StartsWith("network.ports: 20000-19999 is not a range within 1-32767; "));
  options.binds = {"tcp://127.0.0.1:40000"};
  EXPECT_THAT(refusal_of(options), StartsWith("network.ports: 40000-40000 is not a range within 1-32767; "));
}

TEST(Trap, a_new_program_inherits_no_file_of_ours) {
  const std::set<int> before = numbers_in("/proc/self/fd");
  const test::TempFolder folder;
  ZmqOptions ipc;
  ipc.binds = {"ipc://" + (folder.path() / "1").string()};
  ZmqOptions tcp = loopback(2);
  const auto one = node(ipc);
  const auto other = node(tcp);
  one->connect(2, other->address());
  other->connect(1, one->address());
  one->send(2, frame_of("x"));
  other->send(1, frame_of("y"));
  EXPECT_EQ(next_text(*other), "x");
  EXPECT_EQ(next_text(*one), "y");
  int ours = 0;
  for (const int fd : numbers_in("/proc/self/fd")) {
    if (before.contains(fd)) continue;
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0) continue;  // the folder that was read
    EXPECT_TRUE((flags & FD_CLOEXEC) != 0) << fd;
    ++ours;
  }
  EXPECT_GE(ours, 8);
}

TEST(Trap, both_channels_of_a_node_share_one_context) {
  node(loopback(1));  // so that what makes threads once has made them
  const std::set<int> before = numbers_in("/proc/self/task");  // with some that are about to end, perhaps
  const ZmqSockets sockets(loopback(1));
  std::set<int> fresh = numbers_in("/proc/self/task");
  std::erase_if(fresh, [&](int thread) { return before.contains(thread); });
  EXPECT_EQ(fresh.size(), 2U);  // libzmq's reaper and its I/O thread
}

TEST(Trap, a_multipart_message_is_dropped_whole) {
  const auto transport = node(loopback(1));
  Outsider other;
  other.connect(transport->address().endpoint);
  other.send("one", true);
  other.send("", true);
  other.send("three");
  other.send("", true);
  other.send("behind nothing");
  other.send("single");
  EXPECT_EQ(next_text(*transport), "single");
  EXPECT_FALSE(transport->receive(milliseconds(0)));
}

TEST(Trap, a_frame_over_the_limit_costs_its_sender_the_connection_and_nobody_else) {
  ZmqOptions options = loopback(1);
  options.message_max = 1000;
  const auto transport = node(options);
  const auto other = node(loopback(2));
  other->connect(1, transport->address());
  other->send(1, frame_of("before"));
  EXPECT_EQ(next_text(*transport), "before");
  Outsider greedy;
  greedy.connect(transport->address().endpoint);
  greedy.send(std::string(1000, 'x'));
  EXPECT_EQ(next_text(*transport).size(), 1000u);
  greedy.send(std::string(1001, 'y'));
  greedy.wait_for_refusal();
  other->send(1, frame_of("after"));
  EXPECT_EQ(next_text(*transport), "after");
}

TEST(Trap, a_frame_over_the_limit_is_refused_where_it_is_sent) {
  ZmqOptions options = loopback(1);
  options.message_max = 1000;
  const auto transport = node(options);
  const auto other = node(loopback(2));
  transport->connect(2, other->address());
  transport->send(2, frame_of(std::string(1000, 'x')));
  EXPECT_EQ(next_text(*other).size(), 1000u);
  try {
    transport->send(2, frame_of(std::string(1001, 'y')));
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
    EXPECT_STREQ(
        error.what(),
        "a message for node 2 makes a frame of 1001 bytes, where nodes take 1000: set network.max_message "
        "above it");
  }
}

TEST(Trap, a_signal_ends_a_wait_and_breaks_nothing) {
  struct sigaction action {};
  struct sigaction old {};
  action.sa_handler = [](int) {};  // and no SA_RESTART
  ::sigaction(SIGUSR1, &action, &old);
  const auto from = node(loopback(1));
  const auto to = node(loopback(2));
  from->connect(2, to->address());
  from->hand_over();
  std::atomic<bool> ended = false;
  std::thread waiter([&] {
    EXPECT_FALSE(to->receive(std::nullopt));
    to->hand_over();
    ended = true;
  });
  while (!ended) ::pthread_kill(waiter.native_handle(), SIGUSR1);
  waiter.join();

  ended = false;
  std::thread sender([&] {
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(from->send(2, frame_of(std::to_string(i))), SendResult::kQueued);
    ended = true;
  });
  while (!ended) ::pthread_kill(sender.native_handle(), SIGUSR1);
  sender.join();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(next_text(*to), std::to_string(i));
  ::sigaction(SIGUSR1, &old, nullptr);
}

TEST(Trap, many_nodes_come_and_go) {
  const auto stays = node(loopback(1));
  for (NodeId id = 2; id < 32; ++id) {
    const auto other = node(loopback(id));
    other->connect(1, stays->address());
    stays->connect(id, other->address());
    other->send(1, frame_of("hello"));
    EXPECT_EQ(next_text(*stays), "hello");
    stays->send(id, frame_of("welcome"));
    EXPECT_EQ(next_text(*other), "welcome");
    stays->disconnect(id);
  }
}

TEST(Trap, junk_from_the_network_ends_no_node) {
  const auto transport = node(loopback(1));
  const auto other = node(loopback(2));
  other->connect(1, transport->address());
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  for (int i = 0; i < 100; ++i) {
    test::TcpConnection connection(port_of(transport->address().endpoint));
    std::string junk(1 + rng.below(200), '\0');
    for (char& c : junk) c = static_cast<char>(rng.below(256));
    if (i % 2 == 0) junk.insert(0, "\xff\0\0\0\0\0\0\0\x01\x7f\x03", 11);  // how ZMTP begins
    connection.send(junk);
    connection.finish();
  }
  other->send(1, frame_of("legal"));
  std::string text;
  while (text != "legal") text = next_text(*transport);  // in plaintext junk may be a frame
}

// A node with keys, and another that it lets in.
class CurveTrap : public testing::Test {
 protected:
  CurveTrap() {
    ZmqOptions options = loopback(1);
    options.keys = mine_;
    options.allowed = {{2, others_.public_key}};
    node_ = node(options);
  }
  // The first frame that arrives is the friend's, under its own number.
  void expect_only_the_friend() {
    ZmqOptions options = loopback(2);
    options.keys = others_;
    const auto other = node(options);
    other->connect(1, node_->address());
    other->send(1, frame_of("friend"));
    const Received received = test::next(*node_);
    EXPECT_EQ(test::text_of(received.frame), "friend");
    EXPECT_EQ(received.authenticated, std::optional<NodeId>(2));
  }
  void expect_refused(Outsider& outsider) {
    outsider.connect(node_->address().endpoint);
    for (int i = 0; i < 3; ++i) outsider.send("evil");  // libzmq takes them
    outsider.wait_for_refusal();
    expect_only_the_friend();
  }

  const CurveKeys mine_ = CurveKeys::make();
  const CurveKeys others_ = CurveKeys::make();
  const CurveKeys strangers_ = CurveKeys::make();
  std::unique_ptr<Transport> node_;
};

TEST_F(CurveTrap, a_strangers_key_delivers_nothing) {
  Outsider stranger;
  stranger.use(strangers_, mine_.public_key);
  expect_refused(stranger);
}

TEST_F(CurveTrap, no_key_delivers_nothing) {
  Outsider stranger;
  expect_refused(stranger);
}

TEST_F(CurveTrap, a_wrong_server_key_delivers_nothing) {
  Outsider mistaken;
  mistaken.use(others_, strangers_.public_key);
  expect_refused(mistaken);
}

TEST_F(CurveTrap, a_public_key_alone_delivers_nothing) {
  Outsider thief;
  CurveKeys stolen = strangers_;
  stolen.public_key = others_.public_key;  // the secret half is not its own
  thief.use(stolen, mine_.public_key);
  expect_refused(thief);
}

TEST_F(CurveTrap, a_node_that_is_not_who_it_should_be_is_told_nothing) {
  ZmqOptions options = loopback(3);
  options.keys = strangers_;
  options.allowed = {{1, mine_.public_key}};
  const auto impostor = node(options);
  node_->connect(2, Address(impostor->address().endpoint, others_.public_key));  // not the impostor's key
  node_->send(2, frame_of("secret"));
  expect_only_the_friend();
  EXPECT_FALSE(impostor->receive(milliseconds(0)));
}

TEST_F(CurveTrap, junk_from_the_network_delivers_nothing) {
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  for (int i = 0; i < 100; ++i) {
    test::TcpConnection connection(port_of(node_->address().endpoint));
    std::string junk(1 + rng.below(200), '\0');
    for (char& c : junk) c = static_cast<char>(rng.below(256));
    connection.send(junk);
    connection.finish();
  }
  test::TcpConnection old(port_of(node_->address().endpoint));
  old.send(std::string_view("\x01\x00\x06\x00hello\x06\x00evil!", 16));  // ZMTP/1.0, which knows no handshake
  old.finish();
  expect_only_the_friend();
}

}  // namespace
}  // namespace wisp::runtime
