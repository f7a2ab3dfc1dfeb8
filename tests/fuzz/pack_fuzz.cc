// Bytes as msgpack: read as msgpack-c reads them, or refused where it refuses them.
#include <bit>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include <msgpack.hpp>

#include "base/pack.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

constexpr std::size_t kDepthMax = 8;

struct Point {
  std::int32_t x = 0;
  double y = 0;
  template <class F>
  void fields(F& f) {
    f(x, y);
  }
};

// All kinds that travel.
struct Everything {
  bool flag = false;
  std::int8_t tiny = 0;
  std::uint64_t large = 0;
  float single = 0;
  std::string text;
  std::vector<double> reals;
  std::vector<std::string> words;
  std::vector<Point> points;
  std::optional<Point> maybe;
  std::pair<std::string, std::int32_t> both;
  std::map<std::string, double> table;
  Bytes blob;
  template <class F>
  void fields(F& f) {
    f(flag, tiny, large, single, text, reals, words, points, maybe, both, table, blob);
  }
};

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

// The one value that `data` is to msgpack-c, within our limit of nesting.
std::optional<msgpack::object_handle> by_msgpack(Data data) {
  const std::size_t n = data.size();
  const msgpack::unpack_limit limit(n, n, n, n, n, kDepthMax);
  try {
    std::size_t end = 0;
    auto handle = msgpack::unpack(
        reinterpret_cast<const char*>(data.data()), n, end, [](auto, auto, auto) { return true; }, nullptr,
        limit);
    if (end == n) return handle;
  } catch (const msgpack::unpack_error&) {
    return std::nullopt;
  }
  return std::nullopt;
}

void check_same(Unpacker& unpacker, const msgpack::object& object) {
  switch (object.type) {
    case msgpack::type::NIL:
      WISP_CHECK(unpacker.skip_nil(), "nil");
      return;
    case msgpack::type::BOOLEAN:
      WISP_CHECK(unpacker.boolean() == object.via.boolean, "the same truth");
      return;
    case msgpack::type::POSITIVE_INTEGER:
      WISP_CHECK(unpacker.unsigned_integer() == object.via.u64, "the same number");
      return;
    case msgpack::type::NEGATIVE_INTEGER:
      WISP_CHECK(unpacker.integer() == object.via.i64, "the same number");
      return;
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      WISP_CHECK(same(unpacker.real(), object.via.f64), "the same number");
      return;
    case msgpack::type::STR:
      WISP_CHECK(unpacker.text_view() == std::string_view(object.via.str.ptr, object.via.str.size),
                 "the same text");
      return;
    case msgpack::type::BIN: {
      const std::string_view blob(object.via.bin.ptr, object.via.bin.size);
      WISP_CHECK(equal(unpacker.blob_view(), data_of(blob)), "the same blob");
      return;
    }
    case msgpack::type::ARRAY:
      WISP_CHECK(unpacker.enter_array() == object.via.array.size, "as many elements");
      for (const msgpack::object& each : object.via.array) check_same(unpacker, each);
      return unpacker.leave_array();
    default:
      WISP_CHECK(refused<DecodeError>([&] { unpacker.boolean(); }),
                 "maps and extensions are no values of ours");
      unpacker.skip();
  }
}

void judge_alike(Data data) {
  const bool skipped = !refused<DecodeError>([&] {
    Unpacker unpacker(data);
    unpacker.skip();
    unpacker.expect_end();
  });
  const auto found = by_msgpack(data);
  WISP_CHECK(skipped == found.has_value(), "what msgpack-c takes is taken, and nothing else");
  if (!found) return;
  Unpacker unpacker(data);
  check_same(unpacker, found->get());
  unpacker.expect_end();
}

void read_one(Unpacker& unpacker, unsigned how, Data data) {
  const auto check_inside = [&](Data part) {
    const bool inside = part.empty() || (part.data() >= data.data() &&
                                         part.data() + part.size() <= data.data() + data.size());
    WISP_CHECK(inside, "a view is of the bytes that are read");
  };
  switch (how % 10) {
    case 0:
      unpacker.enter_array();
      return;
    case 1:
      if (unpacker.at_end()) return;
      return unpacker.leave_array();
    case 2:
      unpacker.boolean();
      return;
    case 3:
      unpacker.integer();
      return;
    case 4:
      unpacker.unsigned_integer();
      return;
    case 5:
      unpacker.real();
      return;
    case 6:
      return check_inside(data_of(unpacker.text_view()));
    case 7:
      return check_inside(unpacker.blob_view());
    case 8:
      unpacker.skip_nil();
      return;
    default:
      unpacker.skip();
  }
}

// Reads in an order that the input has chosen, and that is often not the bytes'.
void read_by(Data script, Data data) {
  refused<DecodeError>([&] {
    Unpacker unpacker(data);
    std::size_t before = 0;
    std::size_t open = 0;
    for (const std::byte each : script) {
      const auto how = static_cast<unsigned>(each);
      if (how % 10 == 1 && open == 0) continue;  // who leaves an array has entered one
      read_one(unpacker, how, data);
      open += how % 10 == 0 ? 1 : 0;
      open -= how % 10 == 1 && open > 0 ? 1 : 0;
      WISP_CHECK(before <= unpacker.offset() && unpacker.offset() <= data.size(), "reading goes forward");
      before = unpacker.offset();
    }
  });
}

void read_typed(Data data) {
  const Bytes bytes = bytes_of(data);
  const AllocationWatch watch;
  Bytes again;
  const bool none = refused<DecodeError>([&] { again = pack(unpack<Everything>(bytes)); });
  check_largest(watch, data.size(), 64);
  if (none) return;
  WISP_CHECK(equal(pack(unpack<Everything>(again)).span(), again.span()), "what was packed comes back");
}

}  // namespace

void fuzz_pack(Data data) {
  judge_alike(data);
  read_typed(data);
  Input input(data);
  const Data script = input.first(input.take<std::uint8_t>() % 32);
  const Data rest = input.rest();
  judge_alike(rest);
  read_by(script, rest);
}

}  // namespace wisp::fuzz
