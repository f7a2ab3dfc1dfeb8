#include "sparse/received.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pack.h"
#include "base/rng.h"
#include "tests/support/same_bits.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using testing::HasSubstr;

constexpr std::uint32_t kDim = 3000;
constexpr DrawKey kSender{.seed = 11, .worker = 3, .round = 40};

template <class T>
std::vector<T> normal(Rng& rng, std::uint32_t dim) {
  std::vector<T> values(dim);
  for (T& each : values) each = static_cast<T>(rng.normal());
  return values;
}

// One of each support.
template <class T>
std::vector<Vector<T>> vectors(Rng& rng) {
  const std::vector<T> dense = normal<T>(rng, kDim);
  std::vector<std::uint32_t> indices(700), blocks(9);
  rng.sample_without_replacement(kDim, indices);
  rng.sample_without_replacement(20, blocks);
  return {Vector<T>::all(dense), Vector<T>::at(dense, indices), Vector<T>::at(dense, {}),
          Vector<T>::restricted(dense, Partition(kDim, 20), blocks)};
}

// The same message at another address of a frame: blobs begin anywhere.
Encoded moved(Encoded encoded, std::size_t by) {
  const auto move = [by](const Bytes& bytes) {
    std::vector<std::byte> frame(by + bytes.size());
    std::copy(bytes.span().begin(), bytes.span().end(), frame.begin() + static_cast<std::ptrdiff_t>(by));
    return Bytes(std::move(frame)).slice(by, bytes.size());
  };
  encoded.numbers = move(encoded.numbers);
  encoded.values = move(encoded.values);
  return encoded;
}

template <class T>
class ReceivedTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ReceivedTest, Scalars);

TYPED_TEST(ReceivedTest, adds_as_the_vector_does_from_any_address) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 0, Purpose::kData);
  for (const Vector<T>& vector : vectors<T>(rng)) {
    for (const IndexChoice indices : {IndexChoice::kRaw, IndexChoice::kRice, IndexChoice::kBitmap}) {
      for (std::size_t by = 0; by < 9; ++by) {
        std::vector<T> y = normal<T>(rng, kDim), want = y;
        vector.for_each([&](std::uint32_t at, T value) { want[at] += T(0.7) * value; });
        Received<T> update;
        update.take(moved(encode(vector, indices), by), kDim, kSender);
        update.view().add_to(y, T(0.7));
        test::expect_same_bits(y, want);
        EXPECT_EQ(update.vector(), vector);
      }
    }
  }
}

TYPED_TEST(ReceivedTest, refers_to_a_vector_that_never_travelled) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 3, Purpose::kData);
  Received<T> update;
  for (const Vector<T>& vector : vectors<T>(rng)) {
    update.take(encode(vectors<T>(rng).front()), kDim, kSender);
    update.refer(vector);
    EXPECT_EQ(update.view().values.bytes().data(), std::as_bytes(std::span(vector.values)).data());
    EXPECT_EQ(update.vector(), vector);
  }
}

// What is in its place already is copied by nobody.
TYPED_TEST(ReceivedTest, leaves_raw_indices_and_values_in_the_frame) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 1, Purpose::kData);
  const std::vector<Vector<T>> all = vectors<T>(rng);
  const Encoded raw = encode(all[1], IndexChoice::kRaw), rice = encode(all[1], IndexChoice::kRice);
  Received<T> update;
  update.take(raw, kDim, kSender);
  EXPECT_EQ(update.view().numbers.bytes().data(), raw.numbers.data() + 1);
  EXPECT_EQ(update.view().values.bytes().data(), raw.values.data());
  update.take(rice, kDim, kSender);
  EXPECT_EQ(update.view().values.bytes().data(), rice.values.data());
}

// The frame lives as long as anybody looks into it; one update leaves nothing to the next.
TYPED_TEST(ReceivedTest, takes_one_update_after_the_other) {
  using T = TypeParam;
  Rng rng(test::seed(), 0, 2, Purpose::kData);
  Received<T> update;
  for (int i = 0; i < 3; ++i) {
    for (const Vector<T>& vector : vectors<T>(rng)) {
      for (const IndexChoice indices : {IndexChoice::kRaw, IndexChoice::kRice}) {
        update.take(moved(encode(vector, indices), 3), kDim, kSender);
        EXPECT_EQ(update.vector(), vector);
      }
    }
  }
}

TYPED_TEST(ReceivedTest, finds_what_is_not_finite_where_it_lies) {
  using T = TypeParam;
  for (const T wrong : {std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::infinity()}) {
    for (const std::uint32_t at : {0U, 63U, 64U, 299U}) {
      std::vector<T> dense(1000, std::numeric_limits<T>::max());
      std::vector<std::uint32_t> numbers;
      for (std::uint32_t i = 0; i < 300; ++i) numbers.push_back(3 * i);
      Received<T> update;
      update.take(moved(encode(Vector<T>::at(dense, numbers)), 1), 1000, kSender);
      EXPECT_EQ(update.view().first_non_finite(), std::nullopt);
      dense[3 * at] = wrong;
      dense[900] = wrong;  // not chosen
      update.take(moved(encode(Vector<T>::at(dense, numbers)), 1), 1000, kSender);
      EXPECT_EQ(update.view().first_non_finite(), 3 * at);
    }
  }
}

// The last index of many is wrong: nothing of it has been added by the time that this is known.
TEST(Received, refuses_a_bad_update_before_anything_is_read_of_it) {
  std::vector<double> dense(kDim, 1);
  std::vector<std::uint32_t> numbers(1000);
  for (std::uint32_t i = 0; i < 1000; ++i) numbers[i] = 2 * i;
  for (const auto& [last, why] : {std::pair{kDim, "3000 is not below 3000"},
                                  std::pair{1996U, "1996 follows 1996; they must increase strictly"}}) {
    Encoded encoded = encode(Vector<double>::at(dense, numbers), IndexChoice::kRaw);
    std::vector<std::byte> raw(encoded.numbers.span().begin(), encoded.numbers.span().end());
    std::memcpy(raw.data() + raw.size() - 4, &last, 4);
    encoded.numbers = Bytes(std::move(raw));
    for (const Instructions each : available_instructions()) {
      Received<double> update;
      try {
        update.take(encoded, kDim, kSender, each);
        ADD_FAILURE() << to_string(each);
      } catch (const DecodeError& error) {
        EXPECT_THAT(error.what(), HasSubstr(why));
      }
    }
  }
}

}  // namespace
}  // namespace wisp::sparse
