// An encoded vector as it arrives: refused, or well-formed whatever the processor, and what it says travels
// again.
#include "base/cpu.h"
#include "base/pack.h"
#include "sparse/encoded.h"
#include "sparse/received.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

constexpr std::uint32_t kDenseMax = 1 << 14;
constexpr sparse::DrawKey kSender{.seed = 7, .worker = 2, .round = 31};

template <class T>
bool same(const sparse::Vector<T>& a, const sparse::Vector<T>& b) {
  const auto bytes = [](const auto& each) { return std::as_bytes(std::span(each)); };
  return a.dim == b.dim && a.support == b.support && a.blocks == b.blocks && a.numbers == b.numbers &&
         equal(bytes(a.values), bytes(b.values));  // NaNs too
}

// Encoded and decoded again, as T: the same bits.
template <class T>
void check_again(const sparse::Vector<T>& vector) {
  sparse::Vector<T> again;
  sparse::decode(unpack<sparse::Encoded>(pack(sparse::encode(vector))), vector.dim, kSender, again);
  WISP_CHECK(same(vector, again), "what was encoded comes back");
}

template <class T>
void check_vector(std::uint32_t dim, const Bytes& bytes) {
  sparse::Vector<T> vector;
  const AllocationWatch watch;
  sparse::Encoded encoded;
  const bool none = refused<DecodeError>([&] {
    encoded = unpack<sparse::Encoded>(bytes);
    sparse::decode(encoded, dim, kSender, vector, Instructions::kPortable);
  });
  check_largest(watch, bytes.size(), 64);
  for (const Instructions each : available_instructions()) {
    sparse::Vector<T> other;
    const bool refused_too =
        refused<DecodeError>([&] { sparse::decode(encoded, dim, kSender, other, each); });
    WISP_CHECK(refused_too == none && (none || same(vector, other)), "all processors find the same");
  }
  if (none) return;
  vector.check(dim);
  WISP_CHECK(vector.first_non_finite().value_or(0) < dim, "what is not finite is at a coordinate");
  if (dim <= kDenseMax) {
    std::vector<T> dense(dim), in_place(dim);
    vector.add_to(dense, T{1});
    sparse::Received<T> update;
    update.take(encoded, dim, kSender);
    update.view().add_to(in_place, T{1});
    const auto bits = [](const auto& each) { return std::as_bytes(std::span(each)); };
    WISP_CHECK(equal(bits(dense), bits(in_place)), "what is added where it lies is what was decoded");
  }
  check_again(vector);
}

}  // namespace

void fuzz_vector(Data data) {
  Input input(data);
  const unsigned how = input.take<std::uint8_t>();
  const auto dim = input.take<std::uint32_t>();
  const Bytes bytes = bytes_of(input.rest());
  if (how % 2 == 0) {
    check_vector<float>(how < 128 ? dim : dim & 0xff, bytes);
  } else {
    check_vector<double>(how < 128 ? dim : dim & 0xff, bytes);
  }
}

}  // namespace wisp::fuzz
