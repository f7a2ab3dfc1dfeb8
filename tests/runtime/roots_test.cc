#include "runtime/roots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/stage.h"

namespace wisp::runtime {
namespace {

using test::Yield;
using testing::ElementsAre;

// A place like test::Stage whose roots can be spoken to.
class Place : public Executor {
 public:
  void post(Resumption& resumption) override { waiting.push_back(&resumption); }
  template <class R>
  Future<R> start(Task<R> task) {
    auto state = make_ref<TypedState<R>>(nullptr, Awaited{Name("a call")});
    Reply reply(state);
    const Turn turn(this);
    call_detail::answer_when_done(roots, reply, task);
    return Future<R>(std::move(state));
  }
  void turn_once() {
    const Turn turn(this);
    Resumption& next = *waiting.front();
    waiting.pop_front();
    next.resume();
  }
  void run() {
    while (!waiting.empty()) turn_once();
  }
  std::deque<Resumption*> waiting;
  Roots roots{nullptr};
};

class Noisy {
 public:
  Noisy(std::vector<int>& ends, int number) : ends_(ends), number_(number) {}
  Noisy(const Noisy&) = delete;
  Noisy& operator=(const Noisy&) = delete;
  ~Noisy() { ends_.push_back(number_); }

 private:
  std::vector<int>& ends_;
  const int number_;
};

Task<int> inner(Promise<int> gate) {
  auto future = gate.future();
  const int value = co_await future;
  co_return value;
}
Task<int> waits(Promise<int> gate, std::vector<int>& ends, int number) {
  const Noisy noisy(ends, number);
  const int value = co_await inner(gate);
  ends.push_back(value);
  co_return value;
}
Task<int> yields(std::vector<int>& ends, int number) {
  const Noisy noisy(ends, number);
  co_await Yield();
  ends.push_back(-1);
  co_return number;
}

Failure because(const char* why) { return Failure(Failure::Kind::kDied, "a", why); }

TEST(Roots, hold_what_is_under_way) {
  Place place;
  std::vector<int> ends;
  EXPECT_TRUE(place.roots.empty());
  const Promise<int> gate;
  auto one = place.start(waits(gate, ends, 1));
  auto two = place.start(yields(ends, 2));
  EXPECT_FALSE(place.roots.empty());
  place.run();
  EXPECT_EQ(two.get(), 2);
  gate.set(7);
  place.run();
  EXPECT_EQ(one.get(), 7);
  EXPECT_TRUE(place.roots.empty());
}

TEST(Roots, end_destroys_all_where_they_are) {
  Place place;
  std::vector<int> ends;
  const Promise<int> gate;
  auto waiting = place.start(waits(gate, ends, 1));
  auto going_on = place.start(yields(ends, 2));
  place.roots.end(because("enough"));
  EXPECT_THAT(ends, testing::UnorderedElementsAre(1, 2));
  EXPECT_THROW(waiting.get(), ActorDied);
  EXPECT_THROW(going_on.get(), ActorDied);
  gate.set(3);
  EXPECT_EQ(place.waiting.size(), 1u);  // of what was destroyed: nobody looks at it
}

TEST(Roots, doom_waits_for_a_resumption_that_is_under_way) {
  Place place;
  std::vector<int> ends;
  const Promise<int> closed;
  const Promise<int> open;
  auto waiting = place.start(waits(closed, ends, 1));
  auto answered = place.start(waits(open, ends, 2));
  auto going_on = place.start(yields(ends, 3));
  open.set(5);
  place.roots.doom(because("enough"));
  EXPECT_THAT(ends, ElementsAre(1));
  for (auto* each : {&waiting, &answered, &going_on}) EXPECT_THROW(each->get(), ActorDied);
  EXPECT_FALSE(place.roots.empty());
  place.run();
  EXPECT_THAT(ends, ElementsAre(1, 3, 2));
  EXPECT_TRUE(place.roots.empty());
}

TEST(Roots, doom_comes_between_the_levels_of_a_chain) {
  Place place;
  std::vector<int> ends;
  const Promise<int> gate;
  auto call = place.start(waits(gate, ends, 1));
  gate.set(5);
  ASSERT_EQ(place.waiting.size(), 1u);
  place.turn_once();
  place.roots.doom(because("enough"));  // the inner one is done, the outer one not resumed yet
  EXPECT_THAT(ends, ElementsAre());
  place.run();
  EXPECT_THAT(ends, ElementsAre(1));
  EXPECT_THROW(call.get(), ActorDied);
}

TEST(Roots, cancel_chooses_by_the_call) {
  Place place;
  std::vector<int> ends;
  const Promise<int> gate;
  const Promise<int> other_gate;
  auto cancelled = place.start(waits(gate, ends, 1));
  auto kept = place.start(waits(other_gate, ends, 2));
  cancelled.cancel();
  place.roots.cancel([](const Reply& reply) { return reply.cancelled(); });
  EXPECT_THAT(ends, ElementsAre(1));
  other_gate.set(9);
  place.run();
  EXPECT_EQ(kept.get(), 9);
}

}  // namespace
}  // namespace wisp::runtime
