#include "runtime/saved_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/simulated_disk.h"
#include "runtime/failure.h"

namespace wisp::runtime {
namespace {

using testing::HasSubstr;
using Verdict = SavedState::Verdict;

class Sum : public Actor {
 public:
  void save(Packer& packer) const override { pack(packer, sum); }
  void restore(Unpacker& unpacker) override { unpack(unpacker, sum); }
  std::int64_t sum = 0;
};

const ActorId kFirst(2, 1);
const ActorId kSecond(3, 1);
const ActorId kSender(7, 4);

class SavedStateTest : public testing::Test {
 protected:
  SavedState state(ActorId incarnation, const SavingFaults& faults = {}) {
    return SavedState(disk_, "/folder", "sum", incarnation, faults);
  }
  std::string why_not_open(ActorId incarnation) {
    Sum actor;
    try {
      state(incarnation).open(actor);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  // The file of an actor that has taken in 1 to 3 of kSender and has the sum 42.
  void save_once() {
    SavedState saved = state(kFirst);
    Sum actor;
    saved.open(actor);
    for (const std::uint64_t number : {1u, 2u, 3u}) EXPECT_EQ(saved.accept(kSender, number), Verdict::kTake);
    actor.sum = 42;
    saved.save(actor);
  }

  SimulatedDisk disk_;
};

TEST_F(SavedStateTest, takes_in_what_is_next_once) {
  SavedState saved = state(kFirst);
  EXPECT_EQ(saved.accept(kSender, 1), Verdict::kTake);
  EXPECT_EQ(saved.accept(kSender, 1), Verdict::kApplied);
  EXPECT_EQ(saved.accept(kSender, 3), Verdict::kGap);
  EXPECT_EQ(saved.accept(kSender, 2), Verdict::kTake);
  EXPECT_EQ(saved.accept(ActorId(7, 5), 1), Verdict::kTake);
}

TEST_F(SavedStateTest, the_first_incarnation_has_nothing_to_restore) {
  Sum actor;
  actor.sum = 5;
  state(kFirst).open(actor);
  EXPECT_EQ(actor.sum, 5);
}

TEST_F(SavedStateTest, restores_the_state_and_the_table_together) {
  save_once();
  Sum actor;
  SavedState saved = state(kSecond);
  saved.open(actor);
  EXPECT_EQ(actor.sum, 42);
  EXPECT_EQ(saved.accept(kSender, 3), Verdict::kApplied);
  EXPECT_EQ(saved.accept(kSender, 4), Verdict::kTake);
  EXPECT_EQ(saved.durable(kSender), 3u);
}

TEST_F(SavedStateTest, what_was_not_saved_was_not_taken_in) {
  {
    SavedState saved = state(kFirst);
    Sum actor;
    saved.open(actor);
    EXPECT_EQ(saved.accept(kSender, 1), Verdict::kTake);
    saved.save(actor);
    EXPECT_EQ(saved.accept(kSender, 2), Verdict::kTake);
  }
  Sum actor;
  SavedState saved = state(kSecond);
  saved.open(actor);
  EXPECT_EQ(saved.accept(kSender, 2), Verdict::kTake);
}

TEST_F(SavedStateTest, says_what_has_become_durable) {
  SavedState saved = state(kFirst);
  Sum actor;
  saved.open(actor);
  EXPECT_EQ(saved.durable(kSender), 0u);
  EXPECT_EQ(saved.accept(kSender, 1), Verdict::kTake);
  const auto news = saved.save(actor);
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].sender, kSender);
  EXPECT_EQ(news[0].number, 1u);
  EXPECT_TRUE(saved.save(actor).empty());
  EXPECT_EQ(saved.durable(kSender), 1u);
}

TEST_F(SavedStateTest, a_failed_write_changes_nothing) {
  save_once();
  SavedState saved = state(kSecond);
  Sum actor;
  saved.open(actor);
  EXPECT_EQ(saved.accept(kSender, 4), Verdict::kTake);
  actor.sum = 43;
  disk_.fail_write(disk_.writes() + 1, 0);
  EXPECT_THROW(saved.save(actor), Error);
  EXPECT_EQ(saved.durable(kSender), 3u);
  Sum later;
  state(ActorId(4, 1)).open(later);
  EXPECT_EQ(later.sum, 42);
}

TEST_F(SavedStateTest, an_earlier_incarnation_is_fenced) {
  SavedState first = state(kFirst);
  Sum actor;
  first.open(actor);
  Sum replacement;
  state(kSecond).open(replacement);
  try {
    first.save(actor);
    FAIL() << "it wrote";
  } catch (const Fenced& error) {
    EXPECT_STREQ(error.what(), "/folder/sum.saved belongs to a later incarnation, on node 3");
  }
  EXPECT_THAT(why_not_open(kFirst), HasSubstr("belongs to a later incarnation"));
}

TEST_F(SavedStateTest, a_damaged_file_is_refused_by_name_at_every_offset) {
  save_once();
  const std::size_t size = disk_.read("/folder/sum.saved").size();
  for (std::size_t offset = 0; offset < size; ++offset) {
    disk_.flip_bit("/folder/sum.saved", 8 * offset + offset % 8);
    EXPECT_THAT(why_not_open(kSecond), HasSubstr("/folder/sum.saved can't be restored")) << "byte " << offset;
    disk_.flip_bit("/folder/sum.saved", 8 * offset + offset % 8);
  }
  EXPECT_EQ(why_not_open(kSecond), "");
}

TEST_F(SavedStateTest, a_damaged_word_of_the_owner_is_refused_by_name) {
  save_once();
  for (std::size_t kept = disk_.read("/folder/sum.owner").size(); kept-- > 0;) {
    disk_.truncate("/folder/sum.owner", kept);
    EXPECT_THAT(why_not_open(kSecond), HasSubstr("/folder/sum.owner can't be read")) << kept << " bytes";
  }
}

TEST_F(SavedStateTest, a_file_that_was_cut_is_refused) {
  save_once();
  const std::size_t size = disk_.read("/folder/sum.saved").size();
  for (std::size_t kept = size; kept-- > 0;) {
    disk_.truncate("/folder/sum.saved", kept);
    EXPECT_THAT(why_not_open(kSecond), HasSubstr("can't be restored")) << kept << " bytes";
  }
}

TEST_F(SavedStateTest, forgets_senders_that_are_gone) {
  save_once();
  SavedState saved = state(kSecond);
  Sum actor;
  saved.open(actor);
  saved.forget_if([](NodeId node) { return node == kSender.node; });
  saved.save(actor);
  SavedState third = state(ActorId(4, 1));
  third.open(actor);
  EXPECT_EQ(third.durable(kSender), 0u);
}

}  // namespace
}  // namespace wisp::runtime
