#pragma once
// Hashes of bytes and files, and random identifiers.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace wisp {

// SHA-256 of bytes that come in pieces. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  // 64 lower-case digits for what came so far; more may follow.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::span<const std::byte> bytes);
// Reads the file in pieces. Throws Error, naming the file, if it can't be read.
std::string sha256_file_hex(const std::filesystem::path& file);

// FNV-1a, 32 bits: numbers for names that both ends know. Not for bytes from outside.
constexpr std::uint32_t fnv1a32(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

// So many lower-case hexadecimal digits that nobody can guess: for identifiers, never for the mathematics.
std::string random_hex(std::size_t digits);

}  // namespace wisp
