#include "launcher/data_store.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/error.h"
#include "launcher/deflate.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

Bytes bytes_of(std::string_view text) { return Bytes::copy(std::as_bytes(std::span(text))); }

message::PutFile piece(const std::string& whole, std::size_t offset, std::size_t size) {
  return message::PutFile{sha256_hex(bytes_of(whole).span()), whole.size(), offset, 0,
                          bytes_of(whole.substr(offset, size))};
}

std::size_t files_in(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

TEST(DataStore, a_file_in_pieces_is_there_when_the_last_one_came) {
  const test::TemporaryFolder folder;
  DataStore store(folder.path());
  const std::string whole = "0123456789";
  const std::string sha256 = sha256_hex(bytes_of(whole).span());
  EXPECT_FALSE(store.find({sha256, 10}).present);
  EXPECT_FALSE(store.put(piece(whole, 0, 4)));
  EXPECT_FALSE(store.put(piece(whole, 4, 4)));
  EXPECT_FALSE(store.find({sha256, 10}).present);
  const auto file = store.put(piece(whole, 8, 2));
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->present) << file->error;
  EXPECT_EQ(SystemDisk().read_text(file->path), whole);
  EXPECT_TRUE(store.find({sha256, 10}).present);
  EXPECT_FALSE(store.find({sha256, 11}).present);
  struct stat status {};
  ASSERT_EQ(::stat(file->path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  ASSERT_EQ(::stat((folder.path() / "data").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
}

TEST(DataStore, pieces_may_come_deflated) {
  const test::TemporaryFolder folder;
  DataStore store(folder.path());
  const std::string whole(10'000, 'a');
  message::PutFile first = piece(whole, 0, 6000);
  first.plain_size = 6000;
  first.content = *deflate(first.content.span());
  EXPECT_FALSE(store.put(first));
  const auto file = store.put(piece(whole, 6000, 4000));
  ASSERT_TRUE(file);
  EXPECT_EQ(SystemDisk().read_text(file->path), whole);
  first.plain_size = 5999;
  EXPECT_NE(store.put(first)->error, "");
  first.plain_size = 1u << 31;
  EXPECT_EQ(store.put(first)->error, "a piece of the file is too large") << "before memory is asked for";
}

TEST(DataStore, an_empty_file_is_one_piece) {
  const test::TemporaryFolder folder;
  DataStore store(folder.path());
  EXPECT_TRUE(store.put(piece("", 0, 0))->present);
}

TEST(DataStore, damage_leaves_nothing_behind) {
  const test::TemporaryFolder folder;
  {
    DataStore store(folder.path());
    message::PutFile wrong = piece("0123456789", 0, 10);
    wrong.content = bytes_of("0123456780");
    EXPECT_FALSE(store.put(wrong)->present);
    store.put(piece("0123456789", 0, 4));
    const auto gap = store.put(piece("0123456789", 5, 5));
    ASSERT_TRUE(gap);
    EXPECT_FALSE(gap->present);
    EXPECT_FALSE(store.put(piece("0123456789", 9, 1)));  // of a file that has failed
    EXPECT_FALSE(store.put(piece("unfinished", 0, 4)));
  }
  EXPECT_EQ(files_in(folder.path() / "data"), 0u);
}

TEST(DataStore, a_name_that_is_no_hash_never_becomes_a_path) {
  const test::TemporaryFolder folder;
  DataStore store(folder.path());
  EXPECT_THROW(store.find({"../../etc/passwd", 1}), Error);
  std::string name(64, '.');
  name.back() = '/';
  const auto answer = store.put({name, 1, 0, 0, bytes_of("x")});
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->present);
}

TEST(ExpandHome, replaces_a_leading_tilde_only) {
  ASSERT_EQ(::setenv("HOME", "/home/someone", 1), 0);
  EXPECT_EQ(expand_home("~"), "/home/someone");
  EXPECT_EQ(expand_home("~/a/b"), "/home/someone/a/b");
  EXPECT_EQ(expand_home("/a/~"), "/a/~");
}

}  // namespace
}  // namespace wisp::launcher
