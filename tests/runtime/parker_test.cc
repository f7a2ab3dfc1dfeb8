#include "runtime/parker.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/future.h"
#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(Parker, an_unpark_before_the_park_is_not_lost) {
  Parker parker;
  parker.unpark();
  parker.unpark();  // they don't add up
  EXPECT_TRUE(parker.park(test::kHang));
  EXPECT_FALSE(parker.park(milliseconds(0)));
}

TEST(Parker, waits_no_longer_than_asked) {
  Parker parker;
  const auto start = steady_clock::now();
  EXPECT_FALSE(parker.park(milliseconds(20)));
  EXPECT_GE(steady_clock::now() - start, milliseconds(20));
}

TEST(ParkerRace, no_unpark_is_lost) {
  for (const bool for_ever : {false, true}) {
    Parker ping;
    Parker pong;
    const int rounds = 100 * test::repeats();
    std::thread other([&] {
      for (int i = 0; i < rounds; ++i) {
        ping.park(kForever);
        pong.unpark();
      }
    });
    for (int i = 0; i < rounds; ++i) {
      ping.unpark();
      ASSERT_TRUE(pong.park(for_ever ? kForever : std::chrono::nanoseconds(test::kHang)));
    }
    other.join();
  }
}

}  // namespace
}  // namespace wisp::runtime
