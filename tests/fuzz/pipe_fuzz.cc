// What comes up and down the pipes of an agent: messages by their lengths, and pieces of files.
#include <optional>

#include "base/pack.h"
#include "launcher/deflate.h"
#include "launcher/wire.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

struct Cut {
  std::vector<std::string> messages;
  std::string complaint;
  bool operator==(const Cut&) const = default;
};

// `piece` bytes at a time.
Cut cut(Data data, std::size_t piece) {
  launcher::FrameReader reader;
  Cut found;
  Input input(data);
  try {
    while (!input.empty()) {
      reader.feed(input.first(piece));
      while (const auto next = reader.next()) found.messages.push_back(text_of(next->span()));
    }
  } catch (const DecodeError& error) {
    found.complaint = error.what();
  }
  return found;
}

void check_inflate(Data data, std::size_t size) {
  const AllocationWatch watch;
  std::optional<Bytes> plain;
  refused<Error>([&] { plain = launcher::inflate(data, size); });
  check_largest(watch, data.size(), 1100);  // deflate makes at most 1032 bytes of one
  WISP_CHECK(!plain || plain->size() == size, "a piece is as long as it was said to be");
}

void check_deflate(Data data) {
  const auto packed = launcher::deflate(data);
  if (packed)
    WISP_CHECK(equal(launcher::inflate(packed->span(), data.size()).span(), data), "a piece comes back");
}

}  // namespace

void fuzz_pipe(Data data) {
  Input input(data);
  const unsigned how = input.take<std::uint8_t>();
  const auto size = input.take<std::uint32_t>();
  const Data rest = input.rest();
  if (how % 2 == 0) {
    const AllocationWatch watch;
    const Cut whole = cut(rest, rest.size() + 1);
    check_largest(watch, rest.size(), 64);
    WISP_CHECK(cut(rest, 1 + how / 2) == whole, "messages are the same however they arrive");
  } else if (how % 4 == 1) {
    check_inflate(rest, size % (8u << 20));
  } else {
    check_deflate(rest);
  }
}

}  // namespace wisp::fuzz
