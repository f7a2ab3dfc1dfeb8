#include "actors/iterate.h"

#include <gtest/gtest.h>

namespace wisp::actors {
namespace {

TEST(Iterate, is_shared_until_it_is_written_to) {
  Iterate<double> x(std::vector{1.0, 2.0});
  const double* values = x.data();
  x.write()[0] = 3;
  EXPECT_EQ(x.data(), values);  // nobody else has it
  const Iterate<double> sent = x;
  EXPECT_TRUE(sent.shares_with(x));
  x.write()[0] = 4;
  EXPECT_FALSE(sent.shares_with(x));
  EXPECT_EQ(sent[0], 3);
  EXPECT_EQ(x[0], 4);
  EXPECT_EQ(x[1], 2);
}

TEST(Iterate, of_nothing_is_empty) {
  Iterate<float> none;
  EXPECT_EQ(none.size(), 0u);
  EXPECT_TRUE(none.write().empty());
}

TEST(Iterate, travels_as_a_vector_of_numbers) {
  const std::vector<float> values{1.5f, -2.5f};
  const Bytes packed = pack(Iterate<float>(values));
  EXPECT_EQ(unpack<std::vector<float>>(packed), values);
  const auto arrived = unpack<Iterate<float>>(pack(values));
  EXPECT_EQ(std::vector<float>(arrived.begin(), arrived.end()), values);
}

}  // namespace
}  // namespace wisp::actors
