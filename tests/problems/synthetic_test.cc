#include "problems/synthetic.h"

#include <cmath>
#include <string>
#include <vector>

#include "base/hash.h"
#include "problems/shard.h"
#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

std::vector<std::uint64_t> all(std::uint64_t rows) { return shard_rows("contiguous", 0, 1, rows, {}, 0); }

template <class T>
std::string hash(const Rows<T>& rows) {
  Sha256 sha;
  sha.update(std::as_bytes(std::span(rows.start)));
  sha.update(std::as_bytes(std::span(rows.index)));
  sha.update(std::as_bytes(std::span(rows.value)));
  sha.update(std::as_bytes(std::span(rows.label)));
  return sha.hex().substr(0, 16);
}

TEST(Synthetic, is_what_its_facts_say) {
  for (const std::uint32_t dim : {1u, 2u, 19u, 20u, 21u, 39u, 41u, 200u}) {
    for (const std::uint64_t rows : {1u, 2u, 50u}) {
      const DataInfo info = synthetic_info(rows, dim, SyntheticLabels::kSign);
      const Rows<double> made = synthetic_rows<double>(info, SyntheticLabels::kSign, 1, all(rows));
      ASSERT_EQ(made.count(), rows);
      EXPECT_EQ(made.nnz(), info.nnz);
      for (std::size_t row = 0; row < rows; ++row) {
        EXPECT_NEAR(test::norm(made.values(row)), 1, 1e-14);
        EXPECT_EQ(std::abs(made.label[row]), 1);
        const auto indices = made.indices(row);
        for (std::size_t i = 0; i < indices.size(); ++i) {
          EXPECT_LT(indices[i], dim);
          if (i > 0) {
            EXPECT_LT(indices[i - 1], indices[i]);
          }
        }
      }
    }
  }
}

TEST(Synthetic, a_row_is_a_function_of_the_seed_and_its_number) {
  const DataInfo info = synthetic_info(100, 50, SyntheticLabels::kReal);
  const Rows<double> whole = synthetic_rows<double>(info, SyntheticLabels::kReal, 5, all(100));
  const std::vector<std::uint64_t> selection = {3, 40, 99};
  const Rows<double> part = synthetic_rows<double>(info, SyntheticLabels::kReal, 5, selection);
  for (std::size_t i = 0; i < selection.size(); ++i) {
    EXPECT_EQ(part.label[i], whole.label[selection[i]]);
    for (std::size_t k = 0; k < part.values(i).size(); ++k) {
      EXPECT_EQ(part.values(i)[k], whole.values(selection[i])[k]);
      EXPECT_EQ(part.indices(i)[k], whole.indices(selection[i])[k]);
    }
  }
  EXPECT_NE(hash(whole), hash(synthetic_rows<double>(info, SyntheticLabels::kReal, 6, all(100))));
}

TEST(Synthetic, both_labels_occur_and_all_columns_are_used) {
  const DataInfo info = synthetic_info(400, 64, SyntheticLabels::kSign);
  const Rows<double> made = synthetic_rows<double>(info, SyntheticLabels::kSign, 1, all(400));
  int positive = 0;
  for (const double label : made.label) positive += label > 0 ? 1 : 0;
  EXPECT_GT(positive, 100);
  EXPECT_LT(positive, 300);
  std::vector<int> used(64, 0);
  for (const std::uint32_t index : made.index) used[index] = 1;
  for (const int each : used) EXPECT_EQ(each, 1);
}

TEST(Synthetic, first_and_last_rows_see_different_columns) {
  const DataInfo info = synthetic_info(400, 100, SyntheticLabels::kSign);
  const Rows<double> made = synthetic_rows<double>(info, SyntheticLabels::kSign, 1, all(400));
  for (const std::uint32_t index : made.indices(0)) EXPECT_LT(index, 50u);
  for (const std::uint32_t index : made.indices(399)) EXPECT_GE(index, 50u);
}

TEST(Synthetic, data_never_change) {
  const DataInfo sign = synthetic_info(300, 64, SyntheticLabels::kSign);
  const DataInfo real = synthetic_info(300, 64, SyntheticLabels::kReal);
  EXPECT_EQ(hash(synthetic_rows<double>(sign, SyntheticLabels::kSign, 42, all(300))), "b5d55e2321a28a71");
  EXPECT_EQ(hash(synthetic_rows<float>(sign, SyntheticLabels::kSign, 42, all(300))), "e73ae921a71e3515");
  EXPECT_EQ(hash(synthetic_rows<double>(real, SyntheticLabels::kReal, 42, all(300))), "15e884e1a175a389");
}

}  // namespace
}  // namespace wisp::problems
