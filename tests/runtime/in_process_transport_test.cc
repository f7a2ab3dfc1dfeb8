// What is particular to it; the rest is in tests/contract/transport_test.cc.
#include "runtime/in_process_transport.h"

#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using test::frame_of;

TEST(InProcessTransport, shares_the_memory_of_a_frame) {
  InProcessNetwork network;
  const auto from = network.attach(1);
  const auto to = network.attach(2);
  from->connect(2, to->address());
  const Bytes frame = frame_of("shared");
  from->send(2, frame);
  EXPECT_EQ(test::next(*to).frame.data(), frame.data());
}

TEST(InProcessTransport, frames_for_a_node_that_has_gone_are_lost) {
  InProcessNetwork network;
  const auto from = network.attach(1);
  {
    const auto to = network.attach(2);
    from->connect(2, to->address());
  }
  EXPECT_EQ(from->send(2, frame_of("x")), SendResult::kQueued);
}

TEST(InProcessTransport, networks_are_apart) {
  InProcessNetwork one;
  InProcessNetwork other;
  const auto from = one.attach(1);
  const auto here = one.attach(2);
  const auto there = other.attach(2);
  from->connect(2, there->address());
  from->send(2, frame_of("x"));
  EXPECT_EQ(test::next_text(*here), "x");
  EXPECT_FALSE(there->receive(std::chrono::milliseconds(0)));
}

TEST(InProcessTransportDeathTest, a_number_is_given_once) {
  InProcessNetwork network;
  network.attach(1);
  EXPECT_DEATH(network.attach(1), "never given again");
}

}  // namespace
}  // namespace wisp::runtime
