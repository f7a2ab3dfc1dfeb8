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
using test::promise;
using test::Stage;

TEST(Future, has_the_answer_that_another_thread_gives) {
  const auto state = promise();
  Future<std::string> future(state);
  EXPECT_FALSE(future.ready());
  std::thread other([&] { state->fulfil(pack(std::string("done"))); });
  EXPECT_EQ(future.get(kHang), "done");
  EXPECT_TRUE(future.ready());
  other.join();
}

TEST(Future, of_nothing_is_an_empty_answer) {
  const auto state = promise();
  state->fulfil(Bytes());
  Future<void>(state).get(kHang);
}

TEST(Future, counts_the_first_answer) {
  const auto state = promise();
  state->fulfil(pack(1));
  state->fulfil(pack(2));
  state->fail(Failure(Failure::Kind::kThrew, "a", "too late"));
  EXPECT_EQ(Future<int>(state).get(kHang), 1);

  const auto failed = promise();
  failed->fail(Failure(Failure::Kind::kThrew, "a", "first"));
  failed->fulfil(pack(1));
  EXPECT_THROW(Future<int>(failed).get(kHang), ActorError);
}

TEST(Future, says_what_it_waited_for_in_vain) {
  Future<int> future(std::make_shared<FutureState>(nullptr, "worker-3.worker.step"));
  try {
    future.get(milliseconds(20));
    FAIL() << "no exception";
  } catch (const Timeout& timeout) {
    EXPECT_STREQ(timeout.what(), "no answer from worker-3.worker.step within 20 ms");
    EXPECT_EQ(timeout.fault(), Fault::kDeadline);
  }
}

TEST(Future, tells_death_from_failure) {
  const auto died = promise();
  died->fail(Failure(Failure::Kind::kDied, "worker-1", "node 3 is gone", Fault::kHost));
  try {
    Future<int>(died).get(kHang);
    FAIL() << "no exception";
  } catch (const ActorDied& error) {
    EXPECT_EQ(error.actor(), "worker-1");
    EXPECT_STREQ(error.what(), "worker-1: node 3 is gone");
    EXPECT_EQ(error.fault(), Fault::kHost);
  }
}

TEST(Future, an_answer_of_another_type_is_a_decode_error) {
  const auto state = promise();
  state->fulfil(pack(std::string("no number")));
  EXPECT_THROW(Future<int>(state).get(kHang), DecodeError);
}

Task<std::string> waits(std::shared_ptr<FutureState> state) {
  const std::string value = co_await Future<std::string>(state);
  co_return value + "!";
}

TEST(Future, resumes_who_awaits_it_in_a_later_turn) {
  Stage stage;
  const auto state = promise();
  auto result = stage.start(waits(state));
  EXPECT_EQ(stage.run(), 0);
  state->fulfil(pack(std::string("now")));
  EXPECT_FALSE(result.ready());
  EXPECT_EQ(stage.run(), 2);  // the task, and who awaits it
  EXPECT_EQ(result.get(kHang), "now!");
}

TEST(Future, throws_into_who_awaits_it) {
  Stage stage;
  const auto state = promise();
  auto result = stage.start(waits(state));
  state->fail(Failure(Failure::Kind::kThrew, "b", "no luck"));
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
    const auto state = promise();
    auto result = stage.start(waits(state));
    std::thread other([&] { state->fulfil(pack(std::string("x"))); });
    stage.drop();
    other.join();
    EXPECT_FALSE(result.ready());
  }
}

TEST(FutureDeathTest, an_actor_does_not_block) {
  EXPECT_DEATH(
      {
        Stage stage;
        auto done =
            stage.start([]() -> Task<int> { co_return Future<int>(promise()).get(milliseconds(1)); }());
      },
      "must not block");
}

}  // namespace
}  // namespace wisp::runtime
