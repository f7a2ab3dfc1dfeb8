#include "runtime/future.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"
#include "tests/runtime/stage.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using test::kHang;
using test::Stage;

TEST(Future, has_the_answer_that_another_thread_gives) {
  const Promise<std::string> promise;
  Future<std::string> future = promise.future();
  EXPECT_FALSE(future.ready());
  std::thread other([&] { promise.set("done"); });
  EXPECT_EQ(future.get(kHang), "done");
  EXPECT_TRUE(future.ready());
  other.join();
}

TEST(Future, of_nothing_is_an_empty_answer) {
  const Promise<void> here;
  here.set();
  here.future().get(kHang);
  const auto there = make_ref<TypedState<void>>(nullptr, Awaited{});
  there->fulfil(Bytes());
  Future<void>(there).get(kHang);
}

TEST(Future, is_unpacked_by_who_takes_it_when_it_came_packed) {
  const auto state = make_ref<TypedState<std::string>>(nullptr, Awaited{});
  state->fulfil(pack(std::string("from afar")));
  EXPECT_EQ(Future<std::string>(state).get(kHang), "from afar");
}

TEST(Future, carries_what_only_moves) {
  const Promise<std::unique_ptr<int>> promise;
  promise.set(std::make_unique<int>(7));
  EXPECT_EQ(*promise.future().get(kHang), 7);
}

TEST(Future, counts_the_first_answer) {
  const Promise<int> promise;
  promise.set(1);
  promise.set(2);
  promise.fail(Failure(Failure::Kind::kThrew, "a", "too late"));
  EXPECT_EQ(promise.future().get(kHang), 1);

  const Promise<int> failed;
  failed.fail(Failure(Failure::Kind::kThrew, "a", "first"));
  failed.set(1);
  failed.future().cancel();
  EXPECT_THROW(failed.future().get(kHang), ActorError);
}

TEST(Future, says_what_it_waited_for_in_vain) {
  Future<int> future = Promise<int>("worker-3.worker.step").future();
  try {
    future.get(milliseconds(20));
    FAIL() << "no exception";
  } catch (const Timeout& timeout) {
    EXPECT_STREQ(timeout.what(), "no answer from worker-3.worker.step within 20ms");
    EXPECT_EQ(timeout.fault(), Fault::kDeadline);
  }
}

TEST(Future, tells_death_from_failure) {
  const Promise<int> died;
  died.fail(Failure(Failure::Kind::kDied, "worker-1", "node 3 is gone", Fault::kHost));
  try {
    died.future().get(kHang);
    FAIL() << "no exception";
  } catch (const ActorDied& error) {
    EXPECT_EQ(error.actor(), "worker-1");
    EXPECT_STREQ(error.what(), "worker-1: node 3 is gone");
    EXPECT_EQ(error.fault(), Fault::kHost);
  }
}

TEST(Future, an_answer_of_another_type_is_a_decode_error) {
  const auto state = make_ref<TypedState<int>>(nullptr, Awaited{});
  state->fulfil(pack(std::string("no number")));
  EXPECT_THROW(Future<int>(state).get(kHang), DecodeError);
}

Task<std::string> waits(Future<std::string> future) {
  const std::string value = co_await future;
  co_return value + "!";
}

TEST(Future, resumes_who_awaits_it_in_a_later_turn) {
  Stage stage;
  const Promise<std::string> promise;
  auto result = stage.start(waits(promise.future()));
  EXPECT_EQ(stage.run(), 0);
  promise.set("now");
  EXPECT_FALSE(result.ready());
  EXPECT_EQ(stage.run(), 2);  // the task, and who awaits it
  EXPECT_EQ(result.get(kHang), "now!");
}

TEST(Future, throws_into_who_awaits_it) {
  Stage stage;
  const Promise<std::string> promise;
  auto result = stage.start(waits(promise.future()));
  promise.fail(Failure(Failure::Kind::kThrew, "b", "no luck"));
  stage.run();
  try {
    result.get(kHang);
    FAIL() << "no exception";
  } catch (const ActorError& error) {
    EXPECT_EQ(error.actor(), "b");  // the first to fail is named
  }
}

TEST(Future, an_answer_races_with_its_awaiter_going_away) {
  for (int i = 0; i < 300; ++i) {
    Stage stage;
    const Promise<std::string> promise;
    auto result = stage.start(waits(promise.future()));
    std::thread other([&] { promise.set("x"); });
    stage.drop();
    other.join();
    EXPECT_THROW(result.get(kHang), ActorDied);
  }
}

TEST(FutureDeathTest, an_actor_does_not_block) {
  EXPECT_DEATH(
      {
        Stage stage;
        auto done =
            stage.start([]() -> Task<int> { co_return Promise<int>().future().get(milliseconds(1)); }());
      },
      "must not block");
}

}  // namespace
}  // namespace wisp::runtime
