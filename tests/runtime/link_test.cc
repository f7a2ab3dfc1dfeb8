#include "runtime/link.h"

#include <gtest/gtest.h>

namespace wisp::runtime {
namespace {

TEST(Link, numbers_from_one) {
  Link link;
  EXPECT_EQ(link.next_out(), 1u);
  EXPECT_EQ(link.next_out(), 2u);
  EXPECT_EQ(link.received(), 0u);
}

TEST(Link, takes_the_next_and_nothing_else) {
  Link link;
  EXPECT_EQ(link.receive(1), Link::Verdict::kNext);
  EXPECT_EQ(link.receive(1), Link::Verdict::kDuplicate);
  EXPECT_EQ(link.receive(2), Link::Verdict::kNext);
  EXPECT_EQ(link.receive(4), Link::Verdict::kGap);
  EXPECT_EQ(link.receive(3), Link::Verdict::kNext);  // a gap took nothing
  EXPECT_EQ(link.receive(1), Link::Verdict::kDuplicate);
  EXPECT_EQ(link.receive(0), Link::Verdict::kDuplicate);
  EXPECT_EQ(link.received(), 3u);
}

}  // namespace
}  // namespace wisp::runtime
