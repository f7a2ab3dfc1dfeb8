#include "sparse/memory.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/pack.h"
#include "base/rng.h"
#include "sparse/rounded.h"
#include "sparse/sparsifier.h"
#include "sparse/top_k.h"
#include "tests/sparse/hard_values.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using testing::ElementsAre;

const Catalog kCatalog;

// One statement an operation, so that none is fused with another.
template <class T>
void naive_add(std::vector<T>& kept, const std::vector<T>& gradient, T scale) {
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const T product = scale * gradient[i];
    const T sum = kept[i] + product;
    kept[i] = std::isnan(sum) ? std::numeric_limits<T>::quiet_NaN() : sum;
  }
}

template <class T>
void expect_same_bits(std::span<const T> actual, std::span<const T> expected, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(bits_of(actual[i]), bits_of(expected[i]))
        << what << " at " << i << ": " << actual[i] << " for " << expected[i];
  }
}

template <class T>
void expect_same(const Vector<T>& actual, const Vector<T>& expected, const std::string& what) {
  ASSERT_EQ(actual.dim, expected.dim) << what;
  ASSERT_EQ(actual.support, expected.support) << what;
  ASSERT_EQ(actual.blocks, expected.blocks) << what;
  ASSERT_EQ(actual.numbers, expected.numbers) << what;
  expect_same_bits<T>(actual.values, expected.values, what);
}

// Top-k with a memory, as the papers write it.
template <class T>
struct NaiveTopK {
  std::vector<T> kept;

  Vector<T> send(const std::vector<T>& gradient, T scale, std::size_t k) {
    naive_add(kept, gradient, scale);
    auto order = ordered(kept);
    order.resize(k);
    std::sort(order.begin(), order.end());
    Vector<T> sent = Vector<T>::at(kept, order);
    for (std::size_t i = 0; i < k; ++i) kept[order[i]] -= sent.values[i];
    return sent;
  }
};

// A worker for each kind of instructions.
template <class T>
struct Worker {
  TopK<T> top_k;
  std::vector<T> kept;
};

template <class T>
std::vector<Worker<T>> workers_of(std::size_t dim) {
  std::vector<Worker<T>> workers;
  for (const Instructions each : available_instructions()) {
    workers.push_back({TopK<T>(each), std::vector<T>(dim)});
  }
  return workers;
}

// A sparsifier without a take() of its own, which chooses as another does.
template <class T>
class Chooser : public Sparsifier<T> {
 public:
  explicit Chooser(std::unique_ptr<Sparsifier<T>> inner) : inner_(std::move(inner)) {}
  Vector<T> select(std::span<const T> dense, std::uint64_t round) const override {
    return inner_->select(dense, round);
  }

 protected:
  std::unique_ptr<Sparsifier<T>> inner_;
};

// Rounds the values of another to multiples of 2^-4.
template <class T>
class Sixteenths : public Chooser<T> {
 public:
  using Chooser<T>::Chooser;
  Vector<T> take(std::span<T> kept, std::span<const T> gradient, T scale,
                 std::uint64_t round) const override {
    const Vector<T> exact = this->inner_->take(kept, gradient, scale, round);
    Vector<T> sent = exact;
    for (T& each : sent.values) each = std::nearbyint(each * 16) / 16;
    keep_difference(kept, exact, sent);
    return sent;
  }
};

SparsifierSpec spec_of(const Kind& kind) {
  SparsifierSpec spec{.kind = kind.name};
  if (kind.choice == Choice::kByValue) {
    spec.settings.set("threshold", 1.5);
  } else if (kind.choice != Choice::kEverything) {
    spec.density = 0.1;
  }
  if (kind.choice == Choice::kBlocks) spec.blocks = 50;
  return spec;
}

template <class T>
std::unique_ptr<Sparsifier<T>> made(const SparsifierSpec& spec, std::uint32_t dim) {
  return kCatalog.make<T>(spec, dim, 3, test::seed(), 1);
}

template <class T>
std::vector<T> normal_gradient(std::uint32_t dim, std::uint64_t round) {
  Rng rng(test::seed(), 1, round, Purpose::kData);
  std::vector<T> gradient(dim);
  for (T& each : gradient) each = static_cast<T>(rng.normal());
  return gradient;
}

template <class T>
class MemoryOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(MemoryOf, Scalars);

// Every vector of the hard ones follows every other kind of hard one, so that what is carried from round to
// round is wrong time and again.
TYPED_TEST(MemoryOf, takes_what_the_naive_way_takes_with_all_instructions) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 0, Purpose::kInit);
  for (const std::size_t size : {1, 2, 7, 16, 17, 33, 65, 2047, 2048, 2049, 4101, 9999}) {
    const auto gradients = hard_cases<T>(size, rng);
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}, size / 100, size / 10, size / 2, size}) {
      for (const T scale : {T{1}, T(-0.3)}) {
        NaiveTopK<T> naive{std::vector<T>(size)};
        std::vector<Worker<T>> workers = workers_of<T>(size);
        for (std::size_t round = 0; round < gradients.size(); ++round) {
          // What is not finite stays for good: from there on a new start in each round.
          const auto& [name, gradient] = gradients[round];
          const std::vector<T> before = naive.kept;
          const bool finite = std::all_of(before.begin(), before.end(), [](T v) { return std::isfinite(v); });
          if (!finite) naive.kept.assign(size, T(-0.0));
          const auto expected = naive.send(gradient, scale, std::min(k, size));
          for (Worker<T>& worker : workers) {
            if (!finite) worker.kept.assign(size, T(-0.0));
            const auto sent = worker.top_k.take(worker.kept, gradient, scale, std::min(k, size));
            const std::string what = name + ", " + std::to_string(k) + " of " + std::to_string(size);
            ASSERT_TRUE(std::equal(sent.indices.begin(), sent.indices.end(), expected.numbers.begin(),
                                   expected.numbers.end()))
                << what;
            ASSERT_NO_FATAL_FAILURE(expect_same_bits<T>(sent.values, expected.values, what));
            ASSERT_NO_FATAL_FAILURE(expect_same_bits<T>(worker.kept, naive.kept, what));
          }
        }
      }
    }
  }
}

// A memory fills up to what it stays, and then the threshold is carried from round to round.
TYPED_TEST(MemoryOf, carries_the_threshold_and_survives_that_it_misleads) {
  using T = TypeParam;
  constexpr std::uint32_t kDim = 20'000;
  constexpr std::size_t kChosen = 1000;
  NaiveTopK<T> naive{std::vector<T>(kDim)};
  std::vector<Worker<T>> workers = workers_of<T>(kDim);
  std::size_t misses = 0;
  for (std::uint64_t round = 0; round < 100; ++round) {
    std::vector<T> gradient = normal_gradient<T>(kDim, round);
    // Late, when much is carried: far more of everything, and a hot tenth; then nothing new.
    if (round == 80) std::for_each(gradient.begin(), gradient.end(), [](T& g) { g *= 100; });
    if (round == 90) std::for_each(gradient.begin(), gradient.begin() + kDim / 10, [](T& g) { g *= 100; });
    if (round == 95) std::fill(gradient.begin(), gradient.end(), T{0});
    const auto expected = naive.send(gradient, T(0.1), kChosen);
    for (Worker<T>& worker : workers) {
      const auto sent = worker.top_k.take(worker.kept, gradient, T(0.1), kChosen);
      ASSERT_NO_FATAL_FAILURE(expect_same_bits<T>(sent.values, expected.values, "round"));
      ASSERT_NO_FATAL_FAILURE(expect_same_bits<T>(worker.kept, naive.kept, "round " + std::to_string(round)));
    }
    const TopK<T>& top_k = workers.front().top_k;
    if (round == 79) {
      EXPECT_GE(top_k.carried(), 20U);
      EXPECT_LE(top_k.misses(), 5U);
      misses = top_k.misses();
    }
  }
  for (const Worker<T>& worker : workers) EXPECT_GT(worker.top_k.misses(), misses);
}

TYPED_TEST(MemoryOf, sends_the_same_for_a_kind_that_fuses_and_one_that_does_not) {
  using T = TypeParam;
  constexpr std::uint32_t kDim = 5003;
  for (const Kind& kind : kCatalog.kinds()) {
    const auto sparsifier = made<T>(spec_of(kind), kDim);
    const Chooser<T> chooser(made<T>(spec_of(kind), kDim));
    Memory<T> memory(kDim);
    Memory<T> other(kDim);
    std::vector<T> naive(kDim);
    for (std::uint64_t round = 0; round < 40; ++round) {
      std::vector<T> gradient = normal_gradient<T>(kDim, round);
      gradient[7] = round == 20 ? std::numeric_limits<T>::infinity() : gradient[7];
      gradient[9] = round == 22 ? -std::numeric_limits<T>::quiet_NaN() : gradient[9];
      const auto sent = memory.send(gradient, T(0.7), *sparsifier, round);
      sent.check(kDim);
      ASSERT_NO_FATAL_FAILURE(expect_same(sent, other.send(gradient, T(0.7), chooser, round), kind.name));
      naive_add(naive, gradient, T(0.7));
      sent.for_each([&](std::uint32_t i, T value) { naive[i] -= value; });
      ASSERT_NO_FATAL_FAILURE(expect_same_bits<T>(memory.kept(), other.kept(), kind.name));
      ASSERT_NO_FATAL_FAILURE(expect_same_bits<T>(memory.kept(), naive, kind.name));
    }
  }
}

// Small integers add up without rounding: what was sent and what is kept is what was given.
TYPED_TEST(MemoryOf, loses_nothing) {
  using T = TypeParam;
  constexpr std::uint32_t kDim = 5003;
  for (const Kind& kind : kCatalog.kinds()) {
    const auto sparsifier = made<T>(spec_of(kind), kDim);
    const Sixteenths<T> rounder(made<T>(spec_of(kind), kDim));
    const Sparsifier<T>* const both[] = {sparsifier.get(), &rounder};
    for (const Sparsifier<T>* each : both) {
      Memory<T> memory(kDim);
      Rng rng(test::seed(), 0, 1, Purpose::kInit);
      std::vector<T> given(kDim);
      std::vector<T> sum(kDim);
      for (std::uint64_t round = 0; round < 30; ++round) {
        std::vector<T> gradient(kDim);
        for (T& g : gradient) g = static_cast<T>(rng.below(201)) - 100;
        for (std::size_t i = 0; i < kDim; ++i) given[i] += gradient[i] / 32;
        memory.send(gradient, T{1} / 32, *each, round).add_to(sum, T{1});
        for (std::size_t i = 0; i < kDim; ++i) ASSERT_EQ(sum[i] + memory.kept()[i], given[i]) << kind.name;
      }
    }
  }
}

TYPED_TEST(MemoryOf, keeps_what_rounding_took_away) {
  using T = TypeParam;
  constexpr std::uint32_t kDim = 5003;
  for (const Kind& kind : kCatalog.kinds()) {
    const auto fused = make_rounded(made<T>(spec_of(kind), kDim), ValueCodec::kQ8, test::seed(), 1);
    const Chooser<T> plain(make_rounded(made<T>(spec_of(kind), kDim), ValueCodec::kQ8, test::seed(), 1));
    Memory<T> memory(kDim);
    Memory<T> other(kDim);
    for (std::uint64_t round = 0; round < 20; ++round) {
      const auto gradient = normal_gradient<T>(kDim, round);
      const auto sent = memory.send(gradient, T(0.7), plain, round);
      ASSERT_NO_FATAL_FAILURE(expect_same(other.send(gradient, T(0.7), *fused, round), sent, kind.name));
      ASSERT_NO_FATAL_FAILURE(expect_same_bits<T>(other.kept(), memory.kept(), kind.name));
    }
  }
}

// The restarted worker's sparsifier knows no round before.
TYPED_TEST(MemoryOf, goes_on_from_what_was_saved) {
  using T = TypeParam;
  constexpr std::uint32_t kDim = 5003;
  for (const Kind& kind : kCatalog.kinds()) {
    const auto sparsifier = made<T>(spec_of(kind), kDim);
    Memory<T> memory(kDim);
    for (std::uint64_t round = 0; round < 15; ++round) {
      memory.send(normal_gradient<T>(kDim, round), T(0.3), *sparsifier, round);
    }
    Packer packer;
    memory.save(packer);
    Unpacker unpacker(packer.finish());
    Memory<T> restarted(kDim);
    restarted.restore(unpacker);
    unpacker.expect_end();
    const auto anew = made<T>(spec_of(kind), kDim);
    for (std::uint64_t round = 15; round < 30; ++round) {
      const auto gradient = normal_gradient<T>(kDim, round);
      const auto expected = memory.send(gradient, T(0.3), *sparsifier, round);
      ASSERT_NO_FATAL_FAILURE(
          expect_same(restarted.send(gradient, T(0.3), *anew, round), expected, kind.name));
      ASSERT_NO_FATAL_FAILURE(expect_same_bits<T>(restarted.kept(), memory.kept(), kind.name));
    }
  }
}

TYPED_TEST(MemoryOf, restores_no_other_dimension) {
  Memory<TypeParam> memory(4);
  const auto sparsifier = kCatalog.make<TypeParam>({.kind = "top-k", .density = 0.25}, 4, 1, 0, 0);
  const std::vector<TypeParam> gradient{1, 2, 3, 4};
  memory.send(gradient, 1, *sparsifier, 0);
  for (const std::size_t size : {0, 3, 5}) {
    Packer packer;
    pack(packer, std::vector<TypeParam>(size));
    Unpacker unpacker(packer.finish());
    EXPECT_THROW(memory.restore(unpacker), DecodeError);
    EXPECT_THAT(memory.kept(), ElementsAre(1, 2, 3, 0));
  }
}

TYPED_TEST(MemoryOf, shows_for_good_what_is_not_finite) {
  using T = TypeParam;
  Memory<T> memory(3000);
  const auto sparsifier = kCatalog.make<T>({.kind = "top-k", .density = 0.001}, 3000, 1, 0, 0);
  std::vector<T> gradient(3000, 1);
  gradient[1234] = -std::numeric_limits<T>::infinity();
  EXPECT_EQ(memory.send(gradient, 1, *sparsifier, 0).first_non_finite(), 1234U);
  gradient[1234] = 1;
  EXPECT_EQ(memory.send(gradient, 1, *sparsifier, 1).first_non_finite(), 1234U);
  EXPECT_TRUE(std::isnan(memory.kept()[1234]));
}

TYPED_TEST(MemoryOf, adds_a_gradient_as_written) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 2, Purpose::kInit);
  for (const std::size_t size : {0, 1, 15, 31, 2049, 4101}) {
    for (const Data<T>& data : hard_cases<T>(size, rng)) {
      for (const T scale : {T(-0.3), std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::max()}) {
        std::vector<T> kept = data.values;
        std::reverse(kept.begin(), kept.end());
        std::vector<T> expected = kept;
        naive_add(expected, data.values, scale);
        add_gradient(std::span(kept), std::span<const T>(data.values), scale);
        ASSERT_NO_FATAL_FAILURE(expect_same_bits<T>(kept, expected, data.name));
      }
    }
  }
}

}  // namespace
}  // namespace wisp::sparse
