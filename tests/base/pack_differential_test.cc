// Packer and Unpacker against msgpack-c, both ways.
#include <limits>

#include <gtest/gtest.h>
#include <msgpack.hpp>

#include "base/pack.h"
#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp {
namespace {

std::string text_of(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// What `write` makes of it, by ours and by msgpack-c's packer.
template <class Ours, class Theirs>
void expect_same_bytes(const Ours& ours, const Theirs& theirs) {
  Packer packer;
  ours(packer);
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> reference(buffer);
  theirs(reference);
  EXPECT_EQ(text_of(packer.finish().span()), std::string(buffer.data(), buffer.size()));
}

std::vector<std::uint64_t> around_every_power_of_two() {
  std::vector<std::uint64_t> values = {0, std::numeric_limits<std::uint64_t>::max()};
  for (int bit = 0; bit < 64; ++bit) {
    for (int off = -2; off <= 2; ++off)
      values.push_back((std::uint64_t{1} << bit) + static_cast<std::uint64_t>(off));
  }
  return values;
}

const std::size_t kSizes[] = {0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 257, 65'535, 65'536, 65'537};

TEST(PackDifferential, integers_at_every_width) {
  for (const std::uint64_t value : around_every_power_of_two()) {
    const auto wide = static_cast<std::int64_t>(value);
    expect_same_bytes([&](Packer& p) { p.unsigned_integer(value); }, [&](auto& p) { p.pack_uint64(value); });
    expect_same_bytes([&](Packer& p) { p.integer(wide); }, [&](auto& p) { p.pack_int64(wide); });
    EXPECT_EQ(unpack<std::uint64_t>(pack(value)), value);
    EXPECT_EQ(unpack<std::int64_t>(pack(wide)), wide);
  }
}

// Writers may choose a wider form than is needed.
TEST(PackDifferential, integers_in_every_form) {
  for (const std::uint64_t value : around_every_power_of_two()) {
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> reference(buffer);
    reference.pack_fix_uint8(static_cast<std::uint8_t>(value));
    reference.pack_fix_uint16(static_cast<std::uint16_t>(value));
    reference.pack_fix_uint32(static_cast<std::uint32_t>(value));
    reference.pack_fix_uint64(value);
    reference.pack_fix_int8(static_cast<std::int8_t>(value));
    reference.pack_fix_int16(static_cast<std::int16_t>(value));
    reference.pack_fix_int32(static_cast<std::int32_t>(value));
    reference.pack_fix_int64(static_cast<std::int64_t>(value));
    const std::string packed(buffer.data(), buffer.size());
    std::size_t offset = 0;
    for (int form = 0; form < 8; ++form) {
      const std::size_t begin = offset;
      const msgpack::object_handle handle = msgpack::unpack(packed.data(), packed.size(), offset);
      const msgpack::object& object = handle.get();
      const std::string one = packed.substr(begin, offset - begin);
      const bool negative = object.type == msgpack::type::NEGATIVE_INTEGER;
      EXPECT_EQ(Unpacker(bytes_of(one)).real(), object.as<double>());
      if (negative || object.via.u64 <= std::numeric_limits<std::int64_t>::max()) {
        EXPECT_EQ(Unpacker(bytes_of(one)).integer(), object.via.i64);
      } else {
        EXPECT_THROW(Unpacker(bytes_of(one)).integer(), DecodeError);
      }
      if (negative) {
        EXPECT_THROW(Unpacker(bytes_of(one)).unsigned_integer(), DecodeError);
      } else {
        EXPECT_EQ(Unpacker(bytes_of(one)).unsigned_integer(), object.via.u64);
      }
    }
  }
}

TEST(PackDifferential, reals_texts_blobs_and_arrays) {
  for (const double value : {0.5, -1.25e-300, std::numeric_limits<double>::infinity()}) {
    expect_same_bytes([&](Packer& p) { p.real(value); }, [&](auto& p) { p.pack_double(value); });
    const auto single = static_cast<float>(value) + 0.25f;
    expect_same_bytes([&](Packer& p) { p.real(single); }, [&](auto& p) { p.pack_float(single); });
  }
  expect_same_bytes([](Packer& p) { p.nil(); }, [](auto& p) { p.pack_nil(); });
  expect_same_bytes([](Packer& p) { p.boolean(true); }, [](auto& p) { p.pack_true(); });
  expect_same_bytes([](Packer& p) { p.boolean(false); }, [](auto& p) { p.pack_false(); });
  for (const std::size_t size : kSizes) {
    const std::string text(size, 'x');
    const auto length = static_cast<std::uint32_t>(size);
    expect_same_bytes([&](Packer& p) { p.text(text); },
                      [&](auto& p) { p.pack_str(length).pack_str_body(text.data(), length); });
    expect_same_bytes([&](Packer& p) { p.blob(bytes_of(text)); },
                      [&](auto& p) { p.pack_bin(length).pack_bin_body(text.data(), length); });
    expect_same_bytes([&](Packer& p) { p.array(size); }, [&](auto& p) { p.pack_array(length); });
    Packer packer;
    packer.text(text);
    packer.blob(bytes_of(text));
    packer.array(size);
    for (std::size_t i = 0; i < size; ++i) packer.nil();
    Unpacker unpacker(packer.finish());
    EXPECT_EQ(unpacker.text(), text);
    EXPECT_EQ(text_of(unpacker.blob_view()), text);
    EXPECT_EQ(unpacker.enter_array(), size);
    unpacker.leave_array();
    unpacker.expect_end();
  }
}

// A random value of any kind by msgpack-c, arrays and maps up to `depth` deep.
void pack_any(msgpack::packer<msgpack::sbuffer>& packer, Rng& rng, std::uint32_t depth) {
  const std::string text(rng.below(rng.below(8) == 0 ? 400 : 40), 'y');
  const auto size = static_cast<std::uint32_t>(text.size());
  switch (rng.below(depth == 0 ? 8 : 10)) {
    case 0:
      packer.pack_nil();
      return;
    case 1:
      packer.pack(rng.below(2) == 0);
      return;
    case 2:
      packer.pack_uint64(rng.next64() >> rng.below(64));
      return;
    case 3:
      packer.pack_int64(-static_cast<std::int64_t>((rng.next64() >> 1) >> rng.below(63)));
      return;
    case 4:
      packer.pack_double(static_cast<double>(rng.next64()) / 7);
      return;
    case 5:
      packer.pack_str(size).pack_str_body(text.data(), size);
      return;
    case 6:
      packer.pack_bin(size).pack_bin_body(text.data(), size);
      return;
    case 7:
      packer.pack_ext(size, 1).pack_ext_body(text.data(), size);
      return;
    case 8: {
      const std::uint32_t elements = rng.below(rng.below(4) == 0 ? 20 : 4);
      packer.pack_array(elements);
      for (std::uint32_t i = 0; i < elements; ++i) pack_any(packer, rng, depth - 1);
      return;
    }
    default: {
      const std::uint32_t pairs = rng.below(rng.below(4) == 0 ? 20 : 4);
      packer.pack_map(pairs);
      for (std::uint32_t i = 0; i < 2 * pairs; ++i) pack_any(packer, rng, depth - 1);
    }
  }
}

std::string any_value(Rng& rng, std::uint32_t depth) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  pack_any(packer, rng, depth);
  return std::string(buffer.data(), buffer.size());
}

// Reads the next value as what msgpack-c says that it is.
void expect_same_value(Unpacker& unpacker, const msgpack::object& object) {
  switch (object.type) {
    case msgpack::type::NIL:
      EXPECT_TRUE(unpacker.skip_nil());
      return;
    case msgpack::type::BOOLEAN:
      EXPECT_EQ(unpacker.boolean(), object.via.boolean);
      return;
    case msgpack::type::POSITIVE_INTEGER:
      EXPECT_EQ(unpacker.unsigned_integer(), object.via.u64);
      return;
    case msgpack::type::NEGATIVE_INTEGER:
      EXPECT_EQ(unpacker.integer(), object.via.i64);
      return;
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      EXPECT_EQ(unpacker.real(), object.via.f64);
      return;
    case msgpack::type::STR:
      EXPECT_EQ(unpacker.text(), std::string(object.via.str.ptr, object.via.str.size));
      return;
    case msgpack::type::BIN:
      EXPECT_EQ(text_of(unpacker.blob_view()), std::string(object.via.bin.ptr, object.via.bin.size));
      return;
    case msgpack::type::ARRAY:
      ASSERT_EQ(unpacker.enter_array(), object.via.array.size);
      for (const msgpack::object& each : object.via.array) expect_same_value(unpacker, each);
      unpacker.leave_array();
      return;
    default:
      EXPECT_THROW(unpacker.boolean(), DecodeError);
      unpacker.skip();
  }
}

TEST(PackDifferential, random_values_are_read_as_msgpack_reads_them) {
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  for (int i = 0; i < 5000; ++i) {
    const std::string packed = any_value(rng, 6);
    std::size_t size = 0;
    const msgpack::object_handle handle = msgpack::unpack(packed.data(), packed.size(), size);
    Unpacker unpacker(bytes_of(packed));
    expect_same_value(unpacker, handle.get());
    EXPECT_EQ(unpacker.offset(), size);
    unpacker.expect_end();
    Unpacker skipping(bytes_of(packed));
    skipping.skip();
    skipping.expect_end();
  }
}

// Whether msgpack-c finds one value that ends where `bytes` do, within our limit of nesting.
bool valid(const std::string& bytes) {
  try {
    std::size_t size = 0;
    const std::size_t n = bytes.size();
    const msgpack::unpack_limit limit(n, n, n, n, n, 8);
    msgpack::unpack(
        bytes.data(), n, size, [](auto, auto, auto) { return true; }, nullptr, limit);
    return size == n;
  } catch (const msgpack::unpack_error&) {
    return false;
  }
}

// Reads all of one value, whatever it is, as far as it can.
void read_any(Unpacker& unpacker, Rng& rng) {
  switch (rng.below(8)) {
    case 0: {
      const std::size_t size = unpacker.enter_array();
      for (std::size_t i = rng.below(2); i < size; ++i) read_any(unpacker, rng);
      return unpacker.leave_array();
    }
    case 1:
      unpacker.boolean();
      return;
    case 2:
      unpacker.integer();
      return;
    case 3:
      unpacker.unsigned_integer();
      return;
    case 4:
      unpacker.real();
      return;
    case 5:
      unpacker.text();
      return;
    case 6:
      unpacker.blob();
      return;
    default:
      unpacker.skip();
  }
}

void expect_judged_alike(const std::string& bytes, Rng& rng) {
  bool accepted = true;
  try {
    Unpacker unpacker(bytes_of(bytes));
    unpacker.skip();
    unpacker.expect_end();
  } catch (const DecodeError&) {
    accepted = false;
  }
  EXPECT_EQ(accepted, valid(bytes));
  try {
    Unpacker unpacker(bytes_of(bytes));
    while (!unpacker.at_end()) read_any(unpacker, rng);
  } catch (const DecodeError&) {
  }
}

// Each in memory of its own size, so that the address sanitizer sees a read behind the end.
TEST(PackDifferential, truncated_and_changed_values_are_judged_as_msgpack_judges_them) {
  Rng rng(test::seed(), 0, 1, Purpose::kData);
  for (int i = 0; i < 1000; ++i) {
    const std::string packed = any_value(rng, 9);
    for (std::size_t size = 0; size < packed.size() && size < 200; ++size) {
      expect_judged_alike(packed.substr(0, size), rng);
    }
    for (int j = 0; j < 20; ++j) {
      std::string changed = packed;
      for (std::uint32_t flips = 1 + rng.below(3); flips > 0; --flips) {
        changed[rng.below(static_cast<std::uint32_t>(changed.size()))] ^=
            static_cast<char>(1 << rng.below(8));
      }
      expect_judged_alike(changed, rng);
    }
  }
}

TEST(PackDifferential, random_bytes_are_judged_as_msgpack_judges_them) {
  Rng rng(test::seed(), 0, 2, Purpose::kData);
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes(1 + rng.below(12), '\0');
    for (char& each : bytes) each = static_cast<char>(rng.below(256));
    expect_judged_alike(bytes, rng);
  }
}

TEST(PackDifferential, deep_and_wide_bombs_are_refused) {
  const auto refused = [](const std::string& bomb) {
    EXPECT_THROW(Unpacker(bytes_of(bomb)).skip(), DecodeError);
    EXPECT_THROW(unpack<std::vector<std::vector<std::string>>>(Bytes::copy(bytes_of(bomb))), DecodeError);
  };
  refused(std::string("\xdd\xff\xff\xff\xff", 5));
  refused(std::string("\xdd\x08\x00\x00\x00", 5));
  refused(std::string(3'000'000, '\x91'));
  refused(std::string(3'000'000, '\x81'));
  std::string nested;
  while (nested.size() < 5000) nested += std::string("\xdd\x00\x00\xff\xff", 5);
  refused(nested);
}

}  // namespace
}  // namespace wisp
