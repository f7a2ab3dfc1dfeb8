// Few bytes that say that many follow: refused by every message that is packed, with the reason, and without
// memory for what did not come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sparse/index_codec.h"
#include "tests/fuzz/messages.h"

namespace wisp::fuzz {

void PrintTo(const MessageKind& kind, std::ostream* out) { *out << kind.name; }

namespace {

using testing::ContainsRegex;

struct Bomb {
  const char* name;
  std::string bytes;
};

std::string repeated(std::string_view unit, std::size_t size) {
  std::string text;
  while (text.size() < size) text += unit;
  return text;
}

// None of them is a whole value, or one that any message has.
std::vector<Bomb> bombs() {
  using namespace std::string_literals;
  return {
      {"an array of 2^32 - 1", "\xdd\xff\xff\xff\xff"s},
      {"an array of 2^27", "\xdd\x08\0\0\0"s},
      {"an array of 65535", "\xdc\xff\xff"s},
      {"an array of 1024 nils", "\xdc\x04\0"s + std::string(1024, '\xc0')},
      {"arrays of 65535 in each other", repeated("\xdd\0\0\xff\xff"s, 5000)},
      {"arrays of 15 in each other", repeated("\x9f"s, 5000)},
      {"3 million arrays in each other", std::string(3'000'000, '\x91')},
      {"3 million maps in each other", std::string(3'000'000, '\x81')},
      {"a map of 2^32 - 1", "\xdf\xff\xff\xff\xff"s},
      {"a map of 65535", "\xde\xff\xff"s},
      {"a text of 2^32 - 1", "\xdb\xff\xff\xff\xff"s},
      {"a text of 65535", "\xda\xff\xff"s + "x"},
      {"a text of 31", "\xbf"s + "x"},
      {"a blob of 2^32 - 1", "\xc6\xff\xff\xff\xff"s},
      {"a blob of 2^31", "\xc6\x80\0\0\0"s + "x"},
      {"a blob of 65535", "\xc5\xff\xff"s},
      {"an extension of 2^32 - 1", "\xc9\xff\xff\xff\xff\x01"s},
      {"an extension of 255", "\xc7\xff\x01"s},
      {"an extension of 16", "\xd8\x01"s},
      {"half a number", "\xcf\xff\xff"s},
      {"the byte that is no msgpack", "\xc1"s},
  };
}

// Where the values of a message begin, those within arrays included, and where the message ends.
void find_values(Unpacker& unpacker, Data data, std::vector<std::size_t>& places) {
  places.push_back(unpacker.offset());
  const auto head = static_cast<unsigned>(data[unpacker.offset()]);
  const bool is_array = (head & 0xf0) == 0x90 || head == 0xdc || head == 0xdd;
  if (!is_array) return unpacker.skip();
  for (std::size_t left = unpacker.enter_array(); left > 0; --left) find_values(unpacker, data, places);
  unpacker.leave_array();
}

std::vector<std::size_t> places_of(const Bytes& message) {
  std::vector<std::size_t> places;
  Unpacker unpacker(message);
  find_values(unpacker, message.span(), places);
  return places;
}

constexpr const char* kReasons =
    "^(not msgpack: (array size overflow|map size overflow|depth size overflow|insufficient bytes|parse "
    "error)"
    "|found an? .* where an? .* was wanted|found nil where .* was wanted"
    "|a message has [0-9]+ fields where at least [0-9]+ were wanted|[0-9]+ arguments where [0-9]+ are taken"
    "|an array ends before .*|the bytes end before .*|there are bytes behind the end of the message"
    "|an (unsigned )?integer is out of range|a blob of [0-9]+ bytes is no whole number of .*)";

// What decoding says of bytes that are not what they should be; empty if it takes them. In no case is there a
// large piece of memory for them.
std::string complaint(const MessageKind& kind, const Bytes& bytes) {
  std::string text;
  const AllocationWatch watch;
  try {
    kind.repack(bytes);
  } catch (const DecodeError& error) {
    text = error.what();
  }
  EXPECT_LE(watch.largest(), AllocationWatch::kSmall) << kind.name;
  return text;
}

class Bombs : public testing::TestWithParam<MessageKind> {};

TEST_P(Bombs, are_refused_in_place_of_any_value) {
  const Bytes& message = GetParam().example;
  for (const Bomb& bomb : bombs()) {
    for (const std::size_t place : places_of(message)) {
      std::string bytes = text_of(message.span().first(place)) + bomb.bytes;
      EXPECT_THAT(complaint(GetParam(), bytes_of(data_of(bytes))), ContainsRegex(kReasons))
          << bomb.name << " at " << place;
    }
  }
}

TEST_P(Bombs, are_refused_behind_the_message) {
  for (const Bomb& bomb : bombs()) {
    const std::string bytes = text_of(GetParam().example.span()) + bomb.bytes;
    EXPECT_EQ(complaint(GetParam(), bytes_of(data_of(bytes))),
              "there are bytes behind the end of the message");
  }
}

TEST_P(Bombs, are_no_larger_for_being_made_of_a_message) {
  const Data whole = GetParam().example.span();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(complaint(GetParam(), bytes_of(whole.first(size))), ContainsRegex(kReasons)) << size;
  }
  std::vector<std::byte> changed(whole.begin(), whole.end());
  for (std::size_t bit = 0; bit < 8 * changed.size(); ++bit) {
    changed[bit / 8] ^= std::byte{1} << bit % 8;
    const std::string text = complaint(GetParam(), bytes_of(changed));
    if (!text.empty()) {
      EXPECT_THAT(text, ContainsRegex(kReasons)) << bit;
    }
    changed[bit / 8] ^= std::byte{1} << bit % 8;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, Bombs, testing::ValuesIn(message_kinds()), [](const auto& tested) {
  std::string name = tested.param.name;
  for (char& c : name) {
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

TEST(IndexBombs, are_refused) {
  for (int codec = 0; codec < 16; ++codec) {
    if (codec >= 4 && codec <= 6) continue;  // drawn again: it is the values that are too few
    for (const std::size_t size : {1u, 2u, 9u, 1000u}) {
      std::vector<std::byte> bytes(size, std::byte{1});
      bytes[0] = static_cast<std::byte>(codec);
      for (const std::size_t k : {std::size_t{UINT32_MAX}, std::size_t{1} << 31, std::size_t{100'000}}) {
        std::vector<std::uint32_t> indices;
        const AllocationWatch watch;
        EXPECT_THROW(sparse::decode_indices(bytes, k, UINT32_MAX, {}, indices), DecodeError);
        EXPECT_LE(watch.largest(), AllocationWatch::kSmall);
      }
    }
  }
}

}  // namespace
}  // namespace wisp::fuzz
