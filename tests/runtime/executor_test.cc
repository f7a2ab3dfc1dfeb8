#include "runtime/executor.h"

#include <thread>

#include <gtest/gtest.h>

namespace wisp::runtime {
namespace {

class Turning : public Executor {
 public:
  void post(Resumption&) override {}
  template <class F>
  void turn(F inside) {
    const Turn turn(this);
    inside();
  }
};

TEST(Executor, is_current_during_its_turn_only) {
  Turning outer;
  Turning inner;
  EXPECT_EQ(Executor::current(), nullptr);
  outer.turn([&] {
    EXPECT_EQ(Executor::current(), &outer);
    inner.turn([&] { EXPECT_EQ(Executor::current(), &inner); });
    EXPECT_EQ(Executor::current(), &outer);
    std::thread([] { EXPECT_EQ(Executor::current(), nullptr); }).join();
  });
  EXPECT_EQ(Executor::current(), nullptr);
}

TEST(Executor, node_scopes_nest) {
  int memory[2];
  Node* const first = reinterpret_cast<Node*>(&memory[0]);  // only compared
  Node* const second = reinterpret_cast<Node*>(&memory[1]);
  EXPECT_EQ(current_node(), nullptr);
  {
    const NodeScope outer(first);
    {
      const NodeScope inner(second);
      EXPECT_EQ(current_node(), second);
    }
    EXPECT_EQ(current_node(), first);
  }
  EXPECT_EQ(current_node(), nullptr);
}

}  // namespace
}  // namespace wisp::runtime
