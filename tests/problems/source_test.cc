#include "problems/source.h"

#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

DataInfo info_of(const std::vector<double>& labels) {
  DataInfo info;
  for (const double each : labels) info.count_row(each);
  return info;
}

TEST(DataInfo, counts_rows_and_tells_their_labels_apart) {
  EXPECT_EQ(info_of({4, 4}).distinct_labels, 1U);
  const DataInfo two = info_of({4, -1, 4, -1});
  EXPECT_EQ(two.rows, 4U);
  EXPECT_EQ(two.distinct_labels, 2U);
  EXPECT_EQ(two.label_low, -1);
  EXPECT_EQ(two.label_high, 4);
  const DataInfo more = info_of({2, 1, 3, 2, 9});
  EXPECT_EQ(more.distinct_labels, 3U);
  EXPECT_EQ(more.label_high, 9);
  EXPECT_TRUE(more.whole_labels);
  EXPECT_FALSE(info_of({2, 1.5}).whole_labels);
}

TEST(DataInfo, numbers_classes_from_the_lowest_label) {
  const DataInfo two = info_of({1, 2});
  EXPECT_EQ(two.classes(), 2U);
  EXPECT_EQ(two.class_of(two.label(1)), 0U);
  EXPECT_EQ(two.class_of(two.label(2)), 1U);
  const DataInfo more = info_of({-1, 0, 3});
  EXPECT_EQ(more.classes(), 5U);
  EXPECT_EQ(more.class_of(more.label(-1)), 0U);
  EXPECT_EQ(more.class_of(more.label(3)), 4U);
  EXPECT_EQ(test::config_error([&] { static_cast<void>(more.class_of(4)); }),
            "a row has label 4, which is no class: those are -1 to 3");
  EXPECT_THROW(static_cast<void>(more.class_of(0.5)), Error);
  EXPECT_THROW(static_cast<void>(more.class_of(-2)), Error);
}

}  // namespace
}  // namespace wisp::problems
