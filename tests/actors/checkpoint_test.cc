#include "actors/checkpoint.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/pack.h"
#include "base/simulated_disk.h"
#include "tests/support/temporary_folder.h"

namespace wisp::actors {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

Bytes bytes_of(std::string_view text) { return Bytes::copy(std::as_bytes(std::span(text))); }
std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes joined(const std::vector<Bytes>& pieces) {
  std::vector<std::byte> bytes;
  for (const Bytes& each : pieces) bytes.insert(bytes.end(), each.span().begin(), each.span().end());
  return Bytes(std::move(bytes));
}

// The example of docs/checkpoints.md, and what else has its number.
Checkpoint example(std::uint64_t number = 2) {
  Checkpoint checkpoint;
  checkpoint.number = number;
  checkpoint.updates = 96;
  checkpoint.traits = {{"seed", "7"}, {"method.kind", "isega"}};
  checkpoint.parts["master"] = bytes_of("\1\2\3");
  checkpoint.parts["worker-0"] = Bytes();
  return checkpoint;
}

Bytes file_of(const Checkpoint& checkpoint) { return joined(encode(checkpoint)); }

void expect_equal(const Checkpoint& found, const Checkpoint& wanted) {
  EXPECT_EQ(found.number, wanted.number);
  EXPECT_EQ(found.updates, wanted.updates);
  EXPECT_EQ(found.traits, wanted.traits);
  ASSERT_EQ(found.parts.size(), wanted.parts.size());
  for (const auto& [name, state] : wanted.parts) {
    ASSERT_TRUE(found.parts.contains(name)) << name;
    EXPECT_EQ(text_of(found.parts.at(name)), text_of(state)) << name;
  }
}

// With a checksum that is right.
Bytes sealed(std::span<const std::byte> body) {
  Packer packer;
  packer.raw(body);
  const std::uint32_t crc = crc32c(body);
  std::vector<std::byte> seal{std::byte{0xce}};
  for (int shift = 24; shift >= 0; shift -= 8) seal.push_back(static_cast<std::byte>(crc >> shift));
  packer.raw(seal);
  return packer.finish();
}

std::string reason(const Bytes& file) {
  try {
    decode_checkpoint(file);
  } catch (const DecodeError& error) {
    return error.what();
  }
  return "none";
}

TEST(Checkpoint, comes_back) {
  expect_equal(decode_checkpoint(file_of(example())), example());
  Checkpoint empty;
  empty.number = 1;
  expect_equal(decode_checkpoint(file_of(empty)), empty);
}

TEST(Checkpoint, shares_large_parts_when_it_is_written_and_read) {
  Checkpoint checkpoint = example();
  const std::string large(100'000, 'x');
  for (const char* name : {"a", "master", "z"}) checkpoint.parts[name] = bytes_of(large + name);
  const std::vector<Bytes> pieces = encode(checkpoint);
  std::size_t shared = 0;
  for (const auto& [name, state] : checkpoint.parts) {
    for (const Bytes& each : pieces) shared += !state.empty() && each.data() == state.data() ? 1 : 0;
  }
  EXPECT_EQ(shared, 3u);
  const Bytes file = joined(pieces);
  const Checkpoint found = decode_checkpoint(file);
  expect_equal(found, checkpoint);
  for (const auto& [name, state] : found.parts) {
    EXPECT_TRUE(file.data() <= state.data() && state.data() + state.size() <= file.data() + file.size())
        << name;
  }
}

TEST(Checkpoint, is_what_its_page_shows) {
  std::ifstream page(WISP_DOCS "/checkpoints.md");
  std::string line;
  std::vector<std::byte> bytes;
  bool inside = false;
  while (std::getline(page, line)) {
    if (line.starts_with("```")) inside = line == "```bytes";
    if (!inside || line.starts_with("```")) continue;
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;)
      bytes.push_back(static_cast<std::byte>(std::stoi(word, nullptr, 16)));
  }
  const Bytes shown(std::move(bytes));
  EXPECT_EQ(text_of(shown), text_of(file_of(example())))
      << "the checksum is " << std::hex << crc32c(shown.span().first(shown.size() - 5));
  expect_equal(decode_checkpoint(shown), example());
}

TEST(Checkpoint, that_is_cut_short_is_refused) {
  const Bytes whole = file_of(example());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut = Bytes::copy(whole.span().first(size));
    EXPECT_EQ(reason(cut), size < 22 ? "it is too short: it has " + std::to_string(size) + " bytes"
                                     : "its checksum does not match");
  }
  EXPECT_EQ(reason(joined({whole, bytes_of("x")})), "its checksum does not match");
}

TEST(Checkpoint, with_a_flipped_bit_is_refused) {
  const Bytes whole = file_of(example());
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::vector<std::byte> bytes(whole.span().begin(), whole.span().end());
    bytes[bit / 8] ^= std::byte{1} << bit % 8;
    EXPECT_EQ(reason(Bytes(std::move(bytes))),
              bit < 8 * 16 ? "it does not begin as a checkpoint does" : "its checksum does not match");
  }
}

TEST(Checkpoint, of_another_format_is_refused_whatever_is_in_it) {
  for (const auto& [format, rest] :
       std::vector<std::pair<std::uint64_t, std::string>>{{2, ""}, {300, "abc"}, {0, ""}}) {
    Packer packer;
    packer.text("wisp-checkpoint");
    packer.unsigned_integer(format);
    packer.raw(std::as_bytes(std::span(rest)));
    EXPECT_EQ(reason(sealed(packer.finish().span())),
              "it is of format " + std::to_string(format) +
                  ", of another version of wisp; this one reads format 1");
  }
}

TEST(Checkpoint, with_a_right_checksum_of_something_else_is_refused) {
  const auto reason_of = [](const std::string& rest) {
    return reason(sealed(bytes_of(std::string("\xafwisp-checkpoint") + rest).span()));
  };
  const std::string begin = "it is whole, but not what a checkpoint is: ";
  EXPECT_EQ(reason_of("\1"), begin + "the bytes end before the value that was wanted");
  EXPECT_EQ(reason_of("\1\xc0"), begin + "found nil where an array was wanted");
  EXPECT_EQ(reason_of("\xa1y"), begin + "found a text where an unsigned integer was wanted");
  EXPECT_EQ(reason_of("\1\xdd\xff\xff\xff\xff"), begin + "not msgpack: array size overflow");
  EXPECT_EQ(reason_of("\1\x93\2\3\x90"), begin + "a message has 3 fields where at least 4 were wanted");
  EXPECT_EQ(reason_of("\1\x94\2\3\x90\x90\7"), begin + "there are bytes behind the end of the message");
  EXPECT_EQ(reason_of("\1\x95\2\3\x90\x90\7"), "none");  // what a later version has added
}

class CheckpointFolderTest : public testing::Test {
 protected:
  CheckpointFolder folder(std::size_t keep = 3) { return CheckpointFolder(disk_, "/job/checkpoints", keep); }
  void write(std::uint64_t number, std::size_t keep = 3) {
    EXPECT_THAT(folder(keep).write(example(number)), IsEmpty());
  }
  static fs::path path(std::uint64_t number) {
    return "/job/checkpoints/" + std::to_string(number) + ".ckpt";
  }
  std::vector<fs::path> files() const { return disk_.list("/job/checkpoints"); }
  std::uint64_t newest() {
    warnings_.clear();
    const std::optional<Checkpoint> found = folder().newest(warnings_);
    if (found) expect_equal(*found, example(found->number));
    return found ? found->number : 0;
  }
  std::string failure(std::uint64_t number) {
    try {
      folder().write(example(number));
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }
  static std::string warning(std::uint64_t number, const std::string& why, bool last = false) {
    return path(number).string() + " can't be used: " + why +
           (last ? "; there is none before it" : "; the one before it is taken");
  }

  SimulatedDisk disk_;
  std::vector<std::string> warnings_;
};

TEST_F(CheckpointFolderTest, is_empty_before_the_first) {
  EXPECT_EQ(newest(), 0u);
  disk_.make_folders("/job/checkpoints");
  EXPECT_EQ(newest(), 0u);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(CheckpointFolderTest, keeps_the_last_ones_by_their_numbers) {
  for (std::uint64_t number = 1; number <= 12; ++number) {
    write(number);
    EXPECT_EQ(newest(), number);
    EXPECT_THAT(warnings_, IsEmpty());
    EXPECT_EQ(files().size(), std::min<std::uint64_t>(number, 3));
  }
  EXPECT_THAT(files(), ElementsAre("10.ckpt", "11.ckpt", "12.ckpt"));
  write(13, 1);
  EXPECT_THAT(files(), ElementsAre("13.ckpt"));
}

TEST_F(CheckpointFolderTest, leaves_what_is_not_its_own_and_removes_what_was_not_finished) {
  write(1);
  for (const char* name : {"1.ckpt.bak", "01.ckpt", "0.ckpt", "x.ckpt", ".ckpt", "7", "-1.ckpt",
                           "1.ckpt.Ab12Cd", "18446744073709551616.ckpt", "5.ckpt.abcdef", "notes"}) {
    disk_.write_text(fs::path("/job/checkpoints") / name, "x");
  }
  write(2, 1);
  EXPECT_EQ(newest(), 2u);
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_THAT(files(), ElementsAre("-1.ckpt", ".ckpt", "0.ckpt", "01.ckpt", "1.ckpt.bak",
                                   "18446744073709551616.ckpt", "2.ckpt", "7", "notes", "x.ckpt"));
}

TEST_F(CheckpointFolderTest, passes_over_what_is_cut_short) {
  write(1);
  const std::size_t size = file_of(example(2)).size();
  for (std::size_t left = 0; left < size; ++left) {
    write(2);
    disk_.truncate(path(2), left);
    EXPECT_EQ(newest(), 1u) << left;
    EXPECT_THAT(warnings_, ElementsAre(testing::StartsWith(path(2).string() + " can't be used: it"))) << left;
  }
}

TEST_F(CheckpointFolderTest, passes_over_every_flipped_bit) {
  write(1);
  write(2);
  for (std::size_t bit = 0; bit < 8 * file_of(example(2)).size(); ++bit) {
    disk_.flip_bit(path(2), bit);
    EXPECT_EQ(newest(), 1u) << bit;
    EXPECT_THAT(warnings_, ElementsAre(warning(2, bit < 8 * 16 ? "it does not begin as a checkpoint does"
                                                               : "its checksum does not match")));
    disk_.flip_bit(path(2), bit);
  }
  EXPECT_EQ(newest(), 2u);
}

TEST_F(CheckpointFolderTest, warns_of_each_that_it_passes_over) {
  for (const std::uint64_t number : {8, 9, 10}) write(number);
  disk_.flip_bit(path(10), 500);
  disk_.truncate(path(9), 3);
  EXPECT_EQ(newest(), 8u);
  EXPECT_THAT(warnings_, ElementsAre(warning(10, "its checksum does not match"),
                                     warning(9, "it is too short: it has 3 bytes")));
  disk_.write("/job/checkpoints/8.ckpt", file_of(example(3)).span());
  EXPECT_EQ(newest(), 0u);
  ASSERT_EQ(warnings_.size(), 3u);
  EXPECT_EQ(warnings_[2], warning(8, "it is that of number 3, under another name", true));
  disk_.make_folders(path(11));
  newest();
  EXPECT_EQ(warnings_[0], warning(11, "can't read " + path(11).string() + ": Is a directory"));
}

// The one that was just written is the newest that is whole, whatever lies beside it.
TEST_F(CheckpointFolderTest, never_removes_the_newest_that_is_whole) {
  for (const std::uint64_t number : {1, 2, 3}) write(number);
  disk_.flip_bit(path(2), 500);
  disk_.flip_bit(path(3), 500);
  EXPECT_EQ(newest(), 1u);
  write(2, 1);
  EXPECT_THAT(files(), ElementsAre("2.ckpt", "3.ckpt"));
  EXPECT_EQ(newest(), 2u);
  write(3, 1);
  EXPECT_THAT(files(), ElementsAre("3.ckpt"));
  EXPECT_EQ(newest(), 3u);
}

TEST_F(CheckpointFolderTest, that_is_full_stays_as_it_was) {
  for (const std::uint64_t number : {1, 2, 3}) write(number);
  disk_.set_capacity(4 * file_of(example(4)).size() - 1);
  EXPECT_EQ(failure(4), "can't write " + path(4).string() + ": No space left on device");
  EXPECT_THAT(files(), ElementsAre("1.ckpt", "2.ckpt", "3.ckpt"));
  EXPECT_EQ(newest(), 3u);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(CheckpointFolderTest, that_fails_stays_as_it_was) {
  for (const std::uint64_t number : {1, 2, 3}) write(number);
  for (const std::uint64_t number : {3, 4}) {
    disk_.fail_write(disk_.writes() + 1);
    EXPECT_EQ(failure(number), "can't write " + path(number).string() + ": Input/output error");
    EXPECT_THAT(files(), ElementsAre("1.ckpt", "2.ckpt", "3.ckpt"));
    EXPECT_EQ(newest(), 3u);
  }
  write(4);
  EXPECT_THAT(files(), ElementsAre("2.ckpt", "3.ckpt", "4.ckpt"));
}

TEST_F(CheckpointFolderTest, outlives_a_power_cut) {
  write(1, 1);
  disk_.power_cut();
  EXPECT_EQ(newest(), 1u);
  write(2, 1);
  disk_.power_cut();  // the removal was not synced
  EXPECT_THAT(files(), ElementsAre("1.ckpt", "2.ckpt"));
  EXPECT_EQ(newest(), 2u);
  disk_.fail_write(disk_.writes() + 1);
  EXPECT_NE(failure(3), "none");
  disk_.power_cut();
  EXPECT_EQ(newest(), 2u);
  write(3, 1);
  EXPECT_THAT(files(), ElementsAre("3.ckpt"));
}

TEST_F(CheckpointFolderTest, says_what_it_could_not_remove) {
  disk_.make_folders("/job/checkpoints/1.ckpt/x");
  EXPECT_THAT(folder(1).write(example(2)),
              ElementsAre("can't remove " + path(1).string() + ": Directory not empty"));
  EXPECT_EQ(newest(), 2u);
}

TEST(CheckpointFolderOnDisk, holds_private_files_and_nothing_else) {
  const test::TemporaryFolder temporary;
  const fs::path path = temporary.path() / "job" / "checkpoints";
  SystemDisk disk;
  CheckpointFolder folder(disk, path, 2);
  Checkpoint checkpoint = example();
  checkpoint.parts["master"] = bytes_of(std::string(3'000'000, 'm'));
  for (checkpoint.number = 9; checkpoint.number < 12; ++checkpoint.number) {
    EXPECT_THAT(folder.write(checkpoint), IsEmpty());
  }
  EXPECT_THAT(disk.list(path), ElementsAre("10.ckpt", "11.ckpt"));
  EXPECT_EQ(fs::status(path / "11.ckpt").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  checkpoint.number = 11;
  std::vector<std::string> warnings;
  expect_equal(folder.newest(warnings).value(), checkpoint);
  fs::resize_file(path / "11.ckpt", 2'000'000);
  checkpoint.number = 10;
  expect_equal(folder.newest(warnings).value(), checkpoint);
  EXPECT_THAT(warnings,
              ElementsAre((path / "11.ckpt").string() +
                          " can't be used: its checksum does not match; the one before it is taken"));
}

}  // namespace
}  // namespace wisp::actors
