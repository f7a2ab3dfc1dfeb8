#pragma once
// Two links and the pipes between them in virtual time: what is promised of links is checked at every step.
#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "runtime/link.h"

namespace wisp::runtime::test {

struct Weather {
  std::uint32_t drop = 0;       // of 100 frames
  std::uint32_t duplicate = 0;  // likewise
  std::uint32_t refuse = 0;     // likewise: the transport is full
  bool reorder = false;
  std::uint32_t delay_most = 1'000;  // microseconds
};

// Each side adds so many messages of random kinds and sizes at random times, and drains what it took later.
// One seed, one world, one thread.
class LinkWorld {
 public:
  LinkWorld(std::uint64_t seed, const LinkOptions& options, const Weather& weather, std::uint64_t messages)
      : rng_(seed, 0, 0, Purpose::kData),
        weather_(weather),
        window_(options.limits.window),
        to_add_{messages, messages} {
    for (NodeId self = 0; self < 2; ++self) {
      LinkOptions one = options;
      one.self = self;
      one.peer = 1 - self;
      sides_.push_back(std::make_unique<Side>(*this, self, one));
      at(0, [this, self] { add(self); });
    }
  }

  // To the end, when nothing is left to do: true if all that was promised held.
  bool run(std::size_t events_most) {
    for (; !events_.empty() && failure_.empty(); ++count_) {
      if (count_ == events_most) return fail("there is no end");
      auto event = events_.extract(events_.begin());
      now_ = event.key().first;
      event.mapped()();
      for (auto& side : sides_) flush(*side);
    }
    if (!failure_.empty()) return false;
    for (auto& side : sides_) {
      if (!side->link.settled()) return fail("a link is not settled");
      for (int charged : {0, 1}) {
        if (side->taken[charged] != sides_[1 - side->self]->added[charged]) return fail("a message was lost");
      }
    }
    return true;
  }
  const std::string& failure() const { return failure_; }
  std::size_t events() const { return count_; }
  std::chrono::nanoseconds now() const { return now_; }
  const Link& link(NodeId self) const { return sides_[self]->link; }

 private:
  struct Side : FrameSink {
    Side(LinkWorld& w, NodeId s, const LinkOptions& options) : world(w), self(s), link(options) {}
    bool emit(const Bytes& frame) override { return world.carry(*this, frame); }
    LinkWorld& world;
    NodeId self;
    Link link;
    std::uint64_t added[2] = {0, 0};  // messages that are charged, and not
    std::uint64_t taken[2] = {0, 0};
    Charge held;  // what its mailboxes hold
    std::chrono::nanoseconds last_arrival{};
    std::chrono::nanoseconds timer = std::chrono::nanoseconds::max();
  };

  template <class Do>
  void at(std::uint32_t microseconds, Do what) {
    at_time(now_ + std::chrono::microseconds(microseconds), std::move(what));
  }
  template <class Do>
  void at_time(std::chrono::nanoseconds time, Do what) {
    events_.emplace(std::pair(time, number_++), std::move(what));
  }
  bool fail(const std::string& why) {
    if (failure_.empty()) failure_ = why + " at event " + std::to_string(count_);
    return false;
  }
  bool chance(std::uint32_t percent) { return rng_.below(100) < percent; }

  void add(NodeId self) {
    Side& side = *sides_[self];
    for (std::uint32_t burst = rng_.below(20); burst > 0 && to_add_[self] > 0; --burst, --to_add_[self]) {
      Envelope envelope;
      const std::uint32_t draw = rng_.below(5);
      envelope.kind = draw < 2   ? Envelope::Kind::kTell
                      : draw < 3 ? Envelope::Kind::kCall
                      : draw < 4 ? Envelope::Kind::kAnswer
                                 : Envelope::Kind::kFailure;
      const bool charged = is_charged(envelope.kind);
      envelope.call = ++side.added[charged];
      std::uint32_t size = rng_.below(100);
      if (chance(3)) size = 5'000 + rng_.below(40'000);  // larger than any window here
      const Bytes body = Bytes::copy(std::vector<std::byte>(size, std::byte(size)));
      if (chance(50)) {
        side.link.add(envelope, {}, body);
      } else {
        side.link.add(envelope, body.span());
      }
    }
    if (to_add_[self] > 0) at(rng_.below(3'000), [this, self] { add(self); });
  }

  void flush(Side& side) {
    side.link.flush(now_, side);
    const auto deadline = side.link.deadline();
    if (!deadline) {
      side.timer = std::chrono::nanoseconds::max();
    } else if (*deadline <= now_) {
      fail("a deadline that has passed");
    } else if (*deadline < side.timer || side.timer <= now_) {
      side.timer = *deadline;
      at_time(*deadline, [] {});
    }
  }

  bool carry(Side& from, const Bytes& frame) {
    if (chance(weather_.refuse)) return false;
    for (int copies = chance(weather_.duplicate) ? 2 : 1; copies > 0; --copies) {
      if (chance(weather_.drop)) continue;
      auto arrival = now_ + std::chrono::microseconds(1 + rng_.below(weather_.delay_most));
      if (!weather_.reorder) arrival = std::max(arrival, from.last_arrival);
      from.last_arrival = std::max(arrival, from.last_arrival);
      at_time(arrival, [this, to = NodeId{1 - from.self}, frame] { arrive(*sides_[to], frame); });
    }
    return true;
  }

  void arrive(Side& side, const Bytes& frame) {
    FrameHeader header;
    if (read_header(frame.span(), header) != WireError::kNone) {
      fail("no header");
      return;
    }
    const Link::Verdict verdict = side.link.receive(header, frame.size());
    if (verdict == Link::Verdict::kInvalid || verdict == Link::Verdict::kForeign) fail("a frame was refused");
    if (verdict != Link::Verdict::kNext) return;
    MessageReader reader(frame);
    while (reader.next()) take(side, reader.envelope(), reader.body());
    if (reader.error() != WireError::kNone) fail("a bad message");
    if (!side.link.taken(reader.messages(), reader.charge())) fail("the window was exceeded");
    side.held += reader.charge();
    if (side.held.messages > 1 &&
        (side.held.messages > window_.messages || side.held.bytes > window_.bytes)) {
      fail("mailboxes hold more than the window");
    }
    if (reader.charge().messages > 0) {
      at(rng_.below(5'000), [this, self = side.self, charge = reader.charge()] {
        sides_[self]->held -= charge;
        sides_[self]->link.drained(charge);
      });
    }
  }

  void take(Side& side, const Envelope& envelope, std::span<const std::byte> body) {
    std::uint64_t& taken = side.taken[is_charged(envelope.kind)];
    if (envelope.call != taken + 1) fail("a message was lost, doubled or overtaken");
    taken = envelope.call;
    for (std::byte each : body) {
      if (each != static_cast<std::byte>(body.size())) {
        fail("a body was changed");
        break;
      }
    }
  }

  Rng rng_;
  Weather weather_;
  Charge window_;
  std::uint64_t to_add_[2];
  std::vector<std::unique_ptr<Side>> sides_;
  std::multimap<std::pair<std::chrono::nanoseconds, std::uint64_t>, std::function<void()>> events_;
  std::uint64_t number_ = 0;
  std::size_t count_ = 0;
  std::chrono::nanoseconds now_{};
  std::string failure_;
};

}  // namespace wisp::runtime::test
