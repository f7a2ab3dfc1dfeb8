// What the simulated network adds to what every transport promises (tests/contract/transport_test.cc).
#include "runtime/simulated_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using test::frame_of;
using test::text_of;
using testing::ElementsAre;
using testing::IsEmpty;

// Node 1 sends to node 2.
class SimulatedNetworkTest : public testing::Test {
 protected:
  void build(const NetworkModel& model = NetworkModel(), std::uint64_t seed = 1) {
    network_ = std::make_unique<SimulatedNetwork>(seed, clock_, model);
    from_ = network_->attach(1, Channel::kData, "here");
    to_ = network_->attach(2, Channel::kData, "there");
    from_->connect(2, SimulatedNetwork::address(2));
  }
  void send(int count) {
    for (int i = 0; i < count; ++i) from_->send(2, frame_of(std::to_string(i)));
  }
  // What arrives within `wait`, each with the millisecond.
  std::vector<std::string> arrivals(milliseconds wait = seconds(10)) {
    const nanoseconds end = clock_.steady() + wait;
    std::vector<std::string> texts;
    while (clock_.steady() < end) {
      const auto left = std::chrono::ceil<milliseconds>(end - clock_.steady());
      const auto received = to_->receive(left);
      if (received)
        texts.push_back(text_of(received->frame) + "@" + std::to_string(clock_.steady() / milliseconds(1)));
    }
    return texts;
  }

  SimulatedClock clock_;
  std::unique_ptr<SimulatedNetwork> network_;
  std::unique_ptr<Transport> from_;
  std::unique_ptr<Transport> to_;
};

TEST_F(SimulatedNetworkTest, frames_take_as_long_as_latency_and_bandwidth_say) {
  NetworkModel model;
  model.latency = Delay::constant(milliseconds(5));
  model.bytes_per_second = 1000;
  build(model);
  from_->send(2, frame_of(std::string(100, 'a')));
  from_->send(2, frame_of(std::string(10, 'b')));
  EXPECT_THAT(arrivals(), ElementsAre(std::string(100, 'a') + "@105", std::string(10, 'b') + "@115"));
}

TEST_F(SimulatedNetworkTest, frames_are_dropped_and_doubled_as_often_as_asked) {
  build();
  NetworkFaults faults;
  faults.drop = 0.3;
  network_->set_faults(faults);
  send(1000);
  EXPECT_NEAR(static_cast<double>(arrivals().size()), 700, 60);
  faults.drop = 0;
  faults.duplicate = 0.2;
  network_->set_faults(faults);
  send(1000);
  EXPECT_NEAR(static_cast<double>(arrivals().size()), 1200, 60);
}

TEST_F(SimulatedNetworkTest, frames_stay_in_order_unless_they_may_not) {
  NetworkModel model;
  model.latency = Delay::uniform(milliseconds(1), milliseconds(100));
  build(model);
  const auto in_order = [this] {
    std::vector<int> numbers;
    for (const std::string& each : arrivals()) numbers.push_back(std::stoi(each));
    return numbers.size() == 100 && std::ranges::is_sorted(numbers);
  };
  send(100);
  EXPECT_TRUE(in_order());
  NetworkFaults faults;
  faults.reorder = true;
  network_->set_faults(faults);
  send(100);
  EXPECT_FALSE(in_order());
}

TEST_F(SimulatedNetworkTest, a_cut_loses_what_leaves_meanwhile_in_both_directions) {
  build();
  to_->connect(1, SimulatedNetwork::address(1));
  network_->cut(1, 2, milliseconds(10), milliseconds(20));
  send(1);
  EXPECT_THAT(arrivals(milliseconds(15)), ElementsAre("0@1"));
  send(1);
  to_->send(1, frame_of("back"));
  EXPECT_THAT(arrivals(milliseconds(15)), IsEmpty());
  EXPECT_FALSE(from_->receive(milliseconds(0)));
  send(1);
  EXPECT_THAT(arrivals(milliseconds(15)), ElementsAre("0@31"));
}

TEST_F(SimulatedNetworkTest, hosts_are_cut_with_all_of_their_nodes) {
  build();
  network_->cut("here", "there", seconds(0), seconds(1));
  send(1);
  EXPECT_THAT(arrivals(milliseconds(5)), IsEmpty());
  network_->heal();
  send(1);
  EXPECT_THAT(arrivals(milliseconds(5)), ElementsAre("0@6"));
}

TEST_F(SimulatedNetworkTest, a_full_queue_is_said_to_be_full_by_chance_too) {
  build();
  NetworkFaults faults;
  faults.full = 1;
  network_->set_faults(faults);
  EXPECT_EQ(from_->send(2, frame_of("x")), SendResult::kFull);
}

TEST_F(SimulatedNetworkTest, what_is_held_back_leaves_when_it_is_released_or_never) {
  build();
  network_->hold(1);
  send(1);
  network_->release(1, milliseconds(10));
  EXPECT_THAT(arrivals(milliseconds(20)), ElementsAre("0@11"));
  network_->hold(1);
  send(1);
  network_->release(1, milliseconds(30));
  network_->remove(1);
  EXPECT_THAT(arrivals(milliseconds(20)), IsEmpty());
}

TEST_F(SimulatedNetworkTest, one_seed_is_one_network) {
  NetworkModel model;
  model.latency = Delay::lognormal(milliseconds(10), 1);
  NetworkFaults faults;
  faults.drop = 0.2;
  faults.duplicate = 0.2;
  faults.delay = 0.5;
  faults.delay_most = milliseconds(50);
  faults.reorder = true;
  const auto run = [&](std::uint64_t seed) {
    from_.reset();
    to_.reset();
    build(model, seed);
    network_->set_faults(faults);
    const nanoseconds begin = clock_.steady();
    send(50);
    std::vector<std::pair<std::string, nanoseconds>> arrived;
    while (const auto received = to_->receive(seconds(1))) {
      arrived.emplace_back(text_of(received->frame), clock_.steady() - begin);
    }
    return arrived;
  };
  const auto first = run(5);
  EXPECT_EQ(run(5), first);
  EXPECT_NE(run(6), first);
}

TEST_F(SimulatedNetworkTest, refuses_an_address_of_another_network) {
  build();
  EXPECT_THROW(from_->connect(3, Address("tcp://127.0.0.1:3", "")), Error);
}

}  // namespace
}  // namespace wisp::runtime
