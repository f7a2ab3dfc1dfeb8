// Every message that is packed: refused, or the same when it is packed and unpacked again; and no memory for
// what did not come.
#include "tests/fuzz/messages.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

// The most bytes that one byte of a message can stand for: an element of the largest kind in a list of such
// that have no room left and move to twice the place.
constexpr std::size_t kFactor = 128;

}  // namespace

void fuzz_message(Data data) {
  static const std::vector<MessageKind> kinds = message_kinds();
  Input input(data);
  const MessageKind& kind = kinds[input.take<std::uint8_t>() % kinds.size()];
  const Bytes bytes = bytes_of(input.rest());
  const AllocationWatch watch;
  Bytes again;
  const bool none = refused<DecodeError>([&] { again = kind.repack(bytes); });
  check_largest(watch, bytes.size(), kFactor);
  if (!none) WISP_CHECK(equal(kind.repack(again).span(), again.span()), "what was packed comes back");
}

}  // namespace wisp::fuzz
