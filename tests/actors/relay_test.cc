// One relay alone, given pieces by hand. Whole chains: job_test.cc.
#include "actors/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/actors/cluster.h"

namespace wisp::actors {
namespace {

using test::Cluster;
using test::kHang;
using testing::HasSubstr;

class RelayTest : public testing::Test {
 protected:
  RelayTest() {
    cluster_.start("there");
    relay_ = cluster_.system()
                 .spawn<Relay<double>>(runtime::Options("relay-0").on("there"), RelayParameters<double>())
                 .get(kHang);
  }
  void pass(std::uint64_t transfer, std::uint64_t offset, std::size_t length) {
    EXPECT_TRUE(relay_.tell<&Relay<double>::pass>(Piece(transfer, offset, packed_.slice(offset, length))));
  }
  std::string refusal(std::uint64_t transfer, std::uint64_t size) {
    try {
      relay_.call<&Relay<double>::deliver>(transfer, size).get(kHang);
    } catch (const runtime::ActorError& error) {
      return error.what();
    }
    return "";
  }

  const Bytes packed_ = pack(Model<double>(3, std::vector<double>(50, 0.5)));
  runtime::Handle<Relay<double>> relay_;
  Cluster cluster_;
};

TEST_F(RelayTest, delivers_when_all_pieces_have_come) {
  auto before = relay_.call<&Relay<double>::deliver>(std::uint64_t{1}, std::uint64_t{packed_.size()});
  pass(1, 0, 100);
  pass(1, 100, packed_.size() - 100);
  before.get(kHang);
  pass(2, 0, packed_.size());
  EXPECT_EQ(refusal(2, packed_.size()), "") << "the pieces may come before they are promised";
}

TEST_F(RelayTest, takes_up_the_next_model_where_one_was_left) {
  pass(1, 0, 100);
  pass(2, 0, packed_.size());
  EXPECT_EQ(refusal(2, packed_.size()), "");
}

TEST_F(RelayTest, says_that_pieces_are_missing) {
  auto promised = relay_.call<&Relay<double>::deliver>(std::uint64_t{1}, std::uint64_t{packed_.size()});
  pass(1, 0, 100);
  pass(1, 120, 100);
  try {
    promised.get(kHang);
    FAIL() << "no exception";
  } catch (const runtime::ActorError& error) {
    EXPECT_EQ(error.actor(), "relay-0");
    EXPECT_THAT(error.what(), HasSubstr("bytes of transfer 1 some did not come, or not in their order"));
  }
}

TEST_F(RelayTest, says_that_what_came_is_no_model) {
  pass(1, 0, 100);
  EXPECT_NE(refusal(1, 100), "");
  pass(2, 0, packed_.size());
  EXPECT_EQ(refusal(2, packed_.size()), "") << "and takes the next one";
}

}  // namespace
}  // namespace wisp::actors
