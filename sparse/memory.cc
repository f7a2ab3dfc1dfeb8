#include "sparse/memory.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/cpu.h"
#include "sparse/top_k_kernels.h"

namespace wisp::sparse {

template <class T>
Memory<T>::Memory(std::uint32_t dim) : kept_(dim) {
  WISP_CHECK(dim > 0, "a job has at least one coordinate");
}

template <class T>
Vector<T> Memory<T>::send(std::span<const T> gradient, T scale, const Sparsifier<T>& sparsifier,
                          std::uint64_t round) {
  WISP_CHECK(gradient.size() == kept_.size(), "a gradient has the dimension of what is kept");
  return sparsifier.take(kept_, gradient, scale, round);
}

template <class T>
void Memory<T>::forget(const VectorView<T>& sent) {
  WISP_CHECK(sent.dim == kept_.size(), "what was sent has the dimension of what is kept");
  sent.for_each([this](std::uint32_t coordinate, T) { kept_[coordinate] = T{0}; });
}

template <class T>
void Memory<T>::save(Packer& packer) const {
  pack(packer, kept_);
}

template <class T>
void Memory<T>::restore(Unpacker& unpacker) {
  std::vector<T> saved;
  unpack(unpacker, saved);
  if (saved.size() != kept_.size()) {
    throw DecodeError("saved memory has " + std::to_string(saved.size()) + " numbers, expected " +
                      std::to_string(kept_.size()));
  }
  kept_ = std::move(saved);
}

template <class T>
void add_gradient(std::span<T> kept, std::span<const T> gradient, T scale) {
  WISP_CHECK(gradient.size() == kept.size(), "a gradient has the dimension of what is kept");
  const auto take_sum = top_k::kernels<T>(best_instructions()).take_sum;
  constexpr auto kNone = top_k::kMagnitudeMax<T>;  // more than the NaN of a sum has
  std::array<std::uint32_t, top_k::kChunk + top_k::kSlack> places;
  std::array<T, top_k::kChunk + top_k::kSlack> chosen;
  for (std::size_t begin = 0; begin < kept.size(); begin += top_k::kChunk) {
    const auto chunk = kept.subspan(begin, std::min(top_k::kChunk, kept.size() - begin));
    take_sum(chunk, gradient.data() + begin, scale, 0, kNone, kNone, places.data(), chosen.data());
  }
}

template <class T>
void keep_difference(std::span<T> kept, const Vector<T>& chosen, const Vector<T>& sent) {
  WISP_CHECK(chosen.dim == kept.size() && sent.nnz() == chosen.nnz(), "what is sent is what was chosen");
  auto value = sent.values.begin();
  chosen.for_each([&](std::uint32_t coordinate, T exact) { kept[coordinate] = exact - *value++; });
}

template class Memory<float>;
template class Memory<double>;
template void add_gradient(std::span<float>, std::span<const float>, float);
template void add_gradient(std::span<double>, std::span<const double>, double);
template void keep_difference(std::span<float>, const Vector<float>&, const Vector<float>&);
template void keep_difference(std::span<double>, const Vector<double>&, const Vector<double>&);

}  // namespace wisp::sparse
