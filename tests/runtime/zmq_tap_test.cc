#include "runtime/zmq_tap.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zmq.hpp>

#include "base/error.h"
#include "tests/support/temporary_folder.h"

namespace wisp::runtime {
namespace {

class ZmqTapTest : public testing::Test {
 protected:
  static constexpr TapLimits kNoWait{.queue_max = 10, .first_wait = std::chrono::milliseconds(0)};

  std::string endpoint() const { return "ipc://" + (folder_.path() / "tap").string(); }
  zmq::socket_t listener() {
    zmq::socket_t pull(context_->handle(), zmq::socket_type::pull);
    pull.set(zmq::sockopt::linger, 0);
    pull.set(zmq::sockopt::rcvtimeo, 10'000);
    pull.bind(endpoint());
    return pull;
  }
  static std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

  test::TemporaryFolder folder_;
  std::shared_ptr<ZmqContext> context_ =
      std::make_shared<ZmqContext>(10, std::nullopt, std::map<NodeId, std::string>());
};

TEST_F(ZmqTapTest, gives_a_listener_what_it_is_offered_in_order) {
  context_->enter();
  {
    zmq::socket_t pull = listener();
    const auto tap = open_zmq_tap(context_, endpoint(), TapLimits{.first_wait = std::chrono::seconds(10)});
    ASSERT_TRUE(tap->is_read());
    for (const char* text : {"one", "two", "three"}) ASSERT_TRUE(tap->offer(bytes(text)));
    for (const char* text : {"one", "two", "three"}) {
      zmq::message_t message;
      ASSERT_TRUE(pull.recv(message));
      EXPECT_EQ(message.to_string(), text);
    }
  }
  context_->leave();
}

TEST_F(ZmqTapTest, waits_for_nobody_and_queues_nothing_for_them) {
  const auto tap = open_zmq_tap(context_, endpoint(), kNoWait);
  EXPECT_FALSE(tap->is_read());
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(tap->offer(bytes("lost")));
}

TEST_F(ZmqTapTest, drops_what_a_listener_does_not_read) {
  context_->enter();
  {
    zmq::socket_t pull(context_->handle(), zmq::socket_type::pull);
    pull.set(zmq::sockopt::linger, 0);
    pull.set(zmq::sockopt::rcvhwm, 10);
    pull.bind(endpoint());
    const auto tap = open_zmq_tap(context_, endpoint(),
                                  TapLimits{.queue_max = 10, .first_wait = std::chrono::seconds(10)});
    const std::string record(1 << 20, 'x');
    int taken = 0;
    for (int i = 0; i < 200; ++i) taken += tap->offer(bytes(record)) ? 1 : 0;
    EXPECT_GT(taken, 0);
    EXPECT_LT(taken, 200);
  }
  context_->leave();
}

TEST_F(ZmqTapTest, refuses_what_is_not_loopback) {
  EXPECT_THROW(open_zmq_tap(context_, "10.0.0.1:9465", kNoWait), Error);
}

}  // namespace
}  // namespace wisp::runtime
