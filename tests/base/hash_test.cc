#include "base/hash.h"

#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, gives_the_answers_of_fips_180) {
  EXPECT_EQ(sha256_hex({}), kEmpty);
  EXPECT_EQ(sha256_hex(bytes_of("abc")), kAbc);
  EXPECT_EQ(sha256_hex(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, takes_pieces_and_goes_on_after_hex) {
  Sha256 hash;
  EXPECT_EQ(hash.hex(), kEmpty);
  hash.update(bytes_of("a"));
  hash.hex();
  hash.update(bytes_of("bc"));
  EXPECT_EQ(hash.hex(), kAbc);
}

TEST(Sha256, of_a_file_is_that_of_its_bytes) {
  const std::string content(3'000'000, 'x');
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "wisp_hash_test";
  std::ofstream(file, std::ios::binary) << content;
  EXPECT_EQ(sha256_file_hex(file), sha256_hex(bytes_of(content)));
  std::filesystem::remove(file);
}

TEST(Sha256, of_what_can_not_be_read_names_the_file) {
  for (const char* path : {"/nowhere/at/all", "/"}) {
    try {
      sha256_file_hex(path);
      ADD_FAILURE() << "no error for " << path;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find(std::string("can't read ") + path + ": "), 0u) << error.what();
    }
  }
}

TEST(Fnv, gives_the_known_answers) {
  static_assert(fnv1a32("") == 0x811c9dc5);
  static_assert(fnv1a32("a") == 0xe40c292c);
  EXPECT_EQ(fnv1a32("foobar"), 0xbf9cf968u);
}

TEST(RandomHex, has_so_many_digits_and_never_the_same) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_hex(16));
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(random_hex(0), "");
  EXPECT_EQ(random_hex(7).size(), 7u);
  EXPECT_EQ(random_hex(501).find_first_not_of("0123456789abcdef"), std::string::npos);
}

}  // namespace
}  // namespace wisp
