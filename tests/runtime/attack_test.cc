// What strangers, and members that lie, can do to a node that speaks CURVE: a process with an actor in it,
// whose address and public key they know. Nothing of theirs reaches the actor, and its memory does not grow.
#include <sys/resource.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/frames.h"
#include "tests/runtime/outsider.h"
#include "tests/runtime/real_cluster.h"

namespace wisp::runtime::real {
namespace {

using test::kHang;
using test::Outsider;
using test::TcpConnection;

constexpr NodeId kLatecomer = 2;
constexpr NodeId kMember = 1000;
constexpr std::size_t kFlood = 64u << 20;   // bytes
constexpr std::size_t kGrowth = 16u << 20;  // bytes
constexpr int kSilentConnections = 2000;

// The allocators of the sanitizers keep what is freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsKept = true;
#else
constexpr bool kMemoryIsKept = false;
#endif

std::string padded(std::string text, std::size_t size) {
  text.resize(size);
  return text;
}
// RFC 23 and 37: signature, version, mechanism, as server, filler.
std::string greeting(const std::string& mechanism) {
  return padded(std::string("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0", 12) + padded(mechanism, 20), 64);
}
std::string kilobytes_of_frames(std::string_view frame) {
  std::string frames;
  while (frames.size() < 64u << 10) frames += frame;
  return frames;
}
std::string frame_of(char flags) { return std::string(1, flags) + '\x40' + std::string(64, 'x'); }

class Attack : public testing::Test {
 protected:
  Attack() {
    member_options_.self = kMember;
    member_options_.binds = {"tcp://" + test::own_loopback()};
    member_options_.keys = cluster_.keys(kMember);
    cluster_.keys(kLatecomer);
    node_ = cluster_.start("victim");
    cluster_.wait_for({node_});
    endpoint_ = system_.endpoint_of(node_);
    counter_.emplace(system_.spawn<Counter>(Options("counter").on("victim")).get(kHang));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(value(), 0u);
    memory_before_ = memory();
  }

  std::uint64_t value() const { return counter_->call<&Counter::value>().get(kHang); }
  std::size_t memory() {
    std::ifstream file("/proc/" + std::to_string(cluster_.process(node_).pid()) + "/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    file >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }
  // Nothing has reached the actor, it still serves, and its node has not grown.
  void expect_unharmed() {
    EXPECT_EQ(value(), 0u);
    const std::size_t now = memory();
    if (!kMemoryIsKept) {
      EXPECT_LT(now, memory_before_ + kGrowth);
    }
    std::printf("figures: the node grew by %.1f MiB\n",
                (static_cast<double>(now) - static_cast<double>(memory_before_)) / (1 << 20));
  }
  // Frames that would count are sent and sent again, and the connection is refused each time. Without keys:
  // none.
  void knock_in_vain(const std::optional<CurveKeys>& keys) {
    const Bytes frame = addition(0);
    for (int i = 0; i < 20; ++i) {
      Outsider stranger;
      if (keys) stranger.use(*keys, cluster_.keys(node_).public_key);
      stranger.connect(endpoint_);
      for (int j = 0; j < 100; ++j)
        stranger.send({reinterpret_cast<const char*>(frame.data()), frame.size()});
      stranger.wait_for_refusal();
    }
  }
  std::string host() const { return endpoint_.substr(6, endpoint_.rfind(':') - 6); }
  TcpConnection connection() const { return TcpConnection(test::port_of(endpoint_), host()); }

  // A frame that adds one to the counter, as node `source` would send it first.
  Bytes addition(NodeId source) const {
    FrameHeader header;
    header.run = test::kRun;
    header.source = source;
    header.destination = node_;
    header.sequence = 1;
    Envelope envelope;
    envelope.receiver = counter_->id().index;
    envelope.method = registry_.id_of<&Counter::add>();
    const Bytes no_arguments = call_detail::packed_arguments<call_detail::ArgumentsOf<&Counter::add>>();
    return test::write_frame(header, {test::Message(envelope, no_arguments)});
  }

  Cluster cluster_{Wire::kCurve, FailureLimits()};
  System& system_ = cluster_.system();
  const Registry& registry_ = system_.node().registry();
  ZmqOptions member_options_;
  NodeId node_ = 0;
  std::string endpoint_;
  std::optional<Handle<Counter>> counter_;
  std::size_t memory_before_ = 0;
};

TEST_F(Attack, a_strangers_key) {
  knock_in_vain(CurveKeys::make());
  expect_unharmed();
}

TEST_F(Attack, no_key) {
  knock_in_vain(std::nullopt);
  expect_unharmed();
}

// One that was let in, and says that it is somebody else. Under its own name the same frame would count.
TEST_F(Attack, a_member_that_forges_the_sender) {
  ZmqSockets sockets(member_options_);
  const auto member = sockets.data();
  member->connect(node_, Address(endpoint_, cluster_.keys(node_).public_key));
  for (const NodeId source : {NodeId(0), node_, NodeId(7)}) member->send(node_, addition(source));
  member->send(node_, addition(kMember));
  const auto deadline = now() + kHang;
  while (value() == 0) ASSERT_LT(now(), deadline);
  EXPECT_EQ(value(), 1u);
  EXPECT_THAT(cluster_.process(node_).said(), testing::HasSubstr("another node's key signed it"));
}

TEST_F(Attack, endless_frames) {
  const std::string ready("\x04\x19\x05READY\x0bSocket-Type\0\0\0\x04PUSH", 27);
  const std::string more = kilobytes_of_frames(frame_of('\x01'));
  const std::string commands = kilobytes_of_frames(frame_of('\x04'));
  const std::string huge("\x02\0\0\0\x02\0\0\0\0", 9);  // a frame of 2^33 bytes follows
  struct Case {
    const char* what;
    std::string opening;
    std::string flood;
  };
  for (const Case& each :
       {Case{"a version without a handshake", std::string("\x01\0\x06\0hello", 9), "\x06\0evil!"},
        Case{"version 1", "", more},
        Case{"version 2", std::string("\xff\0\0\0\0\0\0\0\x01\x7f\x01\x08\0\0", 14), more},
        Case{"no mechanism", greeting("NULL") + ready, more},
        Case{"another mechanism", greeting("PLAIN"), commands},
        Case{"frames instead of the handshake", greeting("CURVE"), more},
        Case{"commands that are not of the handshake", greeting("CURVE"), commands},
        Case{"one frame", greeting("CURVE") + huge, more},
        Case{"one frame without a mechanism", greeting("NULL") + ready + huge, more}}) {
    TcpConnection attacker = connection();
    attacker.send(each.opening);
    const std::size_t taken = attacker.flood(each.flood, kFlood);
    EXPECT_LT(taken, kFlood) << each.what;
    attacker.finish();
  }
  expect_unharmed();
}

// Each holds a file of the node's until its time for a handshake is over; the run goes on meanwhile.
TEST_F(Attack, silent_connections) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, kSilentConnections + 1000);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < kSilentConnections + 1000) GTEST_SKIP() << "too few open files: ulimit -Hn";
  std::vector<TcpConnection> silent;
  for (int i = 0; i < kSilentConnections; ++i) silent.push_back(connection());
  EXPECT_EQ(value(), 0u);
  ASSERT_EQ(cluster_.start("latecomer"), kLatecomer);
  cluster_.wait_for({kLatecomer});
  const auto other = system_.spawn<Talker>(Options("talker").on("latecomer")).get(kHang);
  const auto answers = other.call<&Talker::greet>(std::vector<std::string>{"victim"}).get(kHang);
  EXPECT_THAT(answers, testing::ElementsAre("victim: hello talker"));
  for (TcpConnection& each : silent) each.wait_for_end();
  expect_unharmed();
}

}  // namespace
}  // namespace wisp::runtime::real
