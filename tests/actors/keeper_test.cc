#include "actors/keeper.h"

#include <gtest/gtest.h>

#include "base/simulated_disk.h"
#include "tests/actors/cluster.h"

namespace wisp::actors {
namespace {

using runtime::test::kHang;

// Of a run with one worker.
class KeeperTest : public testing::Test {
 protected:
  explicit KeeperTest(CheckpointCopier copy = nullptr)
      : keeper_(cluster_.system().adopt(
            "keeper",
            std::make_unique<Keeper>(std::make_unique<CheckpointFolder>(disk_, "ckpt", 3), 1,
                                     std::map<std::string, std::string>(), nullptr, std::move(copy)))) {}
  static Part part(std::uint32_t attempt, std::uint64_t cut, const std::string& actor) {
    return Part(attempt, cut, actor, Bytes());
  }
  Kept last(std::uint32_t attempt) { return keeper_.call<&Keeper::last>(std::uint32_t{attempt}).get(kHang); }

  SimulatedDisk disk_;
  test::Cluster cluster_;
  const runtime::Handle<Keeper> keeper_;
};

TEST_F(KeeperTest, writes_a_cut_when_all_parts_are_there) {
  auto kept = keeper_.call<&Keeper::keep>(part(1, 1, "master"), std::uint64_t{5});
  EXPECT_EQ(last(1).number, 0u);
  keeper_.call<&Keeper::put>(part(1, 1, "worker-0")).get(kHang);
  EXPECT_TRUE(kept.get(kHang));
  EXPECT_EQ(last(1).number, 1u);
  EXPECT_EQ(last(1).updates, 5u);
  EXPECT_EQ(last(1).parts.size(), 2u);
}

TEST_F(KeeperTest, drops_a_cut_that_a_later_one_has_overtaken) {
  auto overtaken = keeper_.call<&Keeper::keep>(part(1, 1, "master"), std::uint64_t{5});
  keeper_.call<&Keeper::put>(part(1, 2, "worker-0")).get(kHang);
  EXPECT_FALSE(overtaken.get(kHang));
  keeper_.call<&Keeper::put>(part(1, 1, "worker-0")).get(kHang);
  EXPECT_EQ(last(1).number, 0u);
  EXPECT_TRUE(keeper_.call<&Keeper::keep>(part(1, 2, "master"), std::uint64_t{7}).get(kHang));
  EXPECT_EQ(last(1).updates, 7u);
}

TEST_F(KeeperTest, drops_the_cuts_of_masters_before_the_one_that_has_the_last_checkpoint) {
  auto overtaken = keeper_.call<&Keeper::keep>(part(1, 1, "master"), std::uint64_t{5});
  EXPECT_EQ(last(2).number, 0u);
  keeper_.call<&Keeper::put>(part(1, 1, "worker-0")).get(kHang);
  EXPECT_FALSE(overtaken.get(kHang));
  EXPECT_EQ(last(2).number, 0u);
}

TEST_F(KeeperTest, ends_a_cut_whose_part_has_failed_and_takes_the_next) {
  auto kept = keeper_.call<&Keeper::keep>(part(1, 1, "master"), std::uint64_t{5});
  Part failed = part(1, 1, "worker-0");
  failed.failure = "its table is too large";
  keeper_.call<&Keeper::put>(failed).get(kHang);
  try {
    kept.get(kHang);
    FAIL() << "a cut without a part";
  } catch (const runtime::ActorError& error) {
    EXPECT_EQ(error.cause(), "worker-0: its table is too large");
  }
  EXPECT_EQ(last(1).number, 0u);
  keeper_.call<&Keeper::put>(part(1, 2, "worker-0")).get(kHang);
  EXPECT_TRUE(keeper_.call<&Keeper::keep>(part(1, 2, "master"), std::uint64_t{7}).get(kHang));
  EXPECT_EQ(last(1).updates, 7u);
}

class CopyingKeeperTest : public KeeperTest {
 protected:
  CopyingKeeperTest()
      : KeeperTest([this](std::uint64_t number, const std::filesystem::path& file) {
          if (number == 1) throw Error("the other host is full");
          copied_ = file;
        }) {}
  std::filesystem::path copied_;
};

TEST_F(CopyingKeeperTest, counts_a_checkpoint_when_it_is_copied) {
  keeper_.call<&Keeper::put>(part(1, 1, "worker-0")).get(kHang);
  EXPECT_THROW(keeper_.call<&Keeper::keep>(part(1, 1, "master"), std::uint64_t{5}).get(kHang),
               runtime::ActorError);
  keeper_.call<&Keeper::put>(part(1, 2, "worker-0")).get(kHang);
  EXPECT_TRUE(keeper_.call<&Keeper::keep>(part(1, 2, "master"), std::uint64_t{7}).get(kHang));
  EXPECT_EQ(copied_, "ckpt/2.ckpt");
}

}  // namespace
}  // namespace wisp::actors
