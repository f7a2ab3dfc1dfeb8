#include "runtime/task.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/system.h"
#include "tests/runtime/stage.h"

namespace wisp::runtime {
namespace {

using test::Stage;
using test::Yield;

Task<int> ready(int value) { co_return value; }
Task<int> later(int value) {
  co_await Yield();
  co_return value;
}

Task<std::int64_t> sum_of_ready(int count) {
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) {
    const int value = co_await ready(i);
    sum += value;
  }
  co_return sum;
}

TEST(Task, a_million_ready_tasks_need_no_stack) {
  Stage stage;
  EXPECT_EQ(stage.start(sum_of_ready(1'000'000)).get(), 499'999'500'000);
  EXPECT_EQ(stage.run(), 0);
}

Task<std::int64_t> sum_of_later(int count) {
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) {
    const int value = co_await later(i);
    sum += value;
  }
  co_return sum;
}

TEST(Task, as_many_that_had_to_wait_need_none_either) {
  Stage stage;
  auto sum = stage.start(sum_of_later(1'000'000));
  EXPECT_FALSE(sum.ready());
  stage.run();
  EXPECT_EQ(sum.get(), 499'999'500'000);
}

Task<std::int64_t> sum_of_futures(int count) {
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) {
    const Promise<int> promise;
    promise.set(i);
    auto future = promise.future();
    const int value = co_await future;
    sum += value;
  }
  co_return sum;
}

TEST(Task, nor_do_ready_futures) {
  Stage stage;
  EXPECT_EQ(stage.start(sum_of_futures(1'000'000)).get(), 499'999'500'000);
  EXPECT_EQ(stage.run(), 0);
}

Task<int> depth(int levels) {
  if (levels == 0) {
    co_await Yield();
    co_return 0;
  }
  const int below = co_await depth(levels - 1);
  co_return below + 1;
}

TEST(Task, a_deep_chain_comes_back_level_by_level) {
  Stage stage;
  auto levels = stage.start(depth(500));
  EXPECT_EQ(stage.run(), 502);  // the yield, its caller, ..., the one who answers
  EXPECT_EQ(levels.get(), 500);
}

Task<int> fails(bool waits) {
  if (waits) co_await Yield();
  throw Error("the reason", Fault::kHost);
}
Task<int> passes_on(bool waits) {
  const int never = co_await fails(waits);
  co_return never;
}
Task<std::string> catches(bool waits) {
  std::string text;
  try {
    const int never = co_await passes_on(waits);
    text = std::to_string(never);
  } catch (const Error& error) {
    text = error.what();
  }
  const int after = co_await later(1);
  co_return text + " and " + std::to_string(after);
}

TEST(Task, exceptions_rise_through_levels_whether_or_not_they_waited) {
  for (const bool waits : {false, true}) {
    Stage stage;
    auto caught = stage.start(catches(waits));
    stage.run();
    EXPECT_EQ(caught.get(), "the reason and 1");

    auto failed = stage.start(passes_on(waits));
    stage.run();
    try {
      failed.get();
      FAIL() << "no exception";
    } catch (const ActorError& error) {
      EXPECT_EQ(error.cause(), "the reason");
      EXPECT_EQ(error.fault(), Fault::kHost);
    }
  }
}

Task<std::unique_ptr<int>> owned(int value) {
  co_await Yield();
  co_return std::make_unique<int>(value);
}
Task<int> moves() {
  std::unique_ptr<int> mine = co_await owned(7);
  co_return *mine;
}

TEST(Task, carries_values_that_only_move) {
  Stage stage;
  auto value = stage.start(moves());
  stage.run();
  EXPECT_EQ(value.get(), 7);
}

// Counts its instances, and has memory that a second destruction would free again.
struct Witness {
  explicit Witness(int& alive) : count(alive) { ++count; }
  Witness(const Witness& other) : text(other.text), count(other.count) { ++count; }
  Witness& operator=(const Witness&) = delete;
  ~Witness() { --count; }
  std::string text = std::string(64, 'w');
  int& count;
};

Task<void> waits_for(Promise<int> promise, Witness, int levels) {
  const std::vector<int> local(100, levels);
  if (levels == 0) {
    auto future = promise.future();
    const int value = co_await future;
    (void)value;
  } else {
    int& alive = *new int(0);
    const std::unique_ptr<int> owner(&alive);
    co_await waits_for(promise, Witness(alive), levels - 1);
  }
}

TEST(Task, dropping_suspended_tasks_frees_all_they_hold) {
  int alive = 0;
  const Promise<int> promise;
  {
    Stage stage;
    for (int i = 0; i < 10; ++i) {
      auto dropped = stage.start(waits_for(promise, Witness(alive), i % 4));
      EXPECT_FALSE(dropped.ready());
    }
    EXPECT_EQ(alive, 10);
    stage.drop();
    EXPECT_EQ(alive, 0);
    promise.set(1);  // nobody waits any more
    EXPECT_EQ(stage.run(), 0);
  }
}

TEST(Task, one_that_is_never_awaited_never_starts) {
  int alive = 0;
  {
    auto task = waits_for(Promise<int>(), Witness(alive), 0);
    EXPECT_EQ(alive, 1);
    auto other = std::move(task);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

Task<void> awaits_twice() {
  Task<int> task = ready(1);
  const int first = co_await task;
  const int second = co_await task;
  (void)(first + second);
}

TEST(TaskDeathTest, awaiting_twice_is_our_bug) {
  EXPECT_DEATH(
      {
        Stage stage;
        auto done = stage.start(awaits_twice());
      },
      "awaited once");
}

TEST(TaskDeathTest, outside_of_actors_nothing_is_awaited) {
  EXPECT_DEATH(
      {
        Roots roots(nullptr);
        Task<int> task = ready(1);
        Reply nobody;
        call_detail::answer_when_done(roots, nobody, task);
      },
      "tasks run on an actor");
}

// The forms that g++ 12 gets right, beside co_await; run under the address sanitizer. A message has a
// constructor.
struct Model {
  Model() = default;
  Model(int model_round, std::vector<double> values) : round(model_round), iterate(std::move(values)) {}
  int round = 0;
  std::vector<double> iterate;
  std::string name = std::string(40, 'n');
};

Task<double> by_value(Model model) {
  co_await Yield();
  co_return model.iterate[static_cast<std::size_t>(model.round)];
}
Task<double> packed_at_once(const Model& model) { return by_value(model); }
Task<std::string> with_options(const Options& options, std::string suffix) {
  const std::string text = options.request().name + "@" + options.request().where.node + suffix;
  return [](std::string result) -> Task<std::string> {
    co_await Yield();
    co_return result;
  }(text);
}

Task<std::string> safe_forms() {
  const std::vector<double> values(50, 2.5);
  Model named(3, values);
  const double from_lvalue = co_await by_value(named);
  const double from_temporary = co_await by_value(Model(4, values));
  const double through_reference = co_await packed_at_once(Model(5, std::vector<double>(50, 1.5)));
  const double moved = co_await by_value(std::move(named));
  const std::string built =
      co_await with_options(Options("counter").on("a-node-with-a-long-name"), std::string(30, '!'));
  std::string text = std::to_string(from_lvalue + from_temporary + through_reference + moved);
  text += built;
  co_return text;
}

TEST(Task, the_forms_that_the_house_allows_are_compiled_right) {
  Stage stage;
  auto text = stage.start(safe_forms());
  stage.run();
  EXPECT_EQ(text.get(), "9.000000counter@a-node-with-a-long-name" + std::string(30, '!'));
}

Task<int> chooses(int which) {
  const int value = co_await later(which);
  const int other = co_await later(which + 1);
  switch (value) {
    case 0:
      co_return -1;
    case 1: {
      const int deeper = co_await later(10);
      co_return deeper + other;
    }
    default:
      break;
  }
  if (value > 1 && other > 3) co_return other;
  co_return value;
}

TEST(Task, results_in_named_locals_go_through_branches) {
  Stage stage;
  auto zero = stage.start(chooses(0));
  auto one = stage.start(chooses(1));
  auto two = stage.start(chooses(2));
  auto three = stage.start(chooses(3));
  stage.run();
  EXPECT_EQ(zero.get(), -1);
  EXPECT_EQ(one.get(), 12);
  EXPECT_EQ(two.get(), 2);
  EXPECT_EQ(three.get(), 4);
}

}  // namespace
}  // namespace wisp::runtime
