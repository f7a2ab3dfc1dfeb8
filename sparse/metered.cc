#include "sparse/metered.h"

#include <cmath>
#include <utility>

namespace wisp::sparse {

namespace {

template <class T>
double squared(std::span<const T> values) {
  double sum = 0;
  for (const T value : values) sum += static_cast<double>(value) * static_cast<double>(value);
  return sum;
}

template <class T>
class Metered final : public Sparsifier<T> {
 public:
  Metered(std::unique_ptr<Sparsifier<T>> chooser, Meter& meter)
      : chooser_(std::move(chooser)), meter_(meter) {}

  Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    Vector<T> chosen = chooser_->select(dense, round);
    if (!meter_.wanted) return chosen;
    meter_.kept = squared(std::span<const T>(chosen.values));
    meter_.whole = squared(dense);
    return chosen;
  }

  // u = kept + v, kept being what is left.
  Vector<T> take(std::span<T> kept, std::span<const T> gradient, T scale,
                 std::uint64_t round) const override {
    Vector<T> chosen = chooser_->take(kept, gradient, scale, round);
    if (!meter_.wanted) return chosen;
    const double left = squared(std::span<const T>(kept));
    const double sent = squared(std::span<const T>(chosen.values));
    double both = 0;
    chosen.for_each(
        [&](std::uint32_t j, T value) { both += static_cast<double>(kept[j]) * static_cast<double>(value); });
    meter_.kept = sent;
    meter_.whole = left + 2 * both + sent;
    meter_.memory = std::sqrt(left);
    meter_.step = std::abs(static_cast<double>(scale)) * std::sqrt(squared(gradient));
    return chosen;
  }

  std::optional<Drawn> drawn() const override { return chooser_->drawn(); }

 private:
  const std::unique_ptr<Sparsifier<T>> chooser_;
  Meter& meter_;
};

}  // namespace

template <class T>
std::unique_ptr<Sparsifier<T>> make_metered(std::unique_ptr<Sparsifier<T>> chooser, Meter& meter) {
  return std::make_unique<Metered<T>>(std::move(chooser), meter);
}

template std::unique_ptr<Sparsifier<float>> make_metered(std::unique_ptr<Sparsifier<float>>, Meter&);
template std::unique_ptr<Sparsifier<double>> make_metered(std::unique_ptr<Sparsifier<double>>, Meter&);

}  // namespace wisp::sparse
