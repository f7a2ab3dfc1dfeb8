#pragma once
// Messages as msgpack: a type names its fields once, and packing, unpacking and limits follow from that.
//
//   struct Model {
//     std::uint64_t round = 0;
//     std::vector<double> iterate;
//     template <class F> void fields(F& f) { f(round, iterate); }
//   };
//   Bytes bytes = pack(Model(...));   Model model = unpack<Model>(bytes);
//
// On the wire a message is an array of its fields in the order named. A receiver accepts a longer array and
// leaves what it does not know, so fields may be added at the end. A vector of numbers is one BIN blob of
// little-endian values, never an array of elements; `Bytes` is a BIN that is read by reference.
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace wisp {

static_assert(std::endian::native == std::endian::little, "blobs travel as little-endian memory");

// Thrown by Unpacker for bytes that are not the message that was asked for. Nothing of the message was used.
class DecodeError : public Error {
 public:
  using Error::Error;
};

// Writes msgpack values one after another. Not thread-safe.
class Packer {
 public:
  Packer();
  ~Packer();
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  void array(std::size_t size);  // the next `size` values are its elements
  void nil();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void real(double value);
  void real(float value);
  void text(std::string_view value);
  void blob(std::span<const std::byte> value);
  // Values that were packed before; they are taken over as they are.
  void raw(std::span<const std::byte> packed);
  // What was written; the packer is empty afterwards.
  Bytes finish();

 private:
  struct Buffer;
  std::unique_ptr<Buffer> buffer_;
};

// Reads msgpack values one after another from bytes that nobody vouches for: every length is checked against
// what is there before anything is allocated, nesting is limited to 8, and a value of another kind throws
// DecodeError.
class Unpacker {
 public:
  explicit Unpacker(Bytes bytes);
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  std::size_t
  enter_array();  // its size; then read elements, then leave_array(), which skips what was not read
  void leave_array();
  bool skip_nil();  // true, and past it, if the next value is nil
  bool boolean();
  std::int64_t integer();
  std::uint64_t unsigned_integer();
  double real();  // float32, float64 or an integer
  std::string text();
  Bytes blob();  // a view that keeps the whole message alive
  void skip();   // any one value
  bool at_end() const;
  // Bytes read so far; only between top-level values.
  std::size_t offset() const;
  void expect_end() const;  // throws DecodeError if anything is left

 private:
  struct State;
  std::unique_ptr<State> state_;
};

namespace pack_detail {

struct AnyField {
  template <class... Fields>
  void operator()(Fields&...) {}
};

template <class T>
concept Message = requires(T& value, AnyField& f) {
  value.fields(f);
};
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool>;
template <class T>
struct IsDuration : std::false_type {};
template <class R, class P>
struct IsDuration<std::chrono::duration<R, P>> : std::true_type {};

[[noreturn]] void throw_short_array(std::size_t found, std::size_t wanted);
[[noreturn]] void throw_out_of_range(const char* type);
[[noreturn]] void throw_odd_blob(std::size_t size, std::size_t element);

}  // namespace pack_detail

template <class T>
void pack(Packer& packer, const T& value);
template <class T>
void unpack(Unpacker& unpacker, T& value);

namespace pack_detail {

struct Writer {
  Packer& packer;
  template <class... Fields>
  void operator()(Fields&... each) {
    packer.array(sizeof...(each));
    (pack(packer, each), ...);
  }
};

struct Reader {
  Unpacker& unpacker;
  template <class... Fields>
  void operator()(Fields&... each) {
    const std::size_t size = unpacker.enter_array();
    if (size < sizeof...(each)) throw_short_array(size, sizeof...(each));
    (unpack(unpacker, each), ...);
    unpacker.leave_array();
  }
};

// How each kind of value travels. Messages go by their fields; the rest is listed here.
template <class T>
struct Codec;

template <Number T>
struct Codec<T> {
  static void write(Packer& packer, T value) {
    if constexpr (std::floating_point<T>) {
      packer.real(value);
    } else if constexpr (std::is_signed_v<T>) {
      packer.integer(value);
    } else {
      packer.unsigned_integer(value);
    }
  }
  static void read(Unpacker& unpacker, T& value) {
    if constexpr (std::floating_point<T>) {
      value = static_cast<T>(unpacker.real());
    } else if constexpr (std::is_signed_v<T>) {
      const std::int64_t wide = unpacker.integer();
      if (!std::in_range<T>(wide)) throw_out_of_range("integer");
      value = static_cast<T>(wide);
    } else {
      const std::uint64_t wide = unpacker.unsigned_integer();
      if (!std::in_range<T>(wide)) throw_out_of_range("unsigned integer");
      value = static_cast<T>(wide);
    }
  }
};

template <>
struct Codec<bool> {
  static void write(Packer& packer, bool value) { packer.boolean(value); }
  static void read(Unpacker& unpacker, bool& value) { value = unpacker.boolean(); }
};

template <class T>
requires std::is_enum_v<T>
struct Codec<T> {
  using Number = std::underlying_type_t<T>;
  static void write(Packer& packer, T value) { Codec<Number>::write(packer, static_cast<Number>(value)); }
  static void read(Unpacker& unpacker, T& value) {
    Number number{};
    Codec<Number>::read(unpacker, number);
    value = static_cast<T>(number);
  }
};

template <class T>
requires IsDuration<T>::value struct Codec<T> {
  static void write(Packer& packer, T value) { packer.integer(static_cast<std::int64_t>(value.count())); }
  static void read(Unpacker& unpacker, T& value) {
    value = T(static_cast<typename T::rep>(unpacker.integer()));
  }
};

template <>
struct Codec<std::string> {
  static void write(Packer& packer, const std::string& value) { packer.text(value); }
  static void read(Unpacker& unpacker, std::string& value) { value = unpacker.text(); }
};

template <>
struct Codec<Bytes> {
  static void write(Packer& packer, const Bytes& value) { packer.blob(value.span()); }
  static void read(Unpacker& unpacker, Bytes& value) { value = unpacker.blob(); }
};

template <Number T>
struct Codec<std::vector<T>> {
  static void write(Packer& packer, const std::vector<T>& value) {
    packer.blob(std::as_bytes(std::span(value)));
  }
  static void read(Unpacker& unpacker, std::vector<T>& value) {
    const Bytes blob = unpacker.blob();
    if (blob.size() % sizeof(T) != 0) throw_odd_blob(blob.size(), sizeof(T));
    value.resize(blob.size() / sizeof(T));
    if (!blob.empty()) std::memcpy(value.data(), blob.data(), blob.size());  // the bytes may be unaligned
  }
};

template <class T>
requires(!Number<T>) struct Codec<std::vector<T>> {
  static void write(Packer& packer, const std::vector<T>& value) {
    packer.array(value.size());
    for (const T& each : value) pack(packer, each);
  }
  static void read(Unpacker& unpacker, std::vector<T>& value) {
    value.clear();
    value.resize(unpacker.enter_array());
    for (T& each : value) unpack(unpacker, each);
    unpacker.leave_array();
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static void write(Packer& packer, const std::optional<T>& value) {
    if (value) {
      pack(packer, *value);
    } else {
      packer.nil();
    }
  }
  static void read(Unpacker& unpacker, std::optional<T>& value) {
    value.reset();
    if (!unpacker.skip_nil()) unpack(unpacker, value.emplace());
  }
};

template <class A, class B>
struct Codec<std::pair<A, B>> {
  static void write(Packer& packer, const std::pair<A, B>& value) {
    packer.array(2);
    pack(packer, value.first);
    pack(packer, value.second);
  }
  static void read(Unpacker& unpacker, std::pair<A, B>& value) {
    const std::size_t size = unpacker.enter_array();
    if (size < 2) throw_short_array(size, 2);
    unpack(unpacker, value.first);
    unpack(unpacker, value.second);
    unpacker.leave_array();
  }
};

template <class K, class V>
struct Codec<std::map<K, V>> {
  static void write(Packer& packer, const std::map<K, V>& value) {
    packer.array(value.size());
    for (const auto& [key, mapped] : value) pack(packer, std::pair<K, V>(key, mapped));
  }
  static void read(Unpacker& unpacker, std::map<K, V>& value) {
    value.clear();
    const std::size_t size = unpacker.enter_array();
    for (std::size_t i = 0; i < size; ++i) {
      std::pair<K, V> entry;
      unpack(unpacker, entry);
      value.insert(std::move(entry));
    }
    unpacker.leave_array();
  }
};

}  // namespace pack_detail

// Appends `value`, a message or any of the kinds above, to what `packer` holds.
template <class T>
void pack(Packer& packer, const T& value) {
  if constexpr (pack_detail::Message<T>) {
    pack_detail::Writer writer{packer};
    const_cast<T&>(value).fields(writer);  // fields() only names them; a Writer reads
  } else {
    pack_detail::Codec<T>::write(packer, value);
  }
}

// Reads the next value. Throws DecodeError; `value` is then unspecified.
template <class T>
void unpack(Unpacker& unpacker, T& value) {
  if constexpr (pack_detail::Message<T>) {
    pack_detail::Reader reader{unpacker};
    value.fields(reader);
  } else {
    pack_detail::Codec<T>::read(unpacker, value);
  }
}

template <class T>
Bytes pack(const T& value) {
  Packer packer;
  pack(packer, value);
  return packer.finish();
}

// Exactly one value, and nothing behind it.
template <class T>
T unpack(const Bytes& bytes) {
  Unpacker unpacker(bytes);
  T value{};
  unpack(unpacker, value);
  unpacker.expect_end();
  return value;
}

}  // namespace wisp
