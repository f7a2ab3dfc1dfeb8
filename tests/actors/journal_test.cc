#include "actors/journal.h"

#include <gtest/gtest.h>

#include "sparse/encoded.h"

namespace wisp::actors {
namespace {

constexpr std::uint32_t kDim = 4096;

// Its one coordinate, or all of them, are `round`.
Update<double> update_of(std::uint64_t round, bool large = false) {
  const auto number = static_cast<double>(round);
  Update<double> update;
  update.round = round;
  update.vector = large ? sparse::encode(sparse::Vector<double>::all(std::vector<double>(kDim, number)))
                        : sparse::encode(sparse::Vector<double>::at(std::vector<double>(kDim, number), {7}));
  return update;
}

void expect_since(const Journal<double>& journal, std::uint64_t first, std::uint64_t end) {
  const auto updates = journal.since(first);
  ASSERT_EQ(updates.size(), end - first);
  for (const Update<double>& each : updates) {
    EXPECT_EQ(each.round, first);
    sparse::Vector<double> vector;
    sparse::decode(each.vector, kDim, sparse::DrawKey{}, vector);
    EXPECT_EQ(vector.values.front(), static_cast<double>(first));
    ++first;
  }
}

TEST(Journal, gives_what_was_added) {
  Journal<double> journal;
  EXPECT_EQ(journal.first(), std::nullopt);
  EXPECT_TRUE(journal.since(0).empty());
  for (std::uint64_t round = 5; round < 3000; ++round) journal.add(update_of(round, round % 1000 == 999));
  EXPECT_EQ(journal.first(), 5u);
  for (const std::uint64_t first : {5, 6, 998, 999, 1000, 2998, 2999, 3000})
    expect_since(journal, first, 3000);
}

TEST(Journal, forgets_but_for_less_than_a_piece) {
  Journal<double> journal;
  std::uint64_t round = 0;
  for (; round < 10'000; ++round) journal.add(update_of(round));
  const std::size_t before = journal.bytes();
  EXPECT_LT(before, 10'000u * 64);  // 12 are the index and the value
  for (std::uint64_t first : {0, 1, 4000, 9999}) {
    journal.forget_before(first);
    EXPECT_LE(*journal.first(), first);
    EXPECT_GT(*journal.first() + 2000, first);
    expect_since(journal, first, round);
  }
  EXPECT_LT(journal.bytes(), before / 5);
  journal.forget_before(round);
  EXPECT_EQ(journal.bytes(), 0u);
  EXPECT_EQ(journal.first(), std::nullopt);
}

TEST(Journal, keeps_no_memory_but_that_of_its_updates) {
  const auto memory = std::make_shared<std::vector<std::byte>>(1 << 20);
  Update<double> update = update_of(0);
  const auto values = update.vector.values.span();
  std::copy(values.begin(), values.end(), memory->begin());
  update.vector.values = Bytes(memory, std::span(memory->data(), values.size()));
  Journal<double> journal;
  journal.add(update);
  update = {};
  EXPECT_EQ(memory.use_count(), 1);
  expect_since(journal, 0, 1);
}

TEST(Journal, shares_what_is_large) {
  Update<double> update = update_of(3, true);
  const std::byte* const there = update.vector.values.data();
  Journal<double> journal;
  journal.add(update);
  EXPECT_EQ(journal.bytes(), update.payload_bytes());
  EXPECT_EQ(journal.since(0).at(0).vector.values.data(), there);
}

}  // namespace
}  // namespace wisp::actors
