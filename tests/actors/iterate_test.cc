#include "actors/iterate.h"

#include <cstring>

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

TEST(Iterate, is_shared_with_its_bytes) {
  Iterate<float> x(std::vector{1.5f, -2.5f});
  const Bytes bytes = x.bytes();
  EXPECT_EQ(static_cast<const void*>(bytes.data()), x.data());
  EXPECT_EQ(bytes.size(), 8u);
  x.write()[0] = 3;
  EXPECT_NE(static_cast<const void*>(bytes.data()), x.data());
  float first = 0;
  std::memcpy(&first, bytes.data(), sizeof first);
  EXPECT_EQ(first, 1.5f);
}

}  // namespace
}  // namespace wisp::actors
