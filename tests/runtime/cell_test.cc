#include "runtime/cell.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/handle.h"
#include "tests/runtime/nodes.h"
#include "tests/runtime/stage.h"

namespace wisp::runtime {
namespace {

using testing::ElementsAre;

class Noting : public Actor {
 public:
  using Constructor = void();
  explicit Noting(std::vector<int>& notes) : notes_(notes) {}
  void note(int value) { notes_.push_back(value); }
  Task<void> twice(int value) {
    note(value);
    co_await test::Yield();
    note(-value);
  }
  Task<int> forever(int value) {
    const std::vector<int> held(100, value);
    const int never = co_await Future<int>(test::promise());
    co_return never + held[0];
  }
  void fail(std::string why) { throw Error(why); }

 private:
  std::vector<int>& notes_;
};

class CellTest : public testing::Test {
 protected:
  CellTest() {
    registry_.actor<Unbuilt>("noting")
        .method<&Noting::note>("note")
        .method<&Noting::twice>("twice")
        .method<&Noting::forever>("forever")
        .method<&Noting::fail>("fail");
    node_ = std::make_unique<Node>(test::node_options(1, journal_), registry_, network_.attach(1));
    cell_ =
        std::make_shared<Cell>(*node_, ActorId(), "noting-1", std::make_unique<Noting>(notes_),
                               journal_.logs()("noting-1"), [this](std::shared_ptr<Cell>) { ++scheduled_; });
  }

  template <auto M, class... A>
  void deliver(ReplySlot reply, const A&... arguments) {
    using Arguments = handle_detail::ArgumentsOf<M>;
    cell_->deliver(Delivery{registry_.find_method(registry_.id_of<M>()),
                            registry_detail::pack_arguments<Arguments>(arguments...), std::move(reply)});
  }

  // Registered in its place, as Noting can't be built from a message.
  class Unbuilt : public Actor {
   public:
    using Constructor = void();
  };

  test::Journal journal_;
  Registry registry_;
  InProcessNetwork network_;
  std::unique_ptr<Node> node_;
  std::vector<int> notes_;
  int scheduled_ = 0;
  std::shared_ptr<Cell> cell_;
};

TEST_F(CellTest, is_scheduled_once_until_it_has_run_dry) {
  deliver<&Noting::note>(ReplySlot(), 1);
  deliver<&Noting::note>(ReplySlot(), 2);
  EXPECT_EQ(scheduled_, 1);
  EXPECT_TRUE(notes_.empty());
  cell_->run();
  EXPECT_THAT(notes_, ElementsAre(1, 2));
  deliver<&Noting::note>(ReplySlot(), 3);
  EXPECT_EQ(scheduled_, 2);
}

TEST_F(CellTest, a_long_queue_takes_several_turns) {
  for (int i = 0; i < 150; ++i) deliver<&Noting::note>(ReplySlot(), i);
  cell_->run();
  EXPECT_EQ(notes_.size(), 64u);
  EXPECT_EQ(scheduled_, 2);  // others have their turn in between
  cell_->run();
  cell_->run();
  EXPECT_EQ(notes_.size(), 150u);
  EXPECT_EQ(scheduled_, 3);
}

TEST_F(CellTest, a_coroutine_goes_on_behind_what_waits) {
  deliver<&Noting::twice>(ReplySlot(), 1);
  deliver<&Noting::note>(ReplySlot(), 2);
  cell_->run();
  EXPECT_THAT(notes_, ElementsAre(1, 2, -1));
}

TEST_F(CellTest, a_failure_is_answered_or_else_logged) {
  std::string answered;
  deliver<&Noting::fail>(ReplySlot([&](Bytes, const Failure* failure) { answered = failure->text; }),
                         "first");
  deliver<&Noting::fail>(ReplySlot(), "second");
  deliver<&Noting::note>(ReplySlot(), 1);
  cell_->run();
  EXPECT_EQ(answered, "first");
  EXPECT_THAT(journal_.lines(), ElementsAre("noting-1 error noting.fail failed: second"));
  EXPECT_THAT(notes_, ElementsAre(1));
}

TEST_F(CellTest, takes_its_coroutines_and_messages_with_it) {
  bool answered = false;
  const auto answer = [&](Bytes, const Failure*) { answered = true; };
  for (int i = 0; i < 5; ++i) deliver<&Noting::forever>(ReplySlot(answer), i);
  cell_->run();
  deliver<&Noting::note>(ReplySlot(answer), 1);
  cell_.reset();
  EXPECT_FALSE(answered);
  EXPECT_TRUE(notes_.empty());
}

}  // namespace
}  // namespace wisp::runtime
