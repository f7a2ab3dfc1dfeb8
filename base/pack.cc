#include "base/pack.h"

#include <limits>

#include <msgpack.hpp>

namespace wisp {

namespace {

std::uint32_t length(std::size_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    throw Error("a value of " + std::to_string(size) + " bytes or elements does not fit a msgpack message");
  }
  return static_cast<std::uint32_t>(size);
}

// To the order of the wire, and back.
std::uint8_t swapped(std::uint8_t value) { return value; }
std::uint16_t swapped(std::uint16_t value) { return __builtin_bswap16(value); }
std::uint32_t swapped(std::uint32_t value) { return __builtin_bswap32(value); }
std::uint64_t swapped(std::uint64_t value) { return __builtin_bswap64(value); }

}  // namespace

template <class T>
void Packer::number(std::uint8_t head, T value) {
  std::byte* place = claim(1 + sizeof value);
  *place = static_cast<std::byte>(head);
  value = swapped(value);
  std::memcpy(place + 1, &value, sizeof value);
  buffer_->end_ += 1 + sizeof value;
}

template void Packer::number(std::uint8_t, std::uint32_t);
template void Packer::number(std::uint8_t, std::uint64_t);

void Packer::long_array(std::size_t size) {
  const std::uint32_t elements = length(size);
  if (elements <= 0xffff) return number(0xdc, static_cast<std::uint16_t>(elements));
  number(0xdd, elements);
}

void Packer::wide_unsigned_integer(std::uint64_t value) {
  if (value <= 0xff) return number(0xcc, static_cast<std::uint8_t>(value));
  if (value <= 0xffff) return number(0xcd, static_cast<std::uint16_t>(value));
  if (value <= 0xffff'ffff) return number(0xce, static_cast<std::uint32_t>(value));
  number(0xcf, value);
}

void Packer::wide_integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= 0) return wide_unsigned_integer(bits);
  if (value >= std::numeric_limits<std::int8_t>::min()) return number(0xd0, static_cast<std::uint8_t>(bits));
  if (value >= std::numeric_limits<std::int16_t>::min())
    return number(0xd1, static_cast<std::uint16_t>(bits));
  if (value >= std::numeric_limits<std::int32_t>::min())
    return number(0xd2, static_cast<std::uint32_t>(bits));
  number(0xd3, bits);
}

void Packer::text(std::string_view value) {
  const std::uint32_t size = length(value.size());
  if (size < 32) {
    byte(0xa0 | size);
  } else if (size <= 0xff) {
    number(0xd9, static_cast<std::uint8_t>(size));
  } else if (size <= 0xffff) {
    number(0xda, static_cast<std::uint16_t>(size));
  } else {
    number(0xdb, size);
  }
  raw(std::as_bytes(std::span(value)));
}

std::size_t write_blob_header(std::byte* to, std::size_t size) {
  const std::uint32_t bytes = length(size);
  const auto write = [to]<class T>(std::uint8_t head, T value) {
    *to = static_cast<std::byte>(head);
    value = swapped(value);
    std::memcpy(to + 1, &value, sizeof value);
    return 1 + sizeof value;
  };
  if (bytes <= 0xff) return write(0xc4, static_cast<std::uint8_t>(bytes));
  if (bytes <= 0xffff) return write(0xc5, static_cast<std::uint16_t>(bytes));
  return write(0xc6, bytes);
}

void Packer::blob(std::span<const std::byte> value) {
  if (blobs_ == Blobs::kTail && value.size() >= Bytes::kLarge) return blob(Bytes::copy(value));
  buffer_->end_ += write_blob_header(claim(kBlobHeaderMax), value.size());
  raw(value);
}

void Packer::blob(const Bytes& value) {
  std::byte header[kBlobHeaderMax];
  const std::span<const std::byte> written(header, write_blob_header(header, value.size()));
  if (!tail_.empty()) {
    if (std::optional<Bytes> joined = tail_.joined(written, value)) {
      tail_ = *std::move(joined);
      return;
    }
  }
  raw(written);
  if (blobs_ == Blobs::kTail && value.size() >= Bytes::kLarge) {
    tail_ = value;
  } else {
    raw(value.span());
  }
}

void Packer::raw(std::span<const std::byte> packed) {
  if (packed.empty()) return;
  std::memcpy(claim(packed.size()), packed.data(), packed.size());
  buffer_->end_ += packed.size();
}

void Packer::copy_tail() {
  const Bytes tail = take_tail();
  buffer_->append(tail.span());
}

Bytes Packer::finish() {
  if (!tail_.empty()) copy_tail();
  return std::move(*buffer_).freeze();
}

Packed Packer::finish_parts() {
  Bytes head = std::move(*buffer_).freeze();
  return Packed{std::move(head), take_tail()};
}

// The number behind the first byte of the next value.
template <class T>
T Unpacker::number() const {
  if (left() < 1 + sizeof(T)) throw_malformed("insufficient bytes");
  T value;
  std::memcpy(&value, next_ + 1, sizeof value);
  return swapped(value);
}

std::size_t Unpacker::long_array(std::uint8_t head, std::size_t& header) const {
  if (head == 0xdc) {
    header = 3;
    return number<std::uint16_t>();
  }
  if (head != 0xdd) throw_wrong("an array");
  header = 5;
  return number<std::uint32_t>();
}

std::int64_t Unpacker::wide_integer(std::uint8_t head) {
  const auto taken = [this](std::size_t size, std::int64_t value) {
    advance(size);
    return value;
  };
  switch (head) {
    case 0xcc:
      return taken(2, number<std::uint8_t>());
    case 0xcd:
      return taken(3, number<std::uint16_t>());
    case 0xce:
      return taken(5, number<std::uint32_t>());
    case 0xcf: {
      const std::uint64_t value = number<std::uint64_t>();
      if (!std::in_range<std::int64_t>(value)) pack_detail::throw_out_of_range("integer");
      return taken(9, static_cast<std::int64_t>(value));
    }
    case 0xd0:
      return taken(2, static_cast<std::int8_t>(number<std::uint8_t>()));
    case 0xd1:
      return taken(3, static_cast<std::int16_t>(number<std::uint16_t>()));
    case 0xd2:
      return taken(5, static_cast<std::int32_t>(number<std::uint32_t>()));
    case 0xd3:
      return taken(9, static_cast<std::int64_t>(number<std::uint64_t>()));
    default:
      throw_wrong("an integer");
  }
}

std::uint64_t Unpacker::wide_unsigned_integer(std::uint8_t head) {
  if (head == 0xcf) {
    const std::uint64_t value = number<std::uint64_t>();
    advance(9);
    return value;
  }
  const bool number_of_any_sign = 0xcc <= head && head <= 0xd3;
  if (!number_of_any_sign) throw_wrong("an unsigned integer");
  const std::int64_t value = wide_integer(head);
  if (value < 0) throw DecodeError("found an integer where an unsigned integer was wanted");
  return static_cast<std::uint64_t>(value);
}

double Unpacker::real() {
  const std::uint8_t head = peek();
  if (head == 0xcb) {
    const auto value = std::bit_cast<double>(number<std::uint64_t>());
    advance(9);
    return value;
  }
  if (head == 0xca) {
    const auto value = std::bit_cast<float>(number<std::uint32_t>());
    advance(5);
    return value;
  }
  if (head == 0xcf) return static_cast<double>(unsigned_integer());
  const bool integral = head < 0x80 || head >= 0xe0 || (0xcc <= head && head <= 0xd3);
  if (!integral) throw_wrong("a real number");
  return static_cast<double>(integer());
}

std::span<const std::byte> Unpacker::body(std::size_t header, std::size_t size) {
  if (size > left() - header) throw_malformed("insufficient bytes");
  const std::span<const std::byte> found(next_ + header, size);
  advance(header + size);
  return found;
}

std::string_view Unpacker::text_view() {
  const std::uint8_t head = peek();
  std::span<const std::byte> found;
  if ((head & 0xe0) == 0xa0) {
    found = body(1, head & 0x1f);
  } else if (head == 0xd9) {
    found = body(2, number<std::uint8_t>());
  } else if (head == 0xda) {
    found = body(3, number<std::uint16_t>());
  } else if (head == 0xdb) {
    found = body(5, number<std::uint32_t>());
  } else {
    throw_wrong("a text");
  }
  return {reinterpret_cast<const char*>(found.data()), found.size()};
}

std::span<const std::byte> Unpacker::blob_view() {
  switch (peek()) {
    case 0xc4:
      return body(2, number<std::uint8_t>());
    case 0xc5:
      return body(3, number<std::uint16_t>());
    case 0xc6:
      return body(5, number<std::uint32_t>());
    default:
      throw_wrong("a blob");
  }
}

Bytes Unpacker::blob() {
  const std::span<const std::byte> found = blob_view();
  if (owner_ == nullptr) return Bytes::copy(found);
  return owner_->slice(static_cast<std::size_t>(found.data() - owner_->data()), found.size());
}

namespace {

// Sees one value of any kind go by and refuses what is nested too deep or can't be there.
struct Skipper : msgpack::null_visitor {
  std::size_t left;
  std::size_t depth_left;
  const char* why = nullptr;

  bool start_array(std::uint32_t size) { return enter(size, "array size overflow"); }
  bool start_map(std::uint32_t pairs) { return enter(std::size_t{2} * pairs, "map size overflow"); }
  bool end_array() { return leave(); }
  bool end_map() { return leave(); }
  void parse_error(std::size_t, std::size_t) { why = "parse error"; }
  void insufficient_bytes(std::size_t, std::size_t) { why = "insufficient bytes"; }

 private:
  bool enter(std::size_t values, const char* too_many) {
    if (values > left) why = too_many;
    if (depth_left == 0) why = "depth size overflow";
    if (why != nullptr) return false;
    --depth_left;
    return true;
  }
  bool leave() {
    ++depth_left;
    return true;
  }
};

const char* kind_of(std::uint8_t head) {
  if (head < 0x80 || head >= 0xe0 || (0xcc <= head && head <= 0xd3)) return "an integer";
  if (head < 0x90 || head == 0xde || head == 0xdf) return "a map";
  if (head < 0xa0 || head == 0xdc || head == 0xdd) return "an array";
  if (head < 0xc0 || (0xd9 <= head && head <= 0xdb)) return "a text";
  if (head == 0xc0) return "nil";
  if (head == 0xc2 || head == 0xc3) return "a boolean";
  if (0xc4 <= head && head <= 0xc6) return "a blob";
  if (head == 0xca || head == 0xcb) return "a real number";
  return "an extension";
}

}  // namespace

void Unpacker::skip() {
  peek();
  Skipper skipper;
  skipper.left = left();
  skipper.depth_left = kDepthMax - depth_;
  std::size_t size = 0;
  if (!msgpack::parse(reinterpret_cast<const char*>(next_), left(), size, skipper)) {
    throw_malformed(skipper.why);
  }
  advance(size);
}

void Unpacker::throw_nothing_left() const {
  throw DecodeError(open_[depth_] == 0 ? "an array ends before the value that was wanted"
                                       : "the bytes end before the value that was wanted");
}

void Unpacker::throw_wrong(const char* wanted) const {
  const std::uint8_t head = peek();
  if (head == 0xc1) throw_malformed("parse error");
  throw DecodeError(std::string("found ") + kind_of(head) + " where " + wanted + " was wanted");
}

void Unpacker::throw_malformed(const char* why) { throw DecodeError(std::string("not msgpack: ") + why); }

void Unpacker::throw_not_at_end() { throw DecodeError("there are bytes behind the end of the message"); }

namespace pack_detail {

void throw_short_array(std::size_t found, std::size_t wanted) {
  throw DecodeError("a message has " + std::to_string(found) + " fields where at least " +
                    std::to_string(wanted) + " were wanted");
}

void throw_out_of_range(const char* type) {
  throw DecodeError(std::string("an ") + type + " is out of range");
}

void throw_odd_blob(std::size_t size, std::size_t element) {
  throw DecodeError("a blob of " + std::to_string(size) + " bytes is no whole number of " +
                    std::to_string(element) + "-byte values");
}

}  // namespace pack_detail

}  // namespace wisp
