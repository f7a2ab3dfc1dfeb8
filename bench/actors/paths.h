#pragma once
// The work at both ends of a whole path, the same for wisp and for the peer: what a worker sends, and what a
// master does with it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "sparse/encoded.h"
#include "sparse/received.h"

namespace wisp::bench {

constexpr std::uint32_t kDimension = 1'000'000;
constexpr std::uint32_t kPairs = 10'000;
constexpr std::uint32_t kModelDimension = 100'000;  // of a model that travels whole: 400 kB
constexpr std::uint64_t kWarmUpPaths = 200;
constexpr sparse::DrawKey kNobody{0, 0, 0};  // nothing is drawn

/// A vector of R^dim with `pairs` entries anywhere; all of them if that is as many.
inline sparse::Vector<float> update_of(std::uint32_t dim, std::uint32_t pairs) {
  Rng rng(1, 0, 0, Purpose::kData);
  std::vector<float> dense(dim);
  for (float& each : dense) each = static_cast<float>(rng.normal());
  if (pairs == dim) return sparse::Vector<float>::all(std::move(dense));
  std::vector<std::uint32_t> indices(pairs);
  rng.sample_without_replacement(dim, indices);
  return sparse::Vector<float>::at(dense, std::move(indices));
}

/// A master's model: decodes an update and adds it.
class Sums {
 public:
  explicit Sums(std::uint32_t dim) : model_(dim) {}
  void apply(const sparse::Encoded& encoded) {
    update_.take(encoded, static_cast<std::uint32_t>(model_.size()), kNobody);
    update_.view().add_to(std::span<float>(model_), 1e-3F);
  }
  const std::vector<float>& model() const { return model_; }

 private:
  std::vector<float> model_;
  sparse::Received<float> update_;
};

}  // namespace wisp::bench
