#include "runtime/link.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pack.h"
#include "tests/runtime/link_world.h"
#include "tests/support/seed.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using test::LinkWorld;
using test::Weather;
using Kind = Envelope::Kind;
using Verdict = Link::Verdict;
using Texts = std::vector<std::string>;

LinkOptions options_of(NodeId self, NodeId peer, const LinkLimits& limits = LinkLimits()) {
  LinkOptions options;
  options.run = 99;
  options.self = self;
  options.peer = peer;
  options.limits = limits;
  return options;
}

Bytes bytes_of(std::string_view text) { return Bytes::copy(std::as_bytes(std::span(text))); }

FrameHeader header_of(const Bytes& frame) {
  FrameHeader header;
  EXPECT_EQ(read_header(frame.span(), header), WireError::kNone);
  return header;
}

Texts bodies_of(const Bytes& frame) {
  Texts bodies;
  MessageReader reader(frame);
  while (reader.next()) {
    bodies.emplace_back(reinterpret_cast<const char*>(reader.body().data()), reader.body().size());
  }
  EXPECT_EQ(reader.error(), WireError::kNone);
  return bodies;
}

// A link and the frames that left it.
struct Side : FrameSink {
  explicit Side(NodeId its_id, const LinkLimits& limits = LinkLimits())
      : self(its_id), link(options_of(its_id, 1 - its_id, limits)) {}

  bool emit(const Bytes& frame) override {
    if (full) return false;
    frames.push_back(frame);
    return true;
  }
  void add(Kind kind, std::string_view body) {
    Envelope envelope;
    envelope.kind = kind;
    link.add(envelope, std::as_bytes(std::span(body)));
  }
  void tell(std::string_view body) { add(Kind::kTell, body); }
  // What leaves by then.
  std::vector<Bytes> flush(nanoseconds now = nanoseconds(0)) {
    link.flush(now, *this);
    return std::exchange(frames, {});
  }
  // Takes a frame; mailboxes drain at once.
  Verdict receive(const Bytes& frame) {
    const Verdict verdict = link.receive(header_of(frame), frame.size());
    if (verdict != Verdict::kNext) return verdict;
    MessageReader reader(frame);
    while (reader.next()) {
    }
    EXPECT_TRUE(link.taken(reader.messages(), reader.charge()));
    if (drains) link.drained(reader.charge());
    return verdict;
  }
  // The peer says that it is there, and nothing else.
  void hear() {
    FrameHeader header;
    header.kind = FrameKind::kAcknowledgement;
    header.run = 99;
    header.source = 1 - self;
    header.destination = self;
    EXPECT_EQ(link.receive(header, kHeaderSize), Verdict::kControl);
  }
  void receive_all(const std::vector<Bytes>& all) {
    for (const Bytes& frame : all) EXPECT_EQ(receive(frame), Verdict::kNext);
  }

  const NodeId self;
  Link link;
  std::vector<Bytes> frames;
  bool full = false;
  bool drains = true;
};

LinkLimits window_of(std::uint64_t messages, std::uint64_t bytes) {
  LinkLimits limits;
  limits.window = {messages, bytes};
  return limits;
}

// Sends `count` tells, each in a frame of its own.
std::vector<Bytes> frames_of(Side& side, int count, nanoseconds now = nanoseconds(0)) {
  std::vector<Bytes> frames;
  for (int i = 0; i < count; ++i) {
    side.tell("x");
    for (const Bytes& frame : side.flush(now)) frames.push_back(frame);
  }
  return frames;
}

TEST(Link, packs_messages_into_numbered_frames) {
  Side side(0);
  EXPECT_TRUE(side.flush().empty()) << "nothing to say";
  side.tell("one");
  side.add(Kind::kAnswer, "two");
  side.add(Kind::kCall, "");
  const auto first = side.flush();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(bodies_of(first[0]), (Texts{"one", "two", ""}));
  const FrameHeader header = header_of(first[0]);
  EXPECT_EQ(header.kind, FrameKind::kData);
  EXPECT_EQ(header.run, 99u);
  EXPECT_EQ(header.source, 0u);
  EXPECT_EQ(header.destination, 1u);
  EXPECT_EQ(header.sequence, 1u);
  EXPECT_TRUE(side.flush().empty());
  side.tell("four");
  EXPECT_EQ(header_of(side.flush().at(0)).sequence, 2u);
}

TEST(Link, a_body_is_packed_straight_into_the_frame) {
  Side side(0);
  Envelope envelope;
  envelope.method = 5;
  envelope.body_size = 77;
  Packer packer(side.link.begin(envelope));
  packer.text("hello");
  side.link.end();
  const auto frames = side.flush();
  MessageReader reader(frames.at(0));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.envelope().method, 5u);
  EXPECT_EQ(reader.envelope().body_size, 6u);
  EXPECT_EQ(Unpacker(reader.body()).text(), "hello");
}

TEST(Link, a_message_that_is_abandoned_leaves_nothing_behind) {
  Side side(0);
  side.link.begin(Envelope()).append(bytes_of("never").span());
  side.link.abandon();
  EXPECT_TRUE(side.link.settled());
  EXPECT_TRUE(side.flush().empty());
  side.tell("one");
  side.link.begin(Envelope()).append(bytes_of("never").span());
  side.link.abandon();
  side.tell("two");
  EXPECT_EQ(bodies_of(side.flush().at(0)), (Texts{"one", "two"}));
}

TEST(Link, a_full_frame_takes_no_more) {
  LinkLimits limits;
  limits.frame_size = 300;
  Side side(0, limits);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(side.link.ready(), i >= 3) << i;  // 58 bytes, then 116 a message
    side.tell(std::string(100, 'x'));
  }
  const auto frames = side.flush();
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(bodies_of(frames[0]).size(), 3u);
  EXPECT_EQ(bodies_of(frames[3]).size(), 1u);
}

TEST(Link, a_large_tail_is_not_copied_where_it_has_headroom) {
  Side side(0);
  const Bytes tail = bytes_of(std::string(100'000, 't'));
  side.tell("before");
  side.link.add(Envelope(), bytes_of("head").span(), tail);
  side.tell("after");
  const auto frames = side.flush();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(bodies_of(frames[0]), Texts{"before"});
  EXPECT_EQ(bodies_of(frames[1]), Texts{"head" + std::string(100'000, 't')});
  EXPECT_EQ(bodies_of(frames[2]), Texts{"after"});
  EXPECT_EQ(frames[1].data() + frames[1].size(), tail.data() + tail.size()) << "copied";
  EXPECT_EQ(header_of(frames[1]).sequence, 2u);
}

TEST(Link, a_large_tail_is_copied_where_another_has_its_headroom) {
  const Bytes tail = bytes_of(std::string(100'000, 't'));
  std::vector<Bytes> frames;
  for (int i = 0; i < 2; ++i) {
    Side side(0);
    side.link.add(Envelope(), {}, tail);
    frames.push_back(side.flush().at(0));
  }
  EXPECT_EQ(frames[0].data() + frames[0].size(), tail.data() + tail.size());
  EXPECT_NE(frames[1].data() + frames[1].size(), tail.data() + tail.size());
  EXPECT_EQ(bodies_of(frames[1]), bodies_of(frames[0]));
}

TEST(Link, a_large_tail_with_headroom_for_only_a_part_is_copied) {
  const std::string head(Bytes::kHeadroom - kHeaderSize, 'h');
  const Bytes tail = bytes_of(std::string(100'000, 't'));
  Side side(0);
  side.link.add(Envelope(), bytes_of(head).span(), tail);
  const Bytes frame = side.flush().at(0);
  EXPECT_NE(frame.data() + frame.size(), tail.data() + tail.size());
  EXPECT_TRUE(tail.has_headroom(Bytes::kHeadroom)) << "nothing of it is taken";
  EXPECT_EQ(bodies_of(frame).at(0), head + std::string(100'000, 't'));
}

TEST(Link, what_a_packer_keeps_as_a_tail_is_sent_as_such) {
  Side side(0);
  const Bytes blob = bytes_of(std::string(20'000, 'b'));
  Packer packer(side.link.begin(Envelope()), Packer::Blobs::kTail);
  packer.integer(7);
  packer.blob(blob);
  side.link.end(packer.take_tail());
  const auto frames = side.flush();
  MessageReader reader(frames.at(0));
  ASSERT_TRUE(reader.next());
  Unpacker unpacker(reader.body());
  EXPECT_EQ(unpacker.integer(), 7);
  EXPECT_EQ(unpacker.blob_view().data(), blob.data()) << "copied";
}

TEST(Link, answers_pass_by_what_waits_for_the_window) {
  Side side(0, window_of(2, 1 << 20));
  for (const char* body : {"t1", "t2", "t3"}) side.tell(body);
  side.add(Kind::kAnswer, "a1");
  side.add(Kind::kCall, "t4");
  side.add(Kind::kFailure, "a2");
  side.add(Kind::kCancel, "a3");
  side.add(Kind::kDurable, "a4");
  const auto frames = side.flush();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(bodies_of(frames[0]), (Texts{"t1", "t2", "a1", "a2", "a3", "a4"}));
  EXPECT_EQ(side.link.waiting(), (Charge{2, 4}));
  EXPECT_FALSE(side.link.settled());
}

TEST(Link, what_waits_leaves_in_order_as_the_window_returns) {
  Side a(0, window_of(4, 1 << 20)), b(1, window_of(4, 1 << 20));
  Texts got, wanted;
  for (int i = 0; i < 30; ++i) {
    wanted.push_back(std::to_string(i));
    a.tell(wanted.back());
  }
  for (int round = 0; round < 10 && !a.link.settled(); ++round) {
    for (const Bytes& frame : a.flush()) {
      ASSERT_EQ(b.receive(frame), Verdict::kNext);
      for (std::string& body : bodies_of(frame)) got.push_back(std::move(body));
    }
    for (const Bytes& frame : b.flush()) EXPECT_EQ(a.receive(frame), Verdict::kControl);
  }
  EXPECT_EQ(got, wanted);
  EXPECT_EQ(b.link.statistics().violations, 0u);
  EXPECT_EQ(a.link.waiting(), Charge());
}

TEST(Link, bodies_count_against_the_window_too) {
  Side side(0, window_of(100, 1'000));
  side.tell(std::string(600, 'a'));
  side.tell(std::string(500, 'b'));  // does not fit any more
  side.tell("c");                    // would, but not before b
  EXPECT_EQ(bodies_of(side.flush().at(0)), Texts{std::string(600, 'a')});
  EXPECT_EQ(side.link.waiting(), (Charge{2, 501}));
}

TEST(Link, a_message_larger_than_the_window_goes_when_nothing_else_is_out) {
  Side a(0, window_of(4, 1'000)), b(1, window_of(4, 1'000));
  for (const std::size_t size : {std::size_t{2'000}, std::size_t{30'000}}) {
    a.tell("small");
    a.link.add(Envelope(), {}, bytes_of(std::string(size, 'x')));
    a.tell("next");
    auto frames = a.flush();
    ASSERT_EQ(frames.size(), 1u);
    b.receive_all(frames);
    EXPECT_EQ(bodies_of(frames[0]), Texts{"small"});
    for (std::size_t wanted : {size, std::size_t{4}}) {
      for (const Bytes& frame : b.flush()) a.receive(frame);
      frames = a.flush();
      ASSERT_EQ(frames.size(), 1u);
      b.receive_all(frames);
      EXPECT_EQ(bodies_of(frames[0]).at(0).size(), wanted);
    }
    for (const Bytes& frame : b.flush()) a.receive(frame);
    EXPECT_TRUE(a.link.settled());
  }
}

TEST(Link, has_room_while_not_too_much_waits) {
  LinkLimits limits = window_of(1, 1 << 20);
  limits.waiting = {3, 100};
  Side side(0, limits);
  side.tell("out");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(side.link.room());
    side.tell("waits");
  }
  EXPECT_FALSE(side.link.room());
  Side other(0, limits);
  other.tell("out");
  other.tell(std::string(100, 'x'));
  EXPECT_FALSE(other.link.room());
}

TEST(Link, data_carries_acknowledgement_and_credit) {
  Side a(0), b(1);
  a.tell("one");
  a.tell("two");
  b.receive_all(a.flush());
  b.add(Kind::kAnswer, "answer");
  const auto frames = b.flush();
  ASSERT_EQ(frames.size(), 1u);
  const FrameHeader header = header_of(frames[0]);
  EXPECT_EQ(header.kind, FrameKind::kData);
  EXPECT_EQ(header.acknowledged, 1u);
  EXPECT_EQ(header.credit_messages, 2u);
  EXPECT_EQ(header.credit_bytes, 6u);
  EXPECT_EQ(a.link.unacknowledged(), 1u);
  a.receive_all(frames);
  EXPECT_EQ(a.link.unacknowledged(), 0u);
  EXPECT_TRUE(a.link.settled());
  EXPECT_FALSE(b.link.settled());
}

TEST(Link, acknowledges_alone_after_a_while) {
  Side a(0), b(1);
  b.receive_all(frames_of(a, 2));
  EXPECT_TRUE(b.flush(milliseconds(5)).empty());
  EXPECT_EQ(b.link.deadline(), milliseconds(25));
  EXPECT_TRUE(b.flush(milliseconds(24)).empty());
  const auto frames = b.flush(milliseconds(25));
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(header_of(frames[0]).kind, FrameKind::kAcknowledgement);
  EXPECT_EQ(header_of(frames[0]).acknowledged, 2u);
  EXPECT_EQ(b.link.deadline(), std::nullopt);
  EXPECT_EQ(a.receive(frames[0]), Verdict::kControl);
  EXPECT_TRUE(a.link.settled());
}

TEST(Link, acknowledges_alone_at_once_when_told_to) {
  Side a(0), b(1);
  b.receive_all(frames_of(a, 1));
  b.link.acknowledge_now();
  EXPECT_EQ(header_of(b.flush().at(0)).acknowledged, 1u);
  EXPECT_TRUE(b.flush().empty());
}

TEST(Link, two_that_close_do_not_acknowledge_each_others_acknowledgements) {
  Side a(0), b(1);
  b.receive_all(frames_of(a, 1));
  b.link.acknowledge_now();
  EXPECT_EQ(a.receive(b.flush().at(0)), Verdict::kControl);
  a.link.acknowledge_now();
  EXPECT_TRUE(a.flush().empty());
  b.link.acknowledge_now();
  EXPECT_TRUE(b.flush().empty());
}

TEST(Link, acknowledges_alone_once_for_many_frames) {
  Side a(0), b(1);
  std::size_t acknowledgements = 0;
  for (const Bytes& frame : frames_of(a, 320)) {
    b.receive(frame);
    acknowledgements += b.flush().size();
  }
  EXPECT_EQ(acknowledgements, 10u);
  EXPECT_EQ(b.link.statistics().acknowledgements_sent, 10u);
}

TEST(Link, acknowledges_alone_for_many_bytes_that_are_not_charged) {
  Side a(0, window_of(100, 80'000)), b(1, window_of(100, 80'000));
  a.add(Kind::kAnswer, std::string(10'000, 'x'));
  b.receive_all(a.flush());
  EXPECT_EQ(b.flush().size(), 1u);
  a.add(Kind::kAnswer, "few");
  b.receive_all(a.flush());
  EXPECT_TRUE(b.flush().empty()) << "the count begins anew";
}

TEST(Link, credit_that_was_overtaken_takes_nothing_back) {
  Side a(0, window_of(2, 100)), b(1, window_of(2, 100));
  std::vector<Bytes> credits;
  for (int i = 0; i < 2; ++i) {
    a.tell("x");
    b.receive_all(a.flush());
    credits.push_back(b.flush().at(0));
  }
  a.receive(credits[1]);
  a.receive(credits[0]);
  a.tell("three");
  a.tell("four");
  EXPECT_EQ(a.link.waiting(), Charge());
}

TEST(Link, returns_credit_when_an_eighth_of_the_window_was_drained) {
  Side a(0, window_of(80, 1 << 20)), b(1, window_of(80, 1 << 20));
  b.drains = false;
  for (int i = 0; i < 80; ++i) a.tell("x");
  a.tell("waits");
  b.receive_all(a.flush());
  b.link.drained({9, 9});
  EXPECT_TRUE(b.flush().empty());
  b.link.drained({1, 1});
  const auto frames = b.flush();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(header_of(frames[0]).credit_messages, 10u);
  a.receive(frames[0]);
  EXPECT_EQ(bodies_of(a.flush().at(0)), Texts{"waits"});
}

TEST(Link, a_duplicate_is_dropped_and_acknowledged_again) {
  Side a(0), b(1);
  const auto frames = frames_of(a, 3);
  b.receive_all(frames);
  b.link.acknowledge_now();
  EXPECT_EQ(b.flush().size(), 1u);
  EXPECT_EQ(b.receive(frames[1]), Verdict::kDuplicate);
  EXPECT_EQ(b.receive(frames[2]), Verdict::kDuplicate);
  const auto answer = b.flush();
  ASSERT_EQ(answer.size(), 1u) << "one for both";
  EXPECT_EQ(header_of(answer[0]).acknowledged, 3u);
  EXPECT_FALSE(header_of(answer[0]).gap);
  EXPECT_EQ(b.link.statistics().duplicates, 2u);
}

TEST(Link, what_is_missing_is_asked_for_once_until_there_is_progress) {
  Side a(0), b(1);
  const auto frames = frames_of(a, 6);
  b.receive(frames[0]);
  EXPECT_EQ(b.receive(frames[2]), Verdict::kGap);
  const auto first = b.flush();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_TRUE(header_of(first[0]).gap);
  EXPECT_EQ(header_of(first[0]).acknowledged, 1u);
  EXPECT_EQ(b.receive(frames[3]), Verdict::kGap);
  EXPECT_TRUE(b.flush().empty()) << "asked for already";
  EXPECT_EQ(b.receive(frames[1]), Verdict::kNext);
  EXPECT_EQ(b.receive(frames[3]), Verdict::kGap);
  EXPECT_EQ(header_of(b.flush().at(0)).acknowledged, 2u);
  EXPECT_EQ(b.link.statistics().gaps, 3u);
}

TEST(Link, a_gap_that_closes_in_time_is_not_asked_for) {
  Side a(0), b(1);
  const auto frames = frames_of(a, 2);
  EXPECT_EQ(b.receive(frames[1]), Verdict::kGap);
  EXPECT_EQ(b.receive(frames[0]), Verdict::kNext);
  EXPECT_TRUE(b.flush().empty());
}

TEST(Link, resends_the_same_frames_from_the_missing_one_on) {
  Side a(0), b(1);
  const auto frames = frames_of(a, 4);
  b.receive(frames[0]);
  b.receive(frames[2]);
  EXPECT_EQ(a.receive(b.flush().at(0)), Verdict::kControl);
  a.tell("new");
  const auto again = a.flush();
  ASSERT_EQ(again.size(), 4u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(again[i].data(), frames[i + 1].data()) << "a copy";
  EXPECT_EQ(header_of(again[3]).sequence, 5u);
  b.receive_all(again);
  EXPECT_EQ(a.link.statistics().frames_resent, 3u);
  EXPECT_EQ(a.link.statistics().frames_sent, 5u);
}

TEST(Link, a_gap_that_was_overtaken_resends_nothing) {
  Side a(0), b(1);
  const auto frames = frames_of(a, 3);
  b.receive(frames[0]);
  b.receive(frames[2]);
  const Bytes old = b.flush().at(0);
  b.receive(frames[1]);
  b.receive(frames[2]);
  b.link.acknowledge_now();
  a.receive(b.flush().at(0));
  EXPECT_EQ(a.receive(old), Verdict::kControl);
  EXPECT_TRUE(a.flush().empty());
  EXPECT_TRUE(a.link.settled());
}

TEST(Link, frames_of_others_change_nothing) {
  Side b(1);
  for (int field = 0; field < 3; ++field) {
    LinkOptions options = options_of(0, 1);
    if (field == 0) options.run += 5;
    if (field == 1) options.self += 5;
    if (field == 2) options.peer += 5;
    Side stranger(0);
    Link link(options);
    link.add(Envelope(), bytes_of("x").span());
    link.flush(nanoseconds(0), stranger);
    EXPECT_EQ(b.receive(stranger.frames.at(0)), Verdict::kForeign);
  }
  EXPECT_EQ(b.link.statistics().foreign, 3u);
  EXPECT_EQ(b.link.statistics().frames_received, 0u);
  EXPECT_TRUE(b.flush(seconds(100)).empty());
}

TEST(Link, what_was_never_sent_can_be_neither_acknowledged_nor_credited) {
  Side a(0);
  a.tell("x");
  a.flush();
  FrameHeader header;
  header.kind = FrameKind::kAcknowledgement;
  header.run = 99;
  header.source = 1;
  const auto verdict = [&](std::uint64_t frames, std::uint64_t messages, std::uint64_t bytes) {
    header.acknowledged = frames;
    header.credit_messages = messages;
    header.credit_bytes = bytes;
    return a.link.receive(header, kHeaderSize);
  };
  EXPECT_EQ(verdict(2, 1, 1), Verdict::kInvalid);
  EXPECT_EQ(verdict(1, 2, 1), Verdict::kInvalid);
  EXPECT_EQ(verdict(1, 1, 2), Verdict::kInvalid);
  EXPECT_EQ(a.link.statistics().violations, 3u);
  EXPECT_EQ(a.link.unacknowledged(), 1u);
  EXPECT_EQ(verdict(1, 1, 1), Verdict::kControl);
  EXPECT_EQ(a.link.unacknowledged(), 0u);
}

TEST(Link, hears_that_it_is_fenced) {
  Side a(0);
  FrameHeader header;
  header.kind = FrameKind::kFenced;
  header.run = 99;
  header.source = 1;
  EXPECT_EQ(a.link.receive(header, kHeaderSize), Verdict::kFenced);
  header.run = 98;
  EXPECT_EQ(a.link.receive(header, kHeaderSize), Verdict::kForeign);
}

TEST(Link, probes_at_doubling_intervals_until_there_is_progress) {
  Side a(0), b(1);
  a.hear();
  const auto frames = frames_of(a, 2);
  std::vector<nanoseconds> probes;
  nanoseconds now(0);
  while (probes.size() < 8) {
    now = a.link.deadline().value();
    const auto out = a.flush(now);
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].size(), kHeaderSize);
    EXPECT_EQ(header_of(out[0]).kind, FrameKind::kProbe);
    EXPECT_EQ(header_of(out[0]).sequence, 2u);
    probes.push_back(now);
  }
  std::vector<nanoseconds> wanted;
  for (int ms : {200, 600, 1'400, 3'000, 6'200, 11'200, 16'200, 21'200}) wanted.push_back(milliseconds(ms));
  EXPECT_EQ(probes, wanted);
  b.receive(frames[0]);
  b.link.acknowledge_now();
  a.receive(b.flush().at(0));
  now += milliseconds(50);
  EXPECT_TRUE(a.flush(now).empty());
  EXPECT_EQ(a.link.deadline(), now + milliseconds(200)) << "progress";
}

TEST(Link, more_frames_do_not_put_a_probe_off_nor_add_any) {
  Side a(0);
  a.hear();
  std::size_t probes = 0;
  for (int ms = 0; ms <= 1'000; ++ms) {
    a.tell("x");
    for (const Bytes& frame : a.flush(milliseconds(ms))) probes += header_of(frame).kind == FrameKind::kProbe;
  }
  EXPECT_EQ(probes, 2u) << "at 200 and 600 ms";
}

// It may not know where to answer; the first frame says it.
TEST(Link, who_was_never_heard_is_sent_the_first_frame_again) {
  Side a(0), b(1);
  const auto frames = frames_of(a, 2);
  for (const auto at : {milliseconds(200), milliseconds(600)}) {
    const auto again = a.flush(at);
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].data(), frames[0].data());
  }
  b.receive(frames[0]);
  b.link.acknowledge_now();
  a.receive(b.flush().at(0));
  EXPECT_TRUE(a.flush(milliseconds(700)).empty());
  EXPECT_EQ(header_of(a.flush(milliseconds(900)).at(0)).kind, FrameKind::kProbe);
}

TEST(Link, does_not_probe_when_nothing_is_at_stake) {
  Side a(0), b(1);
  EXPECT_EQ(a.link.deadline(), std::nullopt);
  b.receive_all(frames_of(a, 1));
  b.link.acknowledge_now();
  a.receive(b.flush().at(0));
  EXPECT_TRUE(a.flush(seconds(100)).empty());
  EXPECT_EQ(a.link.deadline(), std::nullopt);
}

TEST(Link, a_lost_last_frame_is_found_by_a_probe) {
  Side a(0), b(1);
  a.hear();
  const auto frames = frames_of(a, 2);
  b.receive(frames[0]);
  const auto probe = a.flush(milliseconds(200));
  EXPECT_EQ(b.receive(probe.at(0)), Verdict::kControl);
  const auto answer = b.flush(milliseconds(200));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_TRUE(header_of(answer[0]).gap);
  a.receive(answer[0]);
  b.receive_all(a.flush(milliseconds(200)));
  EXPECT_EQ(b.link.statistics().frames_received, 2u);
}

TEST(Link, every_probe_is_answered_even_when_the_gap_was_reported) {
  Side a(0), b(1);
  a.hear();
  const auto frames = frames_of(a, 3);
  b.receive(frames[2]);
  EXPECT_EQ(b.flush().size(), 1u);  // lost
  b.receive(a.flush(milliseconds(200)).at(0));
  EXPECT_TRUE(header_of(b.flush().at(0)).gap);
  b.receive(a.flush(milliseconds(600)).at(0));
  EXPECT_TRUE(header_of(b.flush().at(0)).gap);
}

TEST(Link, a_busy_peer_is_probed_and_not_sent_copies) {
  Side a(0), b(1);
  a.hear();
  const auto frames = frames_of(a, 100);
  std::vector<Bytes> later = frames;
  for (int ms = 0; ms < 3'000; ++ms) {
    for (const Bytes& frame : a.flush(milliseconds(ms))) later.push_back(frame);
  }
  EXPECT_EQ(a.link.statistics().probes_sent, 3u);
  EXPECT_EQ(a.link.statistics().frames_resent, 0u);
  for (const Bytes& frame : later) {
    b.receive(frame);
    for (const Bytes& answer : b.flush()) a.receive(answer);
  }
  EXPECT_TRUE(a.flush(seconds(3)).empty());
  EXPECT_TRUE(a.link.settled());
}

TEST(Link, a_lost_credit_is_found_by_a_probe) {
  Side a(0, window_of(1, 100)), b(1, window_of(1, 100));
  b.drains = false;
  a.tell("one");
  a.tell("waits");
  b.receive_all(a.flush());
  b.link.acknowledge_now();
  a.receive(b.flush().at(0));
  EXPECT_TRUE(a.flush().empty());
  EXPECT_EQ(a.link.unacknowledged(), 0u);
  b.link.drained({1, 3});
  EXPECT_EQ(b.flush().size(), 1u);  // lost
  b.receive(a.flush(milliseconds(200)).at(0));
  a.receive(b.flush(milliseconds(200)).at(0));
  a.tell("waits too");
  EXPECT_EQ(bodies_of(a.flush(milliseconds(210)).at(0)), Texts{"waits"});
  EXPECT_EQ(a.link.deadline(), milliseconds(410)) << "credit is progress";
}

TEST(Link, probes_at_once_when_it_is_connected_again) {
  Side a(0);
  a.hear();
  a.link.on_reconnected();
  EXPECT_TRUE(a.flush().empty()) << "nothing at stake";
  frames_of(a, 1);
  EXPECT_TRUE(a.flush(milliseconds(10)).empty());
  a.link.on_reconnected();
  EXPECT_EQ(header_of(a.flush(milliseconds(20)).at(0)).kind, FrameKind::kProbe);
  EXPECT_TRUE(a.flush(milliseconds(21)).empty());
  EXPECT_EQ(a.link.deadline(), milliseconds(420));
}

TEST(Link, keeps_what_a_full_transport_refuses) {
  Side a(0), b(1);
  a.full = true;
  a.tell("one");
  EXPECT_TRUE(a.flush(milliseconds(1)).empty());
  EXPECT_EQ(a.link.deadline(), milliseconds(6)) << "tries again";
  EXPECT_EQ(a.link.unacknowledged(), 0u);
  for (const char* body : {"two", "three"}) {
    a.tell(body);
    EXPECT_TRUE(a.flush(milliseconds(2)).empty());
  }
  EXPECT_FALSE(a.link.ready()) << "there is no use in trying";
  a.full = false;
  const auto frames = a.flush(milliseconds(6));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(bodies_of(frames[0]), Texts{"one"});
  EXPECT_EQ(bodies_of(frames[1]), (Texts{"two", "three"})) << "goes on filling while the transport is full";
  b.receive_all(frames);
  EXPECT_EQ(a.link.statistics().frames_sent, 2u);
  EXPECT_EQ(a.link.statistics().frames_resent, 0u);
}

TEST(Link, an_acknowledgement_that_was_refused_is_not_forgotten) {
  Side a(0), b(1);
  b.receive_all(frames_of(a, 1));
  b.full = true;
  b.add(Kind::kAnswer, "answer");
  EXPECT_TRUE(b.flush().empty());
  a.tell("two");
  b.receive_all(a.flush());
  b.full = false;
  auto frames = b.flush(milliseconds(5));
  for (const Bytes& frame : b.flush(milliseconds(25))) frames.push_back(frame);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(header_of(frames[1]).acknowledged, 2u);
}

TEST(Link, a_peer_that_exceeds_the_window_is_noticed) {
  LinkOptions options = options_of(0, 1, window_of(2, 1'000));
  options.faults.ignore_window = true;
  Link liar(options);
  Side a(0), b(1, window_of(2, 1'000));
  for (int i = 0; i < 3; ++i) liar.add(Envelope(), bytes_of("x").span());
  liar.flush(nanoseconds(0), a);
  MessageReader reader(a.frames.at(0));
  EXPECT_EQ(b.link.receive(header_of(a.frames[0]), a.frames[0].size()), Verdict::kNext);
  while (reader.next()) {
  }
  EXPECT_FALSE(b.link.taken(reader.messages(), reader.charge()));
  EXPECT_EQ(b.link.statistics().violations, 1u);
}

TEST(Link, counts_what_it_does) {
  Side a(0), b(1);
  a.tell("one");
  a.tell("two");
  const auto frames = a.flush();
  b.receive_all(frames);
  EXPECT_EQ(a.link.statistics().messages_sent, 2u);
  EXPECT_EQ(a.link.statistics().bytes_sent, frames[0].size());
  EXPECT_EQ(b.link.statistics().frames_received, 1u);
  EXPECT_EQ(b.link.statistics().messages_received, 2u);
  EXPECT_EQ(b.link.statistics().bytes_received, frames[0].size());
}

TEST(LinkDeathTest, a_message_is_ended_before_the_next_begins) {
  Side a(0);
  a.link.begin(Envelope());
  EXPECT_DEATH(a.link.begin(Envelope()), "ended before the next one begins");
  EXPECT_DEATH(a.flush(), "ended before anything else");
}

LinkOptions small_world() {
  LinkOptions options;
  options.limits.window = {16, 4'000};
  options.limits.frame_size = 400;
  return options;
}

constexpr std::uint64_t kMessages = 200;
constexpr std::size_t kEventsMost = 20'000;

std::vector<Weather> weathers() {
  Weather fair, drops, doubles, mixes, full, storm;
  drops.drop = 30;
  doubles.duplicate = 50;
  mixes.reorder = true;
  full.refuse = 50;
  storm.drop = 20;
  storm.duplicate = 20;
  storm.refuse = 20;
  storm.reorder = true;
  storm.delay_most = 300'000;  // longer than it takes to probe
  return {fair, drops, doubles, mixes, full, storm};
}

TEST(LinkWorld, every_message_arrives_once_in_order_and_then_there_is_silence) {
  std::size_t events_most = 0;
  for (std::uint64_t seed = wisp::test::seed(); seed < wisp::test::seed() + 50; ++seed) {
    for (const Weather& weather : weathers()) {
      for (const Charge window : {Charge{16, 4'000}, Charge{3, 100'000}, Charge{1'000, 1 << 20}}) {
        LinkOptions options = small_world();
        options.limits.window = window;
        LinkWorld world(seed, options, weather, kMessages);
        ASSERT_TRUE(world.run(kEventsMost))
            << world.failure() << ", seed " << seed << ", window of " << window.messages;
        events_most = std::max(events_most, world.events());
      }
    }
  }
  RecordProperty("events_most", std::to_string(events_most));
}

TEST(LinkWorld, a_fair_world_needs_neither_probes_nor_copies) {
  LinkWorld world(wisp::test::seed(), small_world(), Weather(), kMessages);
  ASSERT_TRUE(world.run(kEventsMost)) << world.failure();
  for (NodeId self = 0; self < 2; ++self) {
    EXPECT_EQ(world.link(self).statistics().probes_sent, 0u);
    EXPECT_EQ(world.link(self).statistics().frames_resent, 0u);
    EXPECT_EQ(world.link(self).statistics().duplicates, 0u);
  }
}

// A fault that was planted is found.
std::string found(const LinkFaults& faults, const Weather& weather) {
  LinkOptions options = small_world();
  options.faults = faults;
  for (std::uint64_t seed = wisp::test::seed(); seed < wisp::test::seed() + 5; ++seed) {
    LinkWorld world(seed, options, weather, kMessages);
    if (!world.run(kEventsMost)) return world.failure();
  }
  return "nothing";
}

TEST(LinkWorld, finds_planted_faults) {
  const Weather storm = weathers().back();
  LinkFaults faults;
  faults.no_dedupe = true;
  EXPECT_THAT(found(faults, storm), testing::HasSubstr("lost, doubled or overtaken"));
  faults = LinkFaults();
  faults.accept_gap = true;
  EXPECT_THAT(found(faults, storm), testing::HasSubstr("lost, doubled or overtaken"));
  faults = LinkFaults();
  faults.no_resend = true;
  EXPECT_THAT(found(faults, storm), testing::HasSubstr("there is no end"));
  faults = LinkFaults();
  faults.ignore_window = true;
  EXPECT_THAT(found(faults, Weather()), testing::HasSubstr("the window was exceeded"));
}

}  // namespace
}  // namespace wisp::runtime
