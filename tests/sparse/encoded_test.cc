#include "sparse/encoded.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pack.h"
#include "base/rng.h"
#include "sparse/index_codec.h"
#include "sparse/rounded.h"
#include "sparse/sparsifier.h"
#include "tests/support/seed.h"

namespace wisp::sparse {
namespace {

using testing::HasSubstr;

constexpr DrawKey kSender{.seed = 11, .worker = 3, .round = 40};
constexpr IndexChoice kChoices[] = {IndexChoice::kAuto, IndexChoice::kRaw, IndexChoice::kRice,
                                    IndexChoice::kBitmap, IndexChoice::kSeeded};

const Catalog& catalog() {
  static const Catalog catalog;
  return catalog;
}

template <class T>
std::vector<T> normal(Rng& rng, std::uint32_t dim) {
  std::vector<T> values(dim);
  for (T& each : values) each = static_cast<T>(rng.normal());
  return values;
}

// What the sparsifier `kind` chooses of a vector in R^dim, rounded to `codec`.
template <class T>
Vector<T> chosen(const char* kind, ValueCodec codec, std::uint32_t dim) {
  SparsifierSpec spec{.kind = kind};
  if (spec.kind == "threshold") spec.settings.set("threshold", 0.5);
  if (spec.kind == "bernoulli" || spec.kind == "random-k" || spec.kind == "top-k") spec.density = 0.2;
  if (spec.kind == "random-blocks") spec.blocks = 7;
  Rng rng(test::seed(), 0, dim, Purpose::kInit);
  auto chooser = catalog().make<T>(spec, dim, 4, kSender.seed, kSender.worker);
  if (codec != native_codec<T>()) {
    chooser = make_rounded(std::move(chooser), codec, kSender.seed, kSender.worker);
  }
  return chooser->select(normal<T>(rng, dim), kSender.round);
}

// Over the wire: packed, and decoded with all instructions.
template <class T>
Vector<T> received(const Encoded& encoded, std::uint32_t dim) {
  const auto unpacked = unpack<Encoded>(pack(encoded));
  Vector<T> first;
  decode(unpacked, dim, kSender, first, Instructions::kPortable);
  for (const Instructions each : available_instructions()) {
    Vector<T> vector = Vector<T>::all({1, 2, 3});  // whatever was there before is gone
    decode(unpacked, dim, kSender, vector, each);
    EXPECT_EQ(vector, first) << to_string(each);
  }
  return first;
}

template <class T>
class EncodedTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(EncodedTest, Scalars);

TYPED_TEST(EncodedTest, gives_back_what_every_sparsifier_chose_in_every_form) {
  for (const Kind& kind : catalog().kinds()) {
    for (const ValueCodec codec : kValueCodecs) {
      if (codec == ValueCodec::kFloat64 && sizeof(TypeParam) == sizeof(float)) continue;
      for (const std::uint32_t dim : {1U, 2U, 17U, 511U, 513U, 3000U}) {
        const auto vector = chosen<TypeParam>(kind.name.c_str(), codec, dim);
        vector.check(dim);
        for (const IndexChoice choice : kChoices) {
          if (choice == IndexChoice::kSeeded && !vector.drawn) continue;
          const Encoded encoded = encode(vector, choice);
          ASSERT_EQ(received<TypeParam>(encoded, dim), vector)
              << kind.name << " " << to_string(codec) << " d " << dim << " choice " << int(choice);
          ASSERT_EQ(payload_bytes(vector, choice), encoded.payload_bytes());
        }
      }
    }
  }
}

TEST(Encoded, all_values_are_encoded_where_they_lie) {
  Rng rng(test::seed(), 0, 0, Purpose::kInit);
  for (const std::uint32_t dim : {1U, 7U, 5000U}) {
    const std::vector<double> values = normal<double>(rng, dim);
    const Bytes packed = pack(encode_all<double>(Bytes::copy(std::as_bytes(std::span(values)))));
    const Bytes expected = pack(encode(Vector<double>::all(values)));
    EXPECT_TRUE(std::equal(packed.span().begin(), packed.span().end(), expected.span().begin(),
                           expected.span().end()));
  }
}

TEST(Encoded, drawn_numbers_take_no_bytes) {
  for (const char* kind : {"random-k", "random-blocks"}) {
    const auto vector = chosen<float>(kind, ValueCodec::kFloat32, 1000);
    EXPECT_EQ(encode(vector).payload_bytes(), 4 * vector.nnz()) << kind;
  }
  const auto bernoulli = chosen<float>("bernoulli", ValueCodec::kFloat32, 1000);
  EXPECT_EQ(encode(bernoulli).payload_bytes(), 4 + 4 * bernoulli.nnz());
}

TEST(Encoded, another_sender_has_drawn_other_numbers) {
  const auto vector = chosen<double>("random-k", ValueCodec::kFloat64, 1000);
  const Encoded encoded = encode(vector);
  for (const DrawKey other : {DrawKey{12, 3, 40}, DrawKey{11, 2, 40}, DrawKey{11, 3, 41}}) {
    Vector<double> decoded;
    decode(encoded, 1000, other, decoded);
    EXPECT_NE(decoded.numbers, vector.numbers);
  }
}

TEST(Encoded, counts_what_the_mathematics_sends) {
  const std::vector<double> dense{1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(encode(Vector<double>::all(dense)).payload_bytes(), 7 * 8U);
  const auto blocks = Vector<double>::restricted(dense, Partition(7, 3), {0, 2});
  EXPECT_EQ(encode(blocks, IndexChoice::kRaw).payload_bytes(), 5 * 8U + 2 * 4U);
  const auto indices = Vector<double>::at(dense, {1, 4});
  EXPECT_EQ(encode(indices, IndexChoice::kRaw).payload_bytes(), 2 * 8U + 2 * 4U);
  EXPECT_EQ(encode(indices).payload_bytes(), 2 * 8U + 1U);  // a bitmap
  EXPECT_EQ(encode(Vector<double>::at(dense, {})).payload_bytes(), 0U);
}

TEST(Encoded, values_of_one_scalar_are_read_as_another) {
  Vector<double> wide;
  decode(encode(Vector<float>::all({1, -2, 0.5F})), 3, kSender, wide);
  EXPECT_EQ(wide, Vector<double>::all({1, -2, 0.5}));
}

TEST(Encoded, what_is_not_finite_arrives) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Vector<double> decoded;
  decode(encode(Vector<double>::all({1, nan})), 2, kSender, decoded);
  EXPECT_EQ(decoded.first_non_finite(), 1U);
}

std::string complaint(const Encoded& encoded, std::uint32_t dim) {
  Vector<double> vector;
  try {
    decode(encoded, dim, kSender, vector);
  } catch (const DecodeError& error) {
    return error.what();
  }
  vector.check(dim);
  return "";
}

// What is wrong with a well-formed one after `change`.
std::string complaint_after(const std::function<void(Encoded&)>& change, Encoded encoded) {
  const std::uint32_t dim = encoded.dim;
  change(encoded);
  return complaint(encoded, dim);
}

TEST(Encoded, decode_names_what_is_wrong) {
  const std::vector<double> dense{1, 2, 3, 4, 5, 6, 7};
  const Encoded all = encode(Vector<double>::all(dense));
  const Encoded blocks = encode(Vector<double>::restricted(dense, Partition(7, 3), {0, 2}));
  const Encoded indices = encode(Vector<double>::at(dense, {1, 4}), IndexChoice::kRaw);
  const auto eight = [](Encoded& e) { e.values = Bytes::copy(std::vector<std::byte>(8)); };
  EXPECT_EQ(complaint(all, 7), "");
  EXPECT_THAT(complaint(all, 6), HasSubstr("dimension 7, expected 6"));
  EXPECT_THAT(complaint(Encoded(), 0), HasSubstr("dimension 0"));
  EXPECT_THAT(complaint_after(eight, all), HasSubstr("8 bytes of values, expected 56"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.count = 1; }, all), HasSubstr("a list of them"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.blocks = 2; }, all),
              HasSubstr("2 blocks where there are none"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.blocks = 0; }, blocks), HasSubstr("0 blocks of 7"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.blocks = 8; }, blocks), HasSubstr("8 blocks of 7"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.count = 4; }, blocks), HasSubstr("4 of 3 blocks"));
  EXPECT_THAT(complaint_after(eight, blocks), HasSubstr("8 bytes of values, expected 16"));
  EXPECT_THAT(
      complaint_after([](Encoded& e) { e.values = Bytes::copy(std::vector<std::byte>(4 * 8)); }, blocks),
      HasSubstr("32 bytes of 5 values, expected 40"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.count = 8; }, indices), HasSubstr("8 of 7 coordinates"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.numbers = {}; }, indices), HasSubstr("no codec"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.codec = ValueCodec{8}; }, indices),
              HasSubstr("codec of values 8"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.support = Support{3}; }, indices), HasSubstr("support 3"));
  EXPECT_THAT(complaint_after([](Encoded& e) { e.codec = ValueCodec::kFloat32; }, indices),
              HasSubstr("16 bytes of 2 values, expected 8"));
}

// Few indices and many, of few bits and many: packing copies nothing that is large.
TEST(Encoded, is_packed_without_copying_its_blobs) {
  for (const std::uint32_t k : {1000U, 5000U, 50'000U}) {
    for (const IndexChoice indices : {IndexChoice::kRaw, IndexChoice::kRice}) {
      std::vector<std::uint32_t> numbers(k);
      for (std::uint32_t i = 0; i < k; ++i) numbers[i] = 3 * i;
      Rng rng(test::seed(), 0, k, Purpose::kInit);
      const auto vector = Vector<double>::at(normal<double>(rng, 200'000), std::move(numbers));
      const Encoded encoded = encode(vector, indices);
      const Packed packed = pack_parts(encoded);
      EXPECT_LT(packed.head.size(), Bytes::kLarge + 40);
      EXPECT_EQ(packed.tail.data() + packed.tail.size(), encoded.values.data() + encoded.values.size());
      const std::optional<Bytes> whole = packed.tail.prepend(packed.head.span());
      ASSERT_TRUE(whole) << "there is room for the head";
      Vector<double> back;
      decode(unpack<Encoded>(*whole), vector.dim, kSender, back);
      EXPECT_EQ(back, vector);
    }
  }
}

// Four billion coordinates, of which nothing came.
TEST(Encoded, sizes_that_nothing_stands_behind_are_refused) {
  for (const Support support : {Support::kAll, Support::kBlocks, Support::kIndices}) {
    for (const ValueCodec codec : kValueCodecs) {
      for (const IndexCodec numbers :
           {IndexCodec::kRaw, IndexCodec::kGaps, IndexCodec::kRice, IndexCodec::kBitmap, IndexCodec::kSubset,
            IndexCodec::kStratified, IndexCodec::kBernoulli}) {
        Encoded bomb;
        bomb.dim = UINT32_MAX;
        bomb.support = support;
        bomb.blocks = support == Support::kBlocks ? UINT32_MAX : 0;
        bomb.count = support == Support::kAll ? 0 : UINT32_MAX;
        bomb.codec = codec;
        if (support != Support::kAll) {
          bomb.numbers = Bytes::copy(std::vector<std::byte>{static_cast<std::byte>(numbers)});
        }
        bomb.values = Bytes::copy(std::vector<std::byte>(100));
        EXPECT_THAT(complaint(bomb, UINT32_MAX), HasSubstr("100 bytes of values, expected "));
      }
    }
  }
}

// Bytes that were cut, lengthened or changed: refused, or a vector that check() finds right.
TEST(Encoded, whatever_arrives_is_refused_or_well_formed) {
  Rng rng(test::seed(), 0, 1, Purpose::kInit);
  for (const Kind& kind : catalog().kinds()) {
    for (const ValueCodec codec : kValueCodecs) {
      const Bytes good = pack(encode(chosen<double>(kind.name.c_str(), codec, 50)));
      for (int i = 0; i < 300; ++i) {
        std::vector<std::byte> bytes(good.span().begin(), good.span().end());
        if (i % 3 == 0) bytes.resize(rng.below(static_cast<std::uint32_t>(bytes.size())));
        if (i % 3 == 1) bytes.resize(bytes.size() + 1 + rng.below(9));
        if (i % 3 == 2) {
          bytes[rng.below(static_cast<std::uint32_t>(bytes.size()))] ^=
              static_cast<std::byte>(1U << rng.below(8));
        }
        try {
          (void)complaint(unpack<Encoded>(Bytes(std::move(bytes))), 50);
          ASSERT_EQ(i % 3, 2) << "cut or lengthened, and taken";
        } catch (const DecodeError&) {  // of unpack()
        }
      }
    }
  }
}

}  // namespace
}  // namespace wisp::sparse
