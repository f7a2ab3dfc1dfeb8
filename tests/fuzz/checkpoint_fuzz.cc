// Checkpoints: read, or refused for a reason; a folder passes over what is damaged.
#include "actors/checkpoint.h"
#include "base/crc32c.h"
#include "base/pack.h"
#include "base/simulated_disk.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

using actors::Checkpoint;

std::vector<std::byte> joined(const std::vector<Bytes>& pieces) {
  std::vector<std::byte> bytes;
  for (const Bytes& each : pieces) bytes.insert(bytes.end(), each.span().begin(), each.span().end());
  return bytes;
}

// With a checksum that is right, whatever it is of.
std::vector<std::byte> sealed(Data data) {
  std::vector<std::byte> bytes(data.begin(), data.end());
  bytes.push_back(std::byte{0xce});
  const std::uint32_t crc = crc32c(data);
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(crc >> shift & 0xff));
  return bytes;
}

void same(const Checkpoint& a, const Checkpoint& b) {
  WISP_CHECK(a.number == b.number && a.updates == b.updates && a.traits == b.traits, "it comes back");
  const auto equal_part = [](const auto& x, const auto& y) {
    return x.first == y.first && equal(x.second.span(), y.second.span());
  };
  WISP_CHECK(std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), equal_part),
             "its parts come back");
}

bool decodes(const Bytes& file) {
  Checkpoint checkpoint;
  const AllocationWatch watch;
  const bool none = refused<DecodeError>([&] { checkpoint = actors::decode_checkpoint(file); });
  check_largest(watch, file.size(), 1);
  if (none) return false;
  same(actors::decode_checkpoint(Bytes(joined(actors::encode(checkpoint)))), checkpoint);
  return checkpoint.number == 2;
}

// As the file of number 2, behind a whole one.
void in_a_folder(Data file, bool whole) {
  SimulatedDisk disk;
  actors::CheckpointFolder folder(disk, "/folder", 2);
  Checkpoint first;
  first.number = 1;
  folder.write(first);
  disk.write("/folder/2.ckpt", file);
  std::vector<std::string> warnings;
  const std::optional<Checkpoint> newest = folder.newest(warnings);
  WISP_CHECK(newest && newest->number == (whole ? 2u : 1u), "the newest one that is whole");
  WISP_CHECK(warnings.size() == (whole ? 0u : 1u), "a warning for the one that is damaged");
  for (const std::string& each : warnings) {
    WISP_CHECK(each.find("/folder/2.ckpt can't be used: ") == 0, "the file is named");
  }
}

}  // namespace

void fuzz_checkpoint(Data data) {
  Input input(data);
  const unsigned how = input.take<std::uint8_t>();
  const Data rest = input.rest();
  const Bytes file = how % 2 == 0 ? bytes_of(sealed(rest)) : bytes_of(rest);
  in_a_folder(file.span(), decodes(file));
}

}  // namespace wisp::fuzz
