#include "base/pack.h"

#include <limits>

#include <msgpack.hpp>

namespace wisp {

struct Packer::Buffer {
  std::vector<std::byte> bytes;
  msgpack::packer<Buffer> packer{*this};
  void write(const char* data, std::size_t size) {
    const auto* first = reinterpret_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), first, first + size);
  }
};

Packer::Packer() : buffer_(std::make_unique<Buffer>()) {}
Packer::~Packer() = default;

namespace {

std::uint32_t length(std::size_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    throw Error("a value of " + std::to_string(size) + " bytes or elements does not fit a msgpack message");
  }
  return static_cast<std::uint32_t>(size);
}

}  // namespace

void Packer::array(std::size_t size) { buffer_->packer.pack_array(length(size)); }
void Packer::nil() { buffer_->packer.pack_nil(); }
void Packer::boolean(bool value) { buffer_->packer.pack(value); }
void Packer::integer(std::int64_t value) { buffer_->packer.pack_int64(value); }
void Packer::unsigned_integer(std::uint64_t value) { buffer_->packer.pack_uint64(value); }
void Packer::real(double value) { buffer_->packer.pack_double(value); }
void Packer::real(float value) { buffer_->packer.pack_float(value); }

void Packer::text(std::string_view value) {
  buffer_->packer.pack_str(length(value.size()));
  buffer_->packer.pack_str_body(value.data(), length(value.size()));
}

void Packer::blob(std::span<const std::byte> value) {
  buffer_->packer.pack_bin(length(value.size()));
  raw(value);
}

void Packer::raw(std::span<const std::byte> packed) {
  buffer_->bytes.insert(buffer_->bytes.end(), packed.begin(), packed.end());
}

Bytes Packer::finish() {
  Bytes bytes(std::move(buffer_->bytes));
  buffer_->bytes.clear();
  return bytes;
}

namespace {

constexpr std::size_t kDepthMax = 8;

bool by_reference(msgpack::type::object_type, std::size_t, void*) { return true; }

const char* kind_of(const msgpack::object& object) {
  switch (object.type) {
    case msgpack::type::NIL:
      return "nil";
    case msgpack::type::BOOLEAN:
      return "a boolean";
    case msgpack::type::POSITIVE_INTEGER:
    case msgpack::type::NEGATIVE_INTEGER:
      return "an integer";
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return "a real number";
    case msgpack::type::STR:
      return "a text";
    case msgpack::type::BIN:
      return "a blob";
    case msgpack::type::ARRAY:
      return "an array";
    case msgpack::type::MAP:
      return "a map";
    default:
      return "an extension";
  }
}

}  // namespace

struct Unpacker::State {
  struct Cursor {
    const msgpack::object* next;
    const msgpack::object* end;
  };

  explicit State(Bytes source) : bytes(std::move(source)) {}

  const msgpack::object& peek() {
    if (!open.empty()) {
      if (open.back().next == open.back().end)
        throw DecodeError("an array ends before the value that was wanted");
      return *open.back().next;
    }
    if (!loaded) load();
    return current.get();
  }

  void advance() {
    if (open.empty()) {
      loaded = false;
    } else {
      ++open.back().next;
    }
  }

  const msgpack::object& take(msgpack::type::object_type type, const char* wanted) {
    const msgpack::object& object = peek();
    if (object.type != type) wrong(wanted, object);
    advance();
    return object;
  }

  [[noreturn]] static void wrong(const char* wanted, const msgpack::object& object) {
    throw DecodeError(std::string("found ") + kind_of(object) + " where " + wanted + " was wanted");
  }

  void load() {
    const std::size_t left = bytes.size() - offset;
    if (left == 0) throw DecodeError("the bytes end before the value that was wanted");
    // Every element takes a byte at least, so what is left bounds each count before anything is allocated.
    const msgpack::unpack_limit limit(left, left, left, left, left, kDepthMax);
    try {
      msgpack::unpack(current, reinterpret_cast<const char*>(bytes.data()), bytes.size(), offset,
                      by_reference, nullptr, limit);
    } catch (const msgpack::unpack_error& error) {
      throw DecodeError(std::string("not msgpack: ") + error.what());
    }
    loaded = true;
  }

  Bytes bytes;
  std::size_t offset = 0;
  msgpack::object_handle current;
  bool loaded = false;
  std::vector<Cursor> open;
};

Unpacker::Unpacker(Bytes bytes) : state_(std::make_unique<State>(std::move(bytes))) {}
Unpacker::~Unpacker() = default;

std::size_t Unpacker::enter_array() {
  const msgpack::object& object = state_->peek();
  if (object.type != msgpack::type::ARRAY) State::wrong("an array", object);
  state_->open.push_back({object.via.array.ptr, object.via.array.ptr + object.via.array.size});
  return object.via.array.size;
}

void Unpacker::leave_array() {
  state_->open.pop_back();
  state_->advance();
}

bool Unpacker::skip_nil() {
  if (state_->peek().type != msgpack::type::NIL) return false;
  state_->advance();
  return true;
}

bool Unpacker::boolean() { return state_->take(msgpack::type::BOOLEAN, "a boolean").via.boolean; }

std::int64_t Unpacker::integer() {
  const msgpack::object& object = state_->peek();
  if (object.type == msgpack::type::POSITIVE_INTEGER) {
    if (!std::in_range<std::int64_t>(object.via.u64)) pack_detail::throw_out_of_range("integer");
  } else if (object.type != msgpack::type::NEGATIVE_INTEGER) {
    State::wrong("an integer", object);
  }
  state_->advance();
  return object.via.i64;
}

std::uint64_t Unpacker::unsigned_integer() {
  return state_->take(msgpack::type::POSITIVE_INTEGER, "an unsigned integer").via.u64;
}

double Unpacker::real() {
  const msgpack::object& object = state_->peek();
  double value = 0;
  switch (object.type) {
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      value = object.via.f64;
      break;
    case msgpack::type::POSITIVE_INTEGER:
      value = static_cast<double>(object.via.u64);
      break;
    case msgpack::type::NEGATIVE_INTEGER:
      value = static_cast<double>(object.via.i64);
      break;
    default:
      State::wrong("a real number", object);
  }
  state_->advance();
  return value;
}

std::string Unpacker::text() {
  const msgpack::object& object = state_->take(msgpack::type::STR, "a text");
  return std::string(object.via.str.ptr, object.via.str.size);
}

Bytes Unpacker::blob() {
  const msgpack::object& object = state_->take(msgpack::type::BIN, "a blob");
  const auto* first = reinterpret_cast<const std::byte*>(object.via.bin.ptr);
  return state_->bytes.slice(static_cast<std::size_t>(first - state_->bytes.data()), object.via.bin.size);
}

void Unpacker::skip() {
  state_->peek();
  state_->advance();
}

bool Unpacker::at_end() const {
  return state_->open.empty() && !state_->loaded && state_->offset == state_->bytes.size();
}

std::size_t Unpacker::offset() const { return state_->offset; }

void Unpacker::expect_end() const {
  if (!at_end()) throw DecodeError("there are bytes behind the end of the message");
}

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
