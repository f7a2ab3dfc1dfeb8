#include "base/pack.h"

#include <limits>
#include <memory>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp {
namespace {

enum class Colour : std::uint8_t { kRed, kBlue = 200 };

struct Point {
  std::int32_t x = 0;
  double y = 0;
  template <class F>
  void fields(F& f) {
    f(x, y);
  }
  bool operator==(const Point&) const = default;
};

struct Everything {
  bool flag = false;
  std::int8_t tiny = 0;
  std::int64_t wide = 0;
  std::uint16_t small = 0;
  std::uint64_t large = 0;
  float single = 0;
  double real = 0;
  Colour colour = Colour::kRed;
  std::chrono::milliseconds delay{0};
  std::string text;
  std::vector<double> reals;
  std::vector<std::uint32_t> indices;
  std::vector<std::string> words;
  std::vector<Point> points;
  std::optional<std::uint64_t> perhaps;
  std::optional<Point> maybe;
  std::pair<std::string, std::int32_t> both;
  std::map<std::string, double> table;
  template <class F>
  void fields(F& f) {
    f(flag, tiny, wide, small, large, single, real, colour, delay, text, reals, indices, words, points,
      perhaps, maybe, both, table);
  }
  bool operator==(const Everything&) const = default;
};

Everything example() {
  Everything all;
  all.flag = true;
  all.tiny = -128;
  all.wide = std::numeric_limits<std::int64_t>::min();
  all.small = 65535;
  all.large = std::numeric_limits<std::uint64_t>::max();
  all.single = 0.1f;
  all.real = -0x1.23456789abcdep-1022;
  all.colour = Colour::kBlue;
  all.delay = std::chrono::milliseconds(-5);
  all.text = std::string("\0text\xff", 6);
  all.reals = {0.5, -0.0, std::numeric_limits<double>::infinity()};
  all.indices = {1, 2, 0xffffffff};
  all.words = {"", "a"};
  all.points = {{1, 2}, {-3, 4}};
  all.perhaps = 7;
  all.both = {"b", -1};
  all.table = {{"a", 1}, {"b", 2}};
  return all;
}

std::vector<std::byte> vector_of(const Bytes& bytes) { return {bytes.span().begin(), bytes.span().end()}; }

template <class... Ints>
Bytes bytes_of(Ints... each) {
  return Bytes(std::vector<std::byte>{static_cast<std::byte>(each)...});
}

TEST(Pack, every_kind_comes_back) {
  EXPECT_EQ(unpack<Everything>(pack(Everything())), Everything());
  EXPECT_EQ(unpack<Everything>(pack(example())), example());
}

TEST(Pack, numbers_come_back_at_every_magnitude) {
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t number = rng.next64() >> rng.below(64);
    EXPECT_EQ(unpack<std::uint64_t>(pack(number)), number);
    const auto wide = static_cast<std::int64_t>(number);
    EXPECT_EQ(unpack<std::int64_t>(pack(wide)), wide);
    EXPECT_EQ(unpack<std::int64_t>(pack(-wide)), -wide);
    const double real = std::bit_cast<double>(rng.next64());
    EXPECT_EQ(std::bit_cast<std::uint64_t>(unpack<double>(pack(real))), std::bit_cast<std::uint64_t>(real));
  }
}

TEST(Pack, a_message_is_an_array_of_its_fields) {
  const Bytes bytes = pack(Point{1, 0.5});
  EXPECT_EQ(bytes.size(), 1u + 1 + 9);
  Unpacker unpacker(bytes);
  EXPECT_EQ(unpacker.enter_array(), 2u);
  EXPECT_EQ(unpacker.integer(), 1);
  EXPECT_EQ(unpacker.real(), 0.5);
  unpacker.leave_array();
  unpacker.expect_end();
}

TEST(Pack, a_vector_of_numbers_is_one_blob) {
  Unpacker unpacker(pack(std::vector<float>{1, 2, 3}));
  EXPECT_EQ(unpacker.blob().size(), 12u);
  EXPECT_THROW(unpack<std::vector<double>>(pack(std::vector<float>{1, 2, 3})), DecodeError);
}

TEST(Pack, a_longer_array_is_accepted_and_what_is_new_in_it_left) {
  Packer packer;
  packer.array(2);
  packer.array(4);
  packer.integer(1);
  packer.real(0.5);
  packer.text("new");
  packer.array(1);
  packer.nil();
  packer.boolean(true);
  Unpacker unpacker(packer.finish());
  unpacker.enter_array();
  Point point;
  unpack(unpacker, point);
  EXPECT_EQ(point, (Point{1, 0.5}));
  EXPECT_TRUE(unpacker.boolean());
  unpacker.leave_array();
  unpacker.expect_end();
}

TEST(Pack, a_shorter_array_is_refused) {
  Packer packer;
  packer.array(1);
  packer.integer(1);
  EXPECT_THROW(unpack<Point>(packer.finish()), DecodeError);
}

TEST(Pack, a_value_of_another_kind_is_refused) {
  const std::vector<Bytes> values = {
      pack(true),    pack(std::int64_t{-3}),    pack(0.5), pack(std::string("text")), pack(Bytes::copy({})),
      pack(Point()), pack(std::optional<int>())};
  const auto refused = [&]<class T>(std::size_t own, const T*) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i == own) continue;
      EXPECT_THROW(unpack<T>(values[i]), DecodeError) << own << " from " << i;
    }
  };
  refused(0, static_cast<bool*>(nullptr));
  refused(1, static_cast<std::int64_t*>(nullptr));
  refused(3, static_cast<std::string*>(nullptr));
  refused(4, static_cast<Bytes*>(nullptr));
  refused(5, static_cast<Point*>(nullptr));
  EXPECT_EQ(unpack<double>(values[1]), -3);  // an integer is a real number
  EXPECT_THROW(unpack<double>(values[3]), DecodeError);
  EXPECT_THROW(unpack<std::uint64_t>(values[1]), DecodeError);
}

TEST(Pack, maps_and_extensions_are_refused) {
  EXPECT_THROW(unpack<Point>(bytes_of(0x81, 0x01, 0x02)), DecodeError);
  EXPECT_THROW(unpack<std::int32_t>(bytes_of(0xd4, 0x01, 0x02)), DecodeError);
}

TEST(Pack, a_number_that_does_not_fit_is_refused) {
  EXPECT_THROW(unpack<std::int8_t>(pack(std::int32_t{128})), DecodeError);
  EXPECT_THROW(unpack<std::uint8_t>(pack(std::uint32_t{256})), DecodeError);
  EXPECT_THROW(unpack<std::int64_t>(pack(std::numeric_limits<std::uint64_t>::max())), DecodeError);
  EXPECT_EQ(unpack<std::int8_t>(pack(std::int32_t{-128})), -128);
}

TEST(Pack, truncation_at_every_place_is_refused) {
  const std::vector<std::byte> whole = vector_of(pack(example()));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes part = Bytes::copy(std::span(whole).first(size));
    EXPECT_THROW(unpack<Everything>(part), DecodeError) << size;
  }
}

TEST(Pack, a_changed_byte_never_does_harm) {
  const std::vector<std::byte> whole = vector_of(pack(example()));
  Rng rng(test::seed(), 0, 1, Purpose::kData);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> changed = whole;
    const std::uint32_t changes = 1 + rng.below(3);
    for (std::uint32_t j = 0; j < changes; ++j) {
      changed[rng.below(static_cast<std::uint32_t>(changed.size()))] = static_cast<std::byte>(rng.below(256));
    }
    try {
      unpack<Everything>(Bytes(std::move(changed)));
    } catch (const DecodeError&) {
    }
  }
}

TEST(Pack, bytes_behind_the_end_are_refused) {
  std::vector<std::byte> bytes = vector_of(pack(Point{1, 2}));
  bytes.push_back(std::byte{0xc0});
  EXPECT_THROW(unpack<Point>(Bytes(bytes)), DecodeError);
}

Bytes nested(std::size_t depth) {
  Packer packer;
  for (std::size_t i = 0; i < depth; ++i) packer.array(1);
  packer.integer(7);
  return packer.finish();
}

TEST(Pack, nesting_is_limited_to_8) {
  Unpacker fine(nested(8));
  for (int i = 0; i < 8; ++i) EXPECT_EQ(fine.enter_array(), 1u);
  EXPECT_EQ(fine.integer(), 7);
  Unpacker deep(nested(9));
  for (int i = 0; i < 8; ++i) deep.enter_array();
  EXPECT_THROW(deep.enter_array(), DecodeError);
  EXPECT_THROW(deep.skip(), DecodeError);
  EXPECT_THROW(Unpacker(nested(9)).skip(), DecodeError);
  Unpacker half(nested(9));
  half.enter_array();
  EXPECT_THROW(half.leave_array(), DecodeError);
}

TEST(Pack, a_length_that_is_not_there_is_refused_before_anything_is_allocated) {
  const Bytes bombs[] = {
      bytes_of(0xdd, 0xff, 0xff, 0xff, 0xff),        // array 32
      bytes_of(0xdf, 0xff, 0xff, 0xff, 0xff),        // map 32
      bytes_of(0xdb, 0xff, 0xff, 0xff, 0xff),        // str 32
      bytes_of(0xc6, 0xff, 0xff, 0xff, 0xff),        // bin 32
      bytes_of(0xc9, 0xff, 0xff, 0xff, 0xff, 0x01),  // ext 32
      bytes_of(0xdc, 0xff, 0xff),                    // array 16
      bytes_of(0x91, 0xdd, 0x00, 0xff, 0xff, 0xff),
  };
  for (const Bytes& bomb : bombs) {
    EXPECT_THROW(unpack<std::vector<std::string>>(bomb), DecodeError);
    EXPECT_THROW(Unpacker(bomb).skip(), DecodeError);
  }
}

TEST(Pack, a_blob_is_a_view_that_keeps_the_message_alive) {
  const std::vector<double> values = {1.5, -2.5};
  Bytes blob;
  const std::byte* inside = nullptr;
  {
    Packer packer;
    packer.blob(std::as_bytes(std::span(values)));
    const Bytes message = packer.finish();
    inside = message.data() + 2;
    blob = Unpacker(message).blob();
  }
  EXPECT_EQ(blob.data(), inside);
  EXPECT_EQ(blob.size(), 16u);
  EXPECT_EQ(vector_of(blob), vector_of(Bytes::copy(std::as_bytes(std::span(values)))));
}

TEST(Pack, numbers_are_read_from_any_alignment) {
  const std::vector<double> values = {1.5, -2.5, 3.5};
  for (std::size_t shift = 0; shift < 8; ++shift) {
    std::vector<std::byte> buffer(shift);
    const Bytes packed = pack(values);
    buffer.insert(buffer.end(), packed.span().begin(), packed.span().end());
    const Bytes all(std::move(buffer));
    EXPECT_EQ(unpack<std::vector<double>>(all.slice(shift, all.size() - shift)), values);
  }
}

TEST(Pack, messages_follow_one_another) {
  Packer packer;
  pack(packer, Point{1, 2});
  packer.raw(pack(std::string("between")).span());
  pack(packer, Point{3, 4});
  const Bytes bytes = packer.finish();
  EXPECT_TRUE(packer.finish().empty());

  Unpacker unpacker(bytes);
  Point first, last;
  unpack(unpacker, first);
  EXPECT_FALSE(unpacker.at_end());
  EXPECT_EQ(unpacker.offset(), pack(first).size());
  EXPECT_EQ(unpacker.text(), "between");
  unpack(unpacker, last);
  EXPECT_TRUE(unpacker.at_end());
  EXPECT_EQ(last, (Point{3, 4}));
  EXPECT_THROW(unpacker.integer(), DecodeError);
}

TEST(Pack, skips_any_value) {
  Packer packer;
  pack(packer, example());
  packer.integer(5);
  Unpacker unpacker(packer.finish());
  unpacker.skip();
  EXPECT_EQ(unpacker.integer(), 5);
  unpacker.expect_end();
}

TEST(Pack, an_array_ends_before_what_is_wanted) {
  Unpacker unpacker(pack(Point{1, 2}));
  unpacker.enter_array();
  unpacker.skip();
  unpacker.skip();
  EXPECT_THROW(unpacker.skip_nil(), DecodeError);
  EXPECT_THROW(unpacker.integer(), DecodeError);
}

TEST(Pack, elements_that_are_not_there_take_no_memory) {
  // 60,000 elements of one byte each are announced and there, but the first is no message.
  std::vector<std::byte> bomb(60'003, std::byte{0xc0});
  bomb[0] = std::byte{0xdc};
  bomb[1] = std::byte{60'000 >> 8};
  bomb[2] = std::byte{60'000 & 0xff};
  std::vector<Everything> target;
  Unpacker unpacker{std::span<const std::byte>(bomb)};
  EXPECT_THROW(unpack(unpacker, target), DecodeError);
  EXPECT_LE(target.capacity(), 1024u);
}

TEST(Pack, real_numbers_keep_their_bits) {
  for (const double value : {-0.0, 0.0, 1.0, -1.0, 0x1p63, 0x1p64, -0x1p63, 1e300}) {
    EXPECT_EQ(pack(value).size(), 9u);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(unpack<double>(pack(value))), std::bit_cast<std::uint64_t>(value));
  }
}

TEST(Pack, says_what_is_wrong) {
  const auto message_of = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const DecodeError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message_of([] { unpack<Point>(pack(0.5)); }), "found a real number where an array was wanted");
  EXPECT_EQ(message_of([] { unpack<std::uint32_t>(pack(-1)); }),
            "found an integer where an unsigned integer was wanted");
  EXPECT_EQ(message_of([] { unpack<std::uint32_t>(pack(-1000)); }),
            "found an integer where an unsigned integer was wanted");
  EXPECT_EQ(message_of([] { unpack<double>(bytes_of(0x80)); }), "found a map where a real number was wanted");
  EXPECT_EQ(message_of([] { unpack<bool>(bytes_of(0xd4)); }),
            "found an extension where a boolean was wanted");
  EXPECT_EQ(message_of([] { unpack<bool>(bytes_of(0xc1)); }), "not msgpack: parse error");
  EXPECT_EQ(message_of([] { unpack<bool>(Bytes()); }), "the bytes end before the value that was wanted");
  EXPECT_EQ(message_of([] { unpack<double>(bytes_of(0xcb, 1, 2)); }), "not msgpack: insufficient bytes");
  EXPECT_EQ(message_of([] { unpack<Point>(bytes_of(0x92, 1)); }), "not msgpack: array size overflow");
  EXPECT_EQ(message_of([] { Unpacker(bytes_of(0xc1)).skip(); }), "not msgpack: parse error");
  EXPECT_EQ(message_of([] { Unpacker(bytes_of(0x82, 1)).skip(); }), "not msgpack: map size overflow");
}

TEST(Pack, writes_behind_what_another_buffer_holds) {
  Buffer frame = Buffer::with_capacity(4096);
  const std::byte* data = frame.span().data();
  for (std::int32_t i = 0; i < 100; ++i) {
    Packer packer(frame);
    pack(packer, Point{i, 0.5});
  }
  EXPECT_EQ(frame.span().data(), data);
  const Bytes bytes = std::move(frame).freeze();
  Unpacker unpacker(bytes);
  for (std::int32_t i = 0; i < 100; ++i) {
    Point point;
    unpack(unpacker, point);
    EXPECT_EQ(point, (Point{i, 0.5}));
  }
  unpacker.expect_end();
}

TEST(Pack, without_an_owner_a_blob_is_copied) {
  const Bytes message = pack(Bytes::copy(std::vector<std::byte>(100)));
  EXPECT_NE(Unpacker(message.span()).blob().data(), message.data() + 2);
  EXPECT_EQ(Unpacker(message.span(), &message).blob().data(), message.data() + 2);
  EXPECT_EQ(Unpacker(message.span()).blob_view().data(), message.data() + 2);
}

struct Update {
  std::uint32_t round = 0;
  Bytes values;
  template <class F>
  void fields(F& f) {
    f(round, values);
  }
};

Update update_of(std::size_t size) {
  Update update;
  update.round = 7;
  update.values = Bytes::copy(std::vector<std::byte>(size, std::byte{42}));
  return update;
}

std::vector<std::byte> joined(const Packed& packed) {
  std::vector<std::byte> bytes = vector_of(packed.head);
  bytes.insert(bytes.end(), packed.tail.span().begin(), packed.tail.span().end());
  return bytes;
}

TEST(Pack, a_large_blob_at_the_end_is_not_copied) {
  const Update update = update_of(Bytes::kLarge);
  const Packed packed = pack_parts(update);
  EXPECT_EQ(packed.tail.data(), update.values.data());
  EXPECT_EQ(packed.head.size(), 1u + 1 + 3);
  EXPECT_EQ(packed.size(), vector_of(pack(update)).size());
  EXPECT_EQ(joined(packed), vector_of(pack(update)));
  EXPECT_TRUE(pack_parts(update_of(Bytes::kLarge - 1)).tail.empty());
  const std::optional<Bytes> whole = packed.tail.prepend(packed.head.span());
  ASSERT_TRUE(whole);
  EXPECT_EQ(vector_of(unpack<Update>(*whole).values), vector_of(update.values));
}

TEST(Pack, a_large_blob_with_something_behind_it_is_copied) {
  const std::vector<Update> updates = {update_of(10'000), update_of(20'000)};
  const Packed packed = pack_parts(updates);
  EXPECT_EQ(packed.tail.data(), updates[1].values.data());
  EXPECT_EQ(joined(packed), vector_of(pack(updates)));
  const auto back = unpack<std::vector<Update>>(pack(updates));
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(vector_of(back[0].values), vector_of(updates[0].values));
  EXPECT_EQ(vector_of(back[1].values), vector_of(updates[1].values));
}

// What a blob of `first` bytes and one of `second` are in a message, in one buffer.
std::vector<Bytes> neighbours(std::size_t first, std::size_t second, std::byte flaw = {}) {
  std::byte header[kBlobHeaderMax];
  const std::size_t header_size = write_blob_header(header, second);
  header[header_size - 1] ^= flaw;
  Buffer buffer;
  std::memset(buffer.extend(first), 1, first);
  buffer.append({header, header_size});
  std::memset(buffer.extend(second), 2, second);
  const Bytes all = std::move(buffer).freeze();
  return {all.slice(0, first), all.slice(first + header_size, second)};
}

TEST(Pack, large_blobs_that_lie_as_they_are_to_be_sent_are_not_copied) {
  for (const std::size_t second : {0u, 1u, 255u, 256u, 65'535u, 65'536u}) {
    const std::vector<Bytes> blobs = neighbours(Bytes::kLarge, second);
    const Packed packed = pack_parts(blobs);
    EXPECT_EQ(packed.tail.data(), blobs[0].data());
    EXPECT_EQ(packed.tail.size(), static_cast<std::size_t>(blobs[1].data() - blobs[0].data()) + second);
    EXPECT_EQ(joined(packed), vector_of(pack(blobs)));
    EXPECT_EQ(vector_of(unpack<std::vector<Bytes>>(pack(blobs))[1]), vector_of(blobs[1]));
  }
}

TEST(Pack, blobs_that_lie_otherwise_are_copied) {
  const std::vector<Bytes> flawed = neighbours(5000, 6000, std::byte{1});
  EXPECT_EQ(pack_parts(flawed).tail.data(), flawed[1].data());
  EXPECT_EQ(joined(pack_parts(flawed)), vector_of(pack(flawed)));
  const std::vector<Bytes> swapped = {neighbours(5000, 6000)[1], neighbours(5000, 6000)[0]};
  EXPECT_EQ(joined(pack_parts(swapped)), vector_of(pack(swapped)));
  const std::vector<Bytes> small = neighbours(Bytes::kLarge - 1, 6000);
  EXPECT_EQ(pack_parts(small).tail.data(), small[1].data());
}

TEST(Pack, a_large_vector_at_the_end_is_copied_once_with_headroom) {
  const std::vector<float> values(Bytes::kLarge, 1.5F);
  const Packed packed = pack_parts(values);
  EXPECT_EQ(packed.tail.size(), values.size() * sizeof(float));
  EXPECT_TRUE(packed.tail.has_headroom(Bytes::kHeadroom));
  EXPECT_EQ(joined(packed), vector_of(pack(values)));
}

TEST(Pack, a_tail_is_kept_out_of_a_buffer_only_where_asked) {
  const Update update = update_of(10'000);
  Buffer frame;
  Packer copying(frame);
  pack(copying, update);
  EXPECT_TRUE(copying.take_tail().empty());
  EXPECT_EQ(vector_of(copying.finish()), vector_of(pack(update)));

  Packer keeping(frame, Packer::Blobs::kTail);
  pack(keeping, update);
  const Bytes tail = keeping.take_tail();
  EXPECT_EQ(tail.data(), update.values.data());
  frame.append(tail.span());
  EXPECT_EQ(vector_of(std::move(frame).freeze()), vector_of(pack(update)));
}

struct MoveOnly {
  std::unique_ptr<int> value;
  template <class F>
  void fields(F& f) {
    f(value);
  }
};
struct Mute {};

static_assert(Packable<bool> && Packable<std::uint8_t> && Packable<double> && Packable<Colour>);
static_assert(Packable<std::string> && Packable<Bytes> && Packable<std::chrono::seconds>);
static_assert(Packable<Everything> && Packable<std::vector<Everything>> && Packable<std::vector<double>>);
static_assert(Packable<std::map<std::string, std::optional<std::pair<int, Point>>>>);
static_assert(!Packable<Mute> && !Packable<std::unique_ptr<int>> && !Packable<MoveOnly> && !Packable<int*>);
static_assert(!Packable<std::vector<std::unique_ptr<int>>> && !Packable<std::vector<bool>>);
static_assert(!Packable<std::optional<Mute>> && !Packable<std::pair<int, Mute>> &&
              !Packable<std::map<int, Mute>>);

}  // namespace
}  // namespace wisp
