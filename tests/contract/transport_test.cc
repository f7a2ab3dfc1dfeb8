// What every transport promises (runtime/transport.h), on each of them.
#include "runtime/transport.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/runtime/disturbed_network.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/simulated_network.h"
#include "tests/support/seed.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using test::frame_of;
using test::kHang;
using test::next;
using test::next_text;

struct Case {
  test::NetworkKind kind;
  Channel channel;
};
void PrintTo(const Case& each, std::ostream* out) {
  *out << each.kind.name << (each.channel == Channel::kData ? "" : "Control");
}
std::vector<Case> cases_of(std::initializer_list<Channel> channels) {
  std::vector<Case> cases;
  for (const Channel channel : channels) {
    for (const auto& kind :
         {test::kInProcess, test::kIpc, test::kTcp, test::kCurve, test::kDisturbed, test::kSimulated}) {
      cases.push_back(Case{kind, channel});
    }
  }
  return cases;
}

class TransportContract : public testing::TestWithParam<Case> {
 protected:
  std::unique_ptr<Transport> attach(NodeId id) { return network_->attach(id, GetParam().channel); }
  // Node `from` can send to node `to` from now on.
  void join(Transport& from, NodeId to) { from.connect(to, network_->address(to)); }

  const std::unique_ptr<test::Network> network_ = GetParam().kind.make();
};
INSTANTIATE_TEST_SUITE_P(Each, TransportContract,
                         testing::ValuesIn(cases_of({Channel::kData, Channel::kControl})),
                         testing::PrintToStringParamName());

// What is asked of the data channel only.
class DataTransportContract : public TransportContract {};
INSTANTIATE_TEST_SUITE_P(Each, DataTransportContract, testing::ValuesIn(cases_of({Channel::kData})),
                         testing::PrintToStringParamName());

// What the two channels of a node have to do with each other.
class ChannelsContract : public TransportContract {};
INSTANTIATE_TEST_SUITE_P(Each, ChannelsContract, testing::ValuesIn(cases_of({Channel::kData})),
                         testing::PrintToStringParamName());

std::string random_text(Rng& rng, std::uint32_t size_max) {
  std::string text(1 + rng.below(size_max), '\0');
  for (char& c : text) c = static_cast<char>(rng.below(256));
  return text;
}

TEST_P(TransportContract, carries_frames_whole_and_in_order) {
  const auto from = attach(1);
  const auto to = attach(2);
  join(*from, 2);
  std::vector<std::string> sent;
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  for (int i = 0; i < 500; ++i) {
    sent.push_back(random_text(rng, i % 10 == 0 ? 20'000 : 200));  // shared and copied ones
    ASSERT_EQ(from->send(2, frame_of(sent.back())), SendResult::kQueued);
  }
  for (const std::string& text : sent) ASSERT_EQ(next_text(*to), text);
  EXPECT_FALSE(to->receive(milliseconds(0)));
}

TEST_P(TransportContract, keeps_the_order_of_each_sender_among_three) {
  constexpr int kFrames = 200;
  std::vector<std::unique_ptr<Transport>> nodes;
  for (NodeId id = 0; id < 3; ++id) nodes.push_back(attach(id));
  for (NodeId from = 0; from < 3; ++from) {
    for (NodeId to = 0; to < 3; ++to) {
      if (from != to) join(*nodes[from], to);
    }
  }
  for (int i = 0; i < kFrames; ++i) {
    for (NodeId from = 0; from < 3; ++from) {
      for (NodeId to = 0; to < 3; ++to) {
        if (from == to) continue;
        const std::string text = std::to_string(from) + std::to_string(to) + " " + std::to_string(i);
        ASSERT_EQ(nodes[from]->send(to, frame_of(text)), SendResult::kQueued);
      }
    }
  }
  for (NodeId to = 0; to < 3; ++to) {
    std::vector<int> received(3, 0);
    for (int i = 0; i < 2 * kFrames; ++i) {
      const std::string text = next_text(*nodes[to]);
      const auto from = static_cast<NodeId>(text[0] - '0');
      EXPECT_EQ(text, std::to_string(from) + std::to_string(to) + " " + std::to_string(received[from]));
      ++received[from];
    }
    EXPECT_EQ(received[(to + 1) % 3], kFrames);
    EXPECT_EQ(received[(to + 2) % 3], kFrames);
  }
}

TEST_P(DataTransportContract, carries_big_frames) {
  const auto from = attach(1);
  const auto to = attach(2);
  join(*from, 2);
  std::vector<std::byte> big(5 << 20);
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<std::byte>(i * 7 + i / 256);
  const Bytes frame{std::vector<std::byte>(big)};
  for (int i = 0; i < 3; ++i) ASSERT_EQ(from->send(2, frame), SendResult::kQueued);
  for (int i = 0; i < 3; ++i) {
    const Received received = next(*to);
    ASSERT_TRUE(std::ranges::equal(received.frame.span(), std::span<const std::byte>(big)));
  }
}

TEST_P(TransportContract, an_empty_queue_is_waited_for_no_longer_than_asked) {
  const auto node = attach(1);
  EXPECT_FALSE(node->receive(milliseconds(0)));
  const Clock& clock = test::clock_of(*network_);
  const auto start = clock.steady();
  EXPECT_FALSE(node->receive(milliseconds(40)));
  EXPECT_GE(clock.steady() - start, milliseconds(35));
}

TEST_P(TransportContract, wake_from_another_thread_ends_a_wait) {
  const auto node = attach(1);
  std::atomic<int> ended = 0;
  for (int i = 0; i < 20; ++i) {
    std::thread waiter([&] {
      EXPECT_FALSE(node->receive(std::nullopt));
      node->hand_over();
      ++ended;
    });
    node->wake();  // before or while it waits
    waiter.join();
  }
  EXPECT_EQ(ended, 20);
}

TEST_P(TransportContract, wake_costs_no_frame) {
  const auto from = attach(1);
  const auto to = attach(2);
  join(*from, 2);
  std::thread waker([&] {
    for (int i = 0; i < 200; ++i) to->wake();
  });
  for (int i = 0; i < 200; ++i) from->send(2, frame_of(std::to_string(i)));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(next_text(*to), std::to_string(i));
  waker.join();
}

TEST_P(TransportContract, an_unknown_peer_is_an_answer) {
  const auto node = attach(1);
  EXPECT_EQ(node->send(2, frame_of("x")), SendResult::kUnknown);
  join(*node, 2);
  EXPECT_EQ(node->send(2, frame_of("x")), SendResult::kQueued);
  node->disconnect(2);
  EXPECT_EQ(node->send(2, frame_of("x")), SendResult::kUnknown);
  node->disconnect(2);
}

TEST_P(TransportContract, the_address_is_where_others_connect) {
  const auto from = attach(1);
  const auto to = attach(2);
  EXPECT_EQ(to->address().endpoint, network_->address(2).endpoint);
  EXPECT_EQ(to->address().control, network_->address(2).control);
  EXPECT_EQ(to->address().public_key, network_->address(2).public_key);
  from->connect(2, to->address());
  from->send(2, frame_of("hello"));
  EXPECT_EQ(next_text(*to), "hello");
}

TEST_P(TransportContract, order_holds_after_a_new_connection) {
  const auto from = attach(1);
  const auto to = attach(2);
  int sent = 0;
  int received = 0;
  for (int round = 0; round < 3; ++round) {
    join(*from, 2);
    for (int i = 0; i < 50; ++i) from->send(2, frame_of(std::to_string(sent++)));
    while (received < sent) ASSERT_EQ(next_text(*to), std::to_string(received++));
    if (round == 0) from->disconnect(2);  // the second time without
  }
}

TEST_P(TransportContract, closing_with_a_linger_delivers_what_is_queued) {
  const auto to = attach(2);
  const std::string text(65'536, 'x');
  {
    const auto from = attach(1);
    join(*from, 2);
    for (int i = 0; i < 100; ++i)
      ASSERT_EQ(from->send(2, frame_of(text + std::to_string(i))), SendResult::kQueued);
    from->close(kHang);
    from->wake();  // harmless
  }
  for (int i = 0; i < 100; ++i) ASSERT_EQ(next_text(*to), text + std::to_string(i));
}

TEST_P(TransportContract, closing_does_not_wait_longer_than_its_linger_for_an_absent_peer) {
  const auto node = attach(1);
  join(*node, 2);
  for (int i = 0; i < 10; ++i) node->send(2, frame_of("nobody will read this"));
  node->close(milliseconds(30));
}

TEST_P(TransportContract, a_peer_that_appears_after_the_send_has_the_frames) {
  const auto from = attach(1);
  join(*from, 2);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(from->send(2, frame_of(std::to_string(i))), SendResult::kQueued);
  const auto to = attach(2);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(next_text(*to), std::to_string(i));
}

TEST_P(TransportContract, a_queue_has_an_end) {
  const auto node = attach(1);
  join(*node, 2);
  const Bytes frame = frame_of("x");
  int queued = 0;
  while (queued < 100'000 && node->send(2, frame) == SendResult::kQueued) ++queued;
  EXPECT_EQ(queued, 65'536);
  EXPECT_EQ(node->send(2, frame), SendResult::kFull);
  EXPECT_EQ(node->send(3, frame), SendResult::kUnknown);
}

TEST_P(TransportContract, a_peer_that_went_away_harms_nobody) {
  const auto from = attach(1);
  const auto stays = attach(3);
  join(*from, 2);
  join(*from, 3);
  {
    const auto leaves = attach(2);
    from->send(2, frame_of("a"));
    EXPECT_EQ(next_text(*leaves), "a");
    leaves->close(milliseconds(0));
  }
  EXPECT_EQ(from->send(2, frame_of("b")), SendResult::kQueued);
  from->send(3, frame_of("c"));
  EXPECT_EQ(next_text(*stays), "c");
}

TEST_P(TransportContract, says_who_sent_a_frame_where_it_can_prove_it) {
  const auto from = attach(1);
  const auto to = attach(2);
  join(*from, 2);
  from->send(2, frame_of("hello"));
  const Received received = next(*to);
  EXPECT_EQ(received.authenticated, network_->authenticates() ? std::optional<NodeId>(1) : std::nullopt);
}

TEST_P(ChannelsContract, a_frame_stays_on_its_channel) {
  const auto from = network_->attach_both(1);
  const auto to = network_->attach_both(2);
  join(*from.data, 2);
  join(*from.control, 2);
  for (int i = 0; i < 10; ++i) {
    from.data->send(2, frame_of("data " + std::to_string(i)));
    from.control->send(2, frame_of("control " + std::to_string(i)));
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(next_text(*to.control), "control " + std::to_string(i));
    EXPECT_EQ(next_text(*to.data), "data " + std::to_string(i));
  }
}

TEST_P(ChannelsContract, control_is_not_held_up_by_data_that_nobody_reads) {
  const auto from = network_->attach_both(1);
  const auto to = network_->attach_both(2);
  join(*from.data, 2);
  join(*from.control, 2);
  const Bytes frame = frame_of("x");
  for (int i = 0; i < 300'000 && from.data->send(2, frame) == SendResult::kQueued; ++i) {
  }
  from.control->send(2, frame_of("still here"));
  EXPECT_EQ(next_text(*to.control), "still here");
}

TEST_P(ChannelsContract, each_closes_on_its_own) {
  const auto to = network_->attach_both(2);
  {
    const auto from = network_->attach_both(1);
    join(*from.data, 2);
    join(*from.control, 2);
    from.data->send(2, frame_of("last data"));
    from.data->close(kHang);
    from.data->wake();  // harmless
    from.control->send(2, frame_of("last control"));
    from.control->close(kHang);
  }
  EXPECT_EQ(next_text(*to.data), "last data");
  EXPECT_EQ(next_text(*to.control), "last control");
}

}  // namespace
}  // namespace wisp::runtime
