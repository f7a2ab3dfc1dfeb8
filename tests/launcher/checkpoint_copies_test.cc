#include "launcher/checkpoint_copies.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/hash.h"
#include "launcher/data_store.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CheckpointCopiesTest : public testing::Test {
 protected:
  // As Fleet::keep_checkpoint() has it: the content first.
  message::File keep(std::uint64_t number, std::uint32_t keep, const std::string& job = "0123abcd") {
    const std::string text = "checkpoint " + std::to_string(number);
    const Bytes content = Bytes::copy(std::as_bytes(std::span(text)));
    const std::string sha256 = sha256_hex(content.span());
    if (keep > 0) DataStore(workdir_.path()).put(message::PutFile{sha256, content.size(), 0, 0, content});
    return keep_checkpoint(workdir_.path(), message::KeepCheckpoint{sha256, job, number, keep});
  }
  std::vector<std::string> names(const std::filesystem::path& folder) const {
    std::vector<std::string> names;
    for (const auto& each : disk_.list(workdir_.path() / folder)) names.push_back(each.string());
    return names;
  }

  const test::TemporaryFolder workdir_;
  SystemDisk disk_;
};

TEST_F(CheckpointCopiesTest, has_the_last_ones_in_a_folder_like_a_job_s) {
  for (const std::uint64_t number : {7, 8, 9}) EXPECT_TRUE(keep(number, 2).present);
  EXPECT_THAT(names("checkpoints/0123abcd/ckpt"), ElementsAre("8.ckpt", "9.ckpt"));
  const message::File last = keep(10, 2);
  EXPECT_EQ(last.path, (workdir_.path() / "checkpoints/0123abcd/ckpt/10.ckpt").string());
  EXPECT_EQ(disk_.read_text(last.path), "checkpoint 10");
  EXPECT_THAT(names("checkpoints/0123abcd/ckpt"), ElementsAre("10.ckpt", "9.ckpt"));
  EXPECT_THAT(names("data"), ElementsAre());
}

TEST_F(CheckpointCopiesTest, replaces_one_of_the_same_number) {
  EXPECT_TRUE(keep(3, 3).present);
  EXPECT_TRUE(keep(3, 3).present);
  EXPECT_THAT(names("checkpoints/0123abcd/ckpt"), ElementsAre("3.ckpt"));
}

TEST_F(CheckpointCopiesTest, forgets_a_job_and_no_other) {
  EXPECT_TRUE(keep(1, 2).present);
  EXPECT_TRUE(keep(1, 2, "4567abcd").present);
  EXPECT_TRUE(keep(0, 0).present);
  EXPECT_THAT(names("checkpoints"), ElementsAre("4567abcd"));
  EXPECT_TRUE(keep(0, 0).present);  // nothing to do is fine
  EXPECT_TRUE(keep(0, 0, "4567abcd").present);
  EXPECT_FALSE(disk_.exists(workdir_.path() / "checkpoints"));
}

TEST_F(CheckpointCopiesTest, forgets_what_is_old) {
  EXPECT_TRUE(keep(1, 2).present);
  forget_old_checkpoints(workdir_.path(), std::chrono::hours(1));
  EXPECT_THAT(names("checkpoints"), ElementsAre("0123abcd"));
  forget_old_checkpoints(workdir_.path(), std::chrono::hours(-1));
  EXPECT_FALSE(disk_.exists(workdir_.path() / "checkpoints"));
}

TEST_F(CheckpointCopiesTest, refuses_what_leads_elsewhere_or_is_not_there) {
  const message::File elsewhere = keep(1, 2, "../../etc");
  EXPECT_FALSE(elsewhere.present);
  EXPECT_EQ(elsewhere.error, "'../../etc' is no job's id");
  const message::File path = keep_checkpoint(
      workdir_.path(), message::KeepCheckpoint{"../" + std::string(61, 'a'), "0123abcd", 1, 2});
  EXPECT_EQ(path.error, "not a sha256");
  const message::File missing =
      keep_checkpoint(workdir_.path(), message::KeepCheckpoint{std::string(64, 'a'), "0123abcd", 1, 2});
  EXPECT_FALSE(missing.present);
  EXPECT_THAT(missing.error, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace wisp::launcher
