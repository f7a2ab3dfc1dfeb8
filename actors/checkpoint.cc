#include "actors/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/pack.h"

namespace wisp::actors {

namespace {

constexpr std::string_view kMagic = "wisp-checkpoint";
constexpr std::string_view kExtension = ".ckpt";
constexpr std::size_t kMagicSize = 1 + kMagic.size();  // as msgpack
constexpr std::size_t kSealSize = 5;
// What every format has: the magic, its number and the checksum.
constexpr std::size_t kSizeMin = kMagicSize + 1 + kSealSize;

// The checksum as a msgpack integer of four bytes, whatever its value: so the place where it begins is known.
std::vector<std::byte> seal(std::uint32_t crc) {
  std::vector<std::byte> bytes{std::byte{0xce}};
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(crc >> shift & 0xff));
  return bytes;
}

bool equal(std::span<const std::byte> a, std::span<const std::byte> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

bool begins_with_magic(const Bytes& file) {
  Packer packer;
  packer.text(kMagic);
  return equal(file.span().first(kMagicSize), packer.finish().span());
}

// Of `digits`, if that is how a number from 1 on is written.
std::optional<std::uint64_t> parse_number(std::string_view digits) {
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || digits.front() == '0') return std::nullopt;
  return number;
}

struct Name {
  std::uint64_t number = 0;
  bool unfinished = false;  // what a Disk calls a file that it is writing: <number>.ckpt.XXXXXX
};

std::optional<Name> parse_name(const std::string& name) {
  constexpr std::size_t kSuffix = 7;
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos || name.compare(dot, kExtension.size(), kExtension) != 0) return std::nullopt;
  const std::size_t left = name.size() - dot - kExtension.size();
  const bool unfinished = left == kSuffix && name[name.size() - kSuffix] == '.';
  if (left != 0 && !unfinished) return std::nullopt;
  const std::optional<std::uint64_t> number = parse_number(std::string_view(name).substr(0, dot));
  if (!number) return std::nullopt;
  return Name{*number, unfinished};
}

}  // namespace

std::vector<Bytes> encode(const Checkpoint& checkpoint) {
  std::vector<Bytes> pieces;
  Packer packer;
  const auto end_piece = [&] {
    Packed packed = packer.finish_parts();
    if (!packed.head.empty()) pieces.push_back(std::move(packed.head));
    if (!packed.tail.empty()) pieces.push_back(std::move(packed.tail));
  };
  packer.text(kMagic);
  packer.unsigned_integer(Checkpoint::kFormat);
  // As its fields() have it.
  packer.array(4);
  packer.unsigned_integer(checkpoint.number);
  packer.unsigned_integer(checkpoint.updates);
  pack(packer, checkpoint.traits);
  packer.array(checkpoint.parts.size());
  for (const auto& [name, state] : checkpoint.parts) {
    packer.array(2);
    packer.text(name);
    packer.blob(state);
    if (state.size() >= Bytes::kLarge) end_piece();
  }
  end_piece();
  std::uint32_t crc = 0;
  for (const Bytes& each : pieces) crc = crc32c(each.span(), crc);
  pieces.emplace_back(seal(crc));
  return pieces;
}

Checkpoint decode_checkpoint(const Bytes& file) {
  if (file.size() < kSizeMin) {
    throw DecodeError("it is too short: it has " + std::to_string(file.size()) + " bytes");
  }
  if (!begins_with_magic(file)) throw DecodeError("it does not begin as a checkpoint does");
  const Bytes body = file.slice(0, file.size() - kSealSize);
  if (!equal(file.span().last(kSealSize), seal(crc32c(body.span())))) {
    throw DecodeError("its checksum does not match");
  }
  Unpacker unpacker(body);
  Checkpoint checkpoint;
  std::uint64_t format = 0;
  try {
    unpacker.skip();
    format = unpacker.unsigned_integer();
    if (format == Checkpoint::kFormat) {
      unpack(unpacker, checkpoint);
      unpacker.expect_end();
    }
  } catch (const DecodeError& error) {  // which knows nothing of files
    throw DecodeError(std::string("it is whole, but not what a checkpoint is: ") + error.what());
  }
  if (format != Checkpoint::kFormat) {
    throw DecodeError("it is of format " + std::to_string(format) +
                      ", of another version of wisp; this one reads format " +
                      std::to_string(Checkpoint::kFormat));
  }
  return checkpoint;
}

CheckpointFolder::CheckpointFolder(Disk& disk, std::filesystem::path folder, std::size_t keep)
    : disk_(disk), folder_(std::move(folder)), keep_(keep) {
  WISP_CHECK(keep >= 1, "a folder keeps the checkpoint that was written last");
}

std::filesystem::path CheckpointFolder::path_of(std::uint64_t number) const {
  return folder_ / (std::to_string(number) + std::string(kExtension));
}

std::vector<std::string> CheckpointFolder::write(const Checkpoint& checkpoint) {
  WISP_CHECK(checkpoint.number >= 1, "checkpoints are numbered from 1 on");
  const std::vector<Bytes> pieces = encode(checkpoint);
  std::vector<std::span<const std::byte>> spans;
  for (const Bytes& each : pieces) spans.push_back(each.span());
  disk_.make_folders(folder_);
  disk_.write_pieces(path_of(checkpoint.number), spans);
  std::vector<std::string> warnings;
  clean_up(checkpoint.number, warnings);
  return warnings;
}

// Later ones than `last` stay: whoever wrote them may know more than this run, if it was given up for dead.
void CheckpointFolder::clean_up(std::uint64_t last, std::vector<std::string>& warnings) {
  const auto attempt = [&](const auto& act) {
    try {
      act();
    } catch (const Error& error) {  // the checkpoint is written, whatever becomes of the others
      warnings.emplace_back(error.what());
    }
  };
  attempt([&] {
    std::vector<std::uint64_t> all;
    for (const std::filesystem::path& each : disk_.list(folder_)) {
      const std::optional<Name> name = parse_name(each.string());
      if (!name) continue;
      if (name->unfinished) {
        attempt([&] { disk_.remove(folder_ / each); });
      } else if (name->number <= last) {
        all.push_back(name->number);
      }
    }
    std::sort(all.begin(), all.end());
    for (std::size_t i = 0; i + keep_ < all.size(); ++i) attempt([&] { disk_.remove(path_of(all[i])); });
  });
}

std::vector<std::uint64_t> CheckpointFolder::numbers() const {
  std::vector<std::uint64_t> all;
  for (const std::filesystem::path& each : disk_.list(folder_)) {
    const std::optional<Name> name = parse_name(each.string());
    if (name && !name->unfinished) all.push_back(name->number);
  }
  std::sort(all.begin(), all.end());
  return all;
}

Checkpoint CheckpointFolder::read(std::uint64_t number) const {
  Checkpoint checkpoint = decode_checkpoint(disk_.read(path_of(number)));
  if (checkpoint.number != number) {
    throw DecodeError("it is that of number " + std::to_string(checkpoint.number) + ", under another name");
  }
  return checkpoint;
}

std::optional<Checkpoint> CheckpointFolder::newest(std::vector<std::string>& warnings) const {
  std::vector<std::uint64_t> left = numbers();
  for (; !left.empty(); left.pop_back()) {
    try {
      return read(left.back());
    } catch (const Error& error) {  // there may be one before it that is whole
      warnings.push_back(path_of(left.back()).string() + " can't be used: " + error.what() +
                         (left.size() > 1 ? "; the one before it is taken" : "; there is none before it"));
    }
  }
  return std::nullopt;
}

}  // namespace wisp::actors
