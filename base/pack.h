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
#include <algorithm>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
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

// The result of packing, in two pieces when the last thing packed was a large blob: that blob is not copied.
struct Packed {
  Bytes head;  // up to the blob's length
  Bytes tail;  // the blob itself, or empty
  std::size_t size() const { return head.size() + tail.size(); }
};

inline constexpr std::size_t kBlobHeaderMax = 5;
// What stands before a blob of `size` bytes. Returns its size. Throws Error for 4 GiB or more.
std::size_t write_blob_header(std::byte* to, std::size_t size);

// Writes msgpack values one after another, into a buffer of its own or behind what another one holds. Throws
// Error for a value of 4 GiB or more; what was written before it stays in the buffer. Not thread-safe.
class Packer {
 public:
  enum class Blobs {
    kCopy,
    // A large blob at the end is kept for take_tail(): Bytes as they are, others as one copy with headroom.
    // So are Bytes behind it that lie behind it in memory, with nothing but their write_blob_header()
    // between.
    kTail,
  };

  explicit Packer(Blobs blobs = Blobs::kTail) : buffer_(&own_), blobs_(blobs) {}
  // Writes behind what `buffer` holds. With kTail the caller is to take the tail when everything is packed.
  explicit Packer(Buffer& buffer, Blobs blobs = Blobs::kCopy) : buffer_(&buffer), blobs_(blobs) {}
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  // The next `size` values are its elements.
  void array(std::size_t size) {
    if (size < 16) {
      byte(0x90 | size);
    } else {
      long_array(size);
    }
  }
  void nil() { byte(0xc0); }
  void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }
  void integer(std::int64_t value) {
    if (-32 <= value && value < 128) {
      byte(static_cast<std::uint64_t>(value) & 0xff);
    } else {
      wide_integer(value);
    }
  }
  void unsigned_integer(std::uint64_t value) {
    if (value < 128) {
      byte(value);
    } else {
      wide_unsigned_integer(value);
    }
  }
  // Always 9 and 5 bytes, whatever the value, and the same bits when they are read.
  void real(double value) { number(0xcb, std::bit_cast<std::uint64_t>(value)); }
  void real(float value) { number(0xca, std::bit_cast<std::uint32_t>(value)); }
  void text(std::string_view value);
  void blob(std::span<const std::byte> value);
  // Shares `value` instead of copying it if it is large and nothing is packed behind it.
  void blob(const Bytes& value);
  // Values that were packed before; they are taken over as they are.
  void raw(std::span<const std::byte> packed);

  // What the buffer holds, in one piece or without copying the large blob at its end. The packer and the
  // buffer are empty afterwards.
  Bytes finish();
  Packed finish_parts();
  // The large blob at the end; the buffer then ends with its length. Empty if there is none.
  Bytes take_tail() { return std::exchange(tail_, {}); }

 private:
  std::byte* claim(std::size_t size) {
    if (!tail_.empty()) [[unlikely]]
      copy_tail();
    return buffer_->claim(size);
  }
  void byte(std::uint64_t value) {
    *claim(1) = static_cast<std::byte>(value);
    buffer_->end_ += 1;
  }
  template <class T>
  void number(std::uint8_t head, T value);
  void long_array(std::size_t size);
  void wide_integer(std::int64_t value);
  void wide_unsigned_integer(std::uint64_t value);
  void copy_tail();

  Buffer own_;
  Buffer* buffer_;
  Blobs blobs_;
  Bytes tail_;
};

// Reads msgpack values one after another from bytes that nobody vouches for: every length is checked against
// what is there before anything is allocated, nesting is limited to 8, and a value of another kind throws
// DecodeError. Checks what it reads or skips, and that only when it comes there.
class Unpacker {
 public:
  explicit Unpacker(Bytes bytes) : kept_(std::move(bytes)), owner_(&kept_) { begin(kept_.span()); }
  // `bytes` outlive the unpacker. Blobs share `owner`, which holds them; without an owner they are copied.
  explicit Unpacker(std::span<const std::byte> bytes, const Bytes* owner = nullptr) : owner_(owner) {
    begin(bytes);
  }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  // Its size; then read elements, then leave_array(), which skips what was not read.
  std::size_t enter_array() {
    const std::uint8_t head = peek();
    std::size_t header = 1;
    std::size_t size = head & 0x0f;
    if ((head & 0xf0) != 0x90) size = long_array(head, header);
    // Every element takes a byte at least.
    if (size > left() - header) throw_malformed("array size overflow");
    if (depth_ == kDepthMax) throw_malformed("depth size overflow");
    advance(header);
    open_[++depth_] = size;
    return size;
  }
  void leave_array() {
    while (open_[depth_] != 0) skip();
    --depth_;
  }
  // True, and past it, if the next value is nil.
  bool skip_nil() {
    if (peek() != 0xc0) return false;
    advance(1);
    return true;
  }
  bool boolean() {
    const std::uint8_t head = peek();
    if ((head | 1) != 0xc3) throw_wrong("a boolean");
    advance(1);
    return head == 0xc3;
  }
  std::int64_t integer() {
    const std::uint8_t head = peek();
    if (0x80 <= head && head < 0xe0) return wide_integer(head);
    advance(1);
    return static_cast<std::int8_t>(head);
  }
  std::uint64_t unsigned_integer() {
    const std::uint8_t head = peek();
    if (head >= 0x80) return wide_unsigned_integer(head);
    advance(1);
    return head;
  }
  double real();  // float32, float64 or an integer
  std::string text() { return std::string(text_view()); }
  Bytes blob();  // a view that keeps the whole message alive, where it has an owner
  // They live as long as the bytes that are read.
  std::string_view text_view();
  std::span<const std::byte> blob_view();
  void skip();  // any one value

  bool at_end() const { return depth_ == 0 && next_ == end_; }
  // Bytes read so far.
  std::size_t offset() const { return static_cast<std::size_t>(next_ - begin_); }
  // Throws DecodeError if anything is left.
  void expect_end() const {
    if (!at_end()) throw_not_at_end();
  }

 private:
  static constexpr std::size_t kDepthMax = 8;

  void begin(std::span<const std::byte> bytes) {
    begin_ = next_ = bytes.data();
    end_ = begin_ + bytes.size();
    open_[0] = SIZE_MAX;  // values at the top end where the bytes do
  }
  std::size_t left() const { return static_cast<std::size_t>(end_ - next_); }
  std::uint8_t peek() const {
    if (open_[depth_] == 0 || next_ == end_) throw_nothing_left();
    return static_cast<std::uint8_t>(*next_);
  }
  void advance(std::size_t size) {
    next_ += size;
    --open_[depth_];
  }
  template <class T>
  T number() const;
  std::size_t long_array(std::uint8_t head, std::size_t& header) const;
  std::int64_t wide_integer(std::uint8_t head);
  std::uint64_t wide_unsigned_integer(std::uint8_t head);
  std::span<const std::byte> body(std::size_t header, std::size_t size);
  [[noreturn]] void throw_nothing_left() const;
  [[noreturn]] void throw_wrong(const char* wanted) const;
  [[noreturn]] static void throw_malformed(const char* why);
  [[noreturn]] static void throw_not_at_end();

  const std::byte* begin_;
  const std::byte* next_;
  const std::byte* end_;
  std::size_t depth_ = 0;
  std::size_t open_[kDepthMax + 1];  // how many elements each open array has left
  Bytes kept_;
  const Bytes* owner_;
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

// How each kind of value travels. Messages go by their fields; the rest is listed below.
template <class T>
struct Codec;

}  // namespace pack_detail

// What can travel: a message, which can be made without arguments and copied, or one of the kinds below, made
// of such. What the fields of a message are is seen only when it is packed: a field of another kind does not
// compile then.
template <class T>
concept Packable = (pack_detail::Message<T> && std::default_initializable<T> &&
                    std::is_copy_constructible_v<T>) ||
                   requires {
  sizeof(pack_detail::Codec<T>);
};

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
  static void read(Unpacker& unpacker, std::string& value) { value = unpacker.text_view(); }
};

template <>
struct Codec<Bytes> {
  static void write(Packer& packer, const Bytes& value) { packer.blob(value); }
  static void read(Unpacker& unpacker, Bytes& value) { value = unpacker.blob(); }
};

template <Number T>
struct Codec<std::vector<T>> {
  static void write(Packer& packer, const std::vector<T>& value) {
    packer.blob(std::as_bytes(std::span(value)));
  }
  static void read(Unpacker& unpacker, std::vector<T>& value) {
    const std::span<const std::byte> blob = unpacker.blob_view();
    if (blob.size() % sizeof(T) != 0) throw_odd_blob(blob.size(), sizeof(T));
    value.resize(blob.size() / sizeof(T));
    if (!blob.empty()) std::memcpy(value.data(), blob.data(), blob.size());  // the bytes may be unaligned
  }
};

template <Packable T>
requires(!std::is_arithmetic_v<T>) struct Codec<std::vector<T>> {
  // More bytes than this are not reserved for elements that may turn out not to be there.
  static constexpr std::size_t kReserveMax = 64 << 10;

  static void write(Packer& packer, const std::vector<T>& value) {
    packer.array(value.size());
    for (const T& each : value) pack(packer, each);
  }
  static void read(Unpacker& unpacker, std::vector<T>& value) {
    const std::size_t size = unpacker.enter_array();
    value.clear();
    value.reserve(std::min(size, kReserveMax / sizeof(T)));
    for (std::size_t i = 0; i < size; ++i) unpack(unpacker, value.emplace_back());
    unpacker.leave_array();
  }
};

template <Packable T>
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

template <Packable A, Packable B>
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

template <Packable K, Packable V>
struct Codec<std::map<K, V>> {
  static void write(Packer& packer, const std::map<K, V>& value) {
    packer.array(value.size());
    for (const auto& [key, mapped] : value) {
      packer.array(2);
      pack(packer, key);
      pack(packer, mapped);
    }
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
  static_assert(Packable<T>, "this type does not travel: see Packable in base/pack.h");
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
  Packer packer(Packer::Blobs::kCopy);
  pack(packer, value);
  return packer.finish();
}

template <class T>
Packed pack_parts(const T& value) {
  Packer packer;
  pack(packer, value);
  return packer.finish_parts();
}

// Exactly one value, and nothing behind it.
template <class T>
T unpack(const Bytes& bytes) {
  Unpacker unpacker(bytes.span(), &bytes);
  T value{};
  unpack(unpacker, value);
  unpacker.expect_end();
  return value;
}

}  // namespace wisp
