#include "sparse/rounded.h"

#include <span>
#include <utility>

#include "base/rng.h"
#include "sparse/memory.h"

namespace wisp::sparse {
namespace {

template <class T>
class Rounded : public Sparsifier<T> {
 public:
  Rounded(std::unique_ptr<Sparsifier<T>> chooser, ValueCodec codec, std::uint64_t seed, std::uint32_t worker)
      : chooser_(std::move(chooser)), codec_(codec), seed_(seed), worker_(worker) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    Vector<T> vector = chooser_->select(dense, round);
    round_values_of(vector, round);
    return vector;
  }
  Vector<T> take(std::span<T> kept, std::span<const T> gradient, T scale,
                 std::uint64_t round) const override {
    const Vector<T> exact = chooser_->take(kept, gradient, scale, round);
    Vector<T> sent = exact;
    round_values_of(sent, round);
    keep_difference(kept, exact, sent);
    return sent;
  }

 private:
  void round_values_of(Vector<T>& vector, std::uint64_t round) const {
    const std::uint64_t key = Rng(seed_, worker_, round, Purpose::kRounding).next64();
    vector.coded.emplace().codec = codec_;
    round_values(std::span<T>(vector.values), codec_, key, vector.coded->bytes);
  }

  std::unique_ptr<Sparsifier<T>> chooser_;
  ValueCodec codec_;
  std::uint64_t seed_;
  std::uint32_t worker_;
};

}  // namespace

template <class T>
std::unique_ptr<Sparsifier<T>> make_rounded(std::unique_ptr<Sparsifier<T>> chooser, ValueCodec codec,
                                            std::uint64_t seed, std::uint32_t worker) {
  return std::make_unique<Rounded<T>>(std::move(chooser), codec, seed, worker);
}

template std::unique_ptr<Sparsifier<float>> make_rounded(std::unique_ptr<Sparsifier<float>>, ValueCodec,
                                                         std::uint64_t, std::uint32_t);
template std::unique_ptr<Sparsifier<double>> make_rounded(std::unique_ptr<Sparsifier<double>>, ValueCodec,
                                                          std::uint64_t, std::uint32_t);

}  // namespace wisp::sparse
