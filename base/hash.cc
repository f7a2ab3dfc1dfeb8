#include "base/hash.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include <sodium.h>

#include "base/check.h"
#include "base/error.h"

namespace wisp {

namespace {

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

[[noreturn]] void throw_unreadable(const std::filesystem::path& file) {
  throw Error("can't read " + file.string() + ": " + std::strerror(errno));
}

}  // namespace

struct Sha256::State {
  crypto_hash_sha256_state sodium;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { crypto_hash_sha256_init(&state_->sodium); }
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  crypto_hash_sha256_update(&state_->sodium, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

std::string Sha256::hex() const {
  crypto_hash_sha256_state copy = state_->sodium;
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256_final(&copy, digest.data());
  return to_hex(digest);
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_file_hex(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw_unreadable(file);
  Sha256 hash;
  std::vector<char> piece(std::size_t{1} << 20);
  while (stream) {
    errno = 0;
    stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (stream.bad()) throw_unreadable(file);
    hash.update(std::as_bytes(std::span(piece)).first(static_cast<std::size_t>(stream.gcount())));
  }
  return hash.hex();
}

std::string random_hex(std::size_t digits) {
  WISP_CHECK(sodium_init() >= 0, "libsodium has no random numbers");
  std::vector<unsigned char> bytes(digits / 2 + 1);
  randombytes_buf(bytes.data(), bytes.size());
  return to_hex(bytes).substr(0, digits);
}

}  // namespace wisp
