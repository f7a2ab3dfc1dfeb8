// What it does while it is disturbed; what it does else is in tests/contract/transport_test.cc.
#include "runtime/disturbed_transport.h"

#include <numeric>

#include <gtest/gtest.h>

#include "runtime/wire.h"
#include "tests/runtime/disturbed_network.h"
#include "tests/runtime/two_nodes.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using test::frame_of;
using test::kHang;
using test::text_of;

Disturbance lasting(milliseconds lasts) {
  Disturbance disturbance;
  disturbance.lasts = lasts;
  return disturbance;
}

// Node 1 can be disturbed; node 2 is as any other. In virtual time.
class DisturbedTransportTest : public testing::Test {
 protected:
  DisturbedTransportTest() {
    here_->connect(2, network_.address(2));
    there_->connect(1, network_.address(1));
  }
  // Lets node 1 serve its channel for so long.
  std::vector<std::string> serve(milliseconds duration) {
    std::vector<std::string> received;
    const auto end = network_.clock().steady() + duration;
    while (network_.clock().steady() < end) {
      const auto left = std::chrono::ceil<milliseconds>(end - network_.clock().steady());
      if (const auto frame = here_->receive(left)) received.push_back(text_of(frame->frame));
    }
    return received;
  }
  std::vector<std::string> arrived() {
    std::vector<std::string> received;
    while (const auto frame = there_->receive(milliseconds(0))) received.push_back(text_of(frame->frame));
    return received;
  }
  Bytes frame_from(NodeId source) const {
    std::vector<std::byte> frame(kHeaderSize);
    FrameHeader header;
    header.source = source;
    write_header(frame.data(), header);
    return Bytes(std::move(frame));
  }

  test::Disturbed<test::Simulated> network_;
  Disturbances& disturbances_ = network_.of(1);
  const std::unique_ptr<Transport> here_ = network_.attach(1);
  const std::unique_ptr<Transport> there_ = network_.attach(2);
};

TEST_F(DisturbedTransportTest, delays_frames_in_both_directions) {
  Disturbance delay = lasting(milliseconds(1000));
  delay.delay = milliseconds(100);
  disturbances_.add(delay);
  EXPECT_EQ(here_->send(2, frame_of("out")), SendResult::kQueued);
  EXPECT_EQ(there_->send(1, frame_of("in")), SendResult::kQueued);
  EXPECT_TRUE(serve(milliseconds(99)).empty());
  EXPECT_TRUE(arrived().empty());
  EXPECT_EQ(serve(milliseconds(5)), std::vector<std::string>{"in"});
  EXPECT_EQ(arrived(), std::vector<std::string>{"out"});
}

TEST_F(DisturbedTransportTest, nothing_overtakes_what_is_late) {
  Disturbance delay = lasting(milliseconds(50));
  delay.delay = milliseconds(100);
  disturbances_.add(delay);
  here_->send(2, frame_of("1"));
  there_->send(1, frame_of("a"));
  serve(milliseconds(60));
  EXPECT_FALSE(disturbances_.on(2).delay.count() > 0);
  here_->send(2, frame_of("2"));
  there_->send(1, frame_of("b"));
  EXPECT_EQ(serve(milliseconds(60)), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(arrived(), (std::vector<std::string>{"1", "2"}));
}

TEST_F(DisturbedTransportTest, loses_its_share) {
  Disturbance drop = lasting(milliseconds(100'000));
  drop.drop = 0.25;
  disturbances_.add(drop);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(here_->send(2, frame_of("out")), SendResult::kQueued);
    there_->send(1, frame_of("in"));
  }
  const auto in = serve(milliseconds(10)).size();
  const auto out = arrived().size();
  for (const std::size_t some : {in, out}) {
    EXPECT_GT(some, 650u);
    EXPECT_LT(some, 850u);
  }
}

TEST_F(DisturbedTransportTest, a_cut_lets_nothing_through_but_from_its_own_side) {
  Disturbance cut = lasting(milliseconds(50));
  cut.cut = true;
  cut.spared = {2};
  disturbances_.add(cut);
  there_->send(1, frame_from(2));
  there_->send(1, frame_from(3));  // as if it came from there
  EXPECT_EQ(serve(milliseconds(10)).size(), 1u);
  here_->send(2, frame_of("spared"));
  serve(milliseconds(10));
  EXPECT_EQ(arrived(), std::vector<std::string>{"spared"});
  cut.spared = {};
  disturbances_.add(cut);
  here_->send(2, frame_of("cut"));
  serve(milliseconds(100));
  EXPECT_TRUE(arrived().empty());
  here_->send(2, frame_of("healed"));
  serve(milliseconds(10));
  EXPECT_EQ(arrived(), std::vector<std::string>{"healed"});
}

TEST_F(DisturbedTransportTest, what_is_late_leaves_before_it_closes) {
  Disturbance delay = lasting(milliseconds(1000));
  delay.delay = milliseconds(500);
  disturbances_.add(delay);
  here_->send(2, frame_of("last words"));
  here_->close(milliseconds(0));
  EXPECT_EQ(test::next_text(*there_), "last words");
}

// Keeps what it is told.
class Keeper : public Actor {
 public:
  using Constructor = void();
  void note(int value) { notes_.push_back(value); }
  std::vector<int> notes() const { return notes_; }

 private:
  std::vector<int> notes_;
};

class DisturbedLinks : public test::TwoNodes {
 protected:
  DisturbedLinks() {
    registry_.actor<Keeper>("keeper").method<&Keeper::note>("note").method<&Keeper::notes>("notes");
    start();
  }
  Disturbances& disturbances(NodeId id) {
    return dynamic_cast<test::Disturbed<test::InProcess>&>(*network_).of(id);
  }
};
INSTANTIATE_TEST_SUITE_P(Each, DisturbedLinks,
                         testing::Values(test::World{"Disturbed", test::kDisturbed, 0},
                                         test::World{"DisturbedPool", test::kDisturbed, 2}),
                         test::world_name);

TEST_P(DisturbedLinks, deliver_all_in_order_whatever_is_lost_or_late) {
  constexpr int kMessages = 3000;
  Disturbance bad = lasting(milliseconds(400));
  bad.drop = 0.2;
  bad.delay = milliseconds(3);
  disturbances(1).add(bad);
  Disturbance cut = lasting(milliseconds(150));
  cut.cut = true;
  disturbances(2).add(cut);
  const auto keeper = adopt(2, "keeper", std::make_unique<Keeper>());
  for (int i = 0; i < kMessages; ++i) keeper.tell<&Keeper::note>(i);
  std::vector<int> expected(kMessages);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(keeper.call<&Keeper::notes>().get(kHang), expected);
}

}  // namespace
}  // namespace wisp::runtime
