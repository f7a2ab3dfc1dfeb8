#include "problems/shard.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

using Selection = std::vector<std::uint64_t>;

TEST(Shard, contiguous_gives_the_first_workers_one_row_more) {
  EXPECT_EQ(shard_rows("contiguous", 0, 3, 8, {}, 0), (Selection{0, 1, 2}));
  EXPECT_EQ(shard_rows("contiguous", 1, 3, 8, {}, 0), (Selection{3, 4, 5}));
  EXPECT_EQ(shard_rows("contiguous", 2, 3, 8, {}, 0), (Selection{6, 7}));
}

TEST(Shard, round_robin_deals_in_turn) {
  EXPECT_EQ(shard_rows("round-robin", 1, 3, 8, {}, 0), (Selection{1, 4, 7}));
  EXPECT_EQ(shard_rows("round-robin", 2, 3, 8, {}, 0), (Selection{2, 5}));
}

TEST(Shard, by_label_sorts_and_keeps_the_order_of_equals) {
  const std::vector<double> labels = {1, -1, 1, -1, 1, -1, 1};
  EXPECT_EQ(shard_rows("by-label", 0, 3, 7, labels, 0), (Selection{1, 3, 5}));
  EXPECT_EQ(shard_rows("by-label", 1, 3, 7, labels, 0), (Selection{0, 2}));
  EXPECT_EQ(shard_rows("by-label", 2, 3, 7, labels, 0), (Selection{4, 6}));
}

TEST(Shard, shuffled_follows_from_the_seed) {
  EXPECT_EQ(shard_rows("shuffled", 1, 3, 12, {}, 42), (Selection{3, 5, 9, 11}));
  const Selection one = shard_rows("shuffled", 0, 4, 1000, {}, 1);
  EXPECT_EQ(one, shard_rows("shuffled", 0, 4, 1000, {}, 1));
  EXPECT_NE(one, shard_rows("shuffled", 0, 4, 1000, {}, 2));
  EXPECT_NE(one, shard_rows("contiguous", 0, 4, 1000, {}, 1));
}

TEST(Shard, every_way_deals_every_row_once_and_evenly) {
  for (const std::string& kind : shard_names()) {
    for (const std::uint64_t rows : {1u, 2u, 7u, 10u, 100u, 103u}) {
      std::vector<double> labels(rows);
      for (std::uint64_t i = 0; i < rows; ++i) labels[i] = static_cast<double>(i * 37 % 5);
      for (std::uint32_t workers = 1; workers <= std::min<std::uint64_t>(rows, 12); ++workers) {
        Selection dealt;
        for (std::uint32_t worker = 0; worker < workers; ++worker) {
          const Selection part = shard_rows(kind, worker, workers, rows, labels, 5);
          EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
          EXPECT_EQ(part.size(), rows / workers + (worker < rows % workers ? 1 : 0));
          dealt.insert(dealt.end(), part.begin(), part.end());
        }
        std::sort(dealt.begin(), dealt.end());
        ASSERT_EQ(dealt.size(), rows);
        for (std::uint64_t row = 0; row < rows; ++row) EXPECT_EQ(dealt[row], row);
      }
    }
  }
}

TEST(Shard, more_workers_than_rows_is_an_error) {
  for (const std::string& kind : shard_names()) {
    EXPECT_EQ(
        test::config_error([&] { shard_rows(kind, 0, 12, 5, {}, 0); }),
        "12 workers, but the data has only 5 rows, and each worker needs one; lower actors.worker.replicas");
  }
}

}  // namespace
}  // namespace wisp::problems
