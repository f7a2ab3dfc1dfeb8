// Both ends of the way down, without actors: whatever is shown and whatever is lost, a worker that takes a
// message has what the encoder says it has.
#include "actors/down_link.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pack.h"
#include "base/rng.h"
#include "tests/support/seed.h"

namespace wisp::actors {
namespace {

using Kind = DownPlan::Kind;
using Bases = DownPlan::Bases;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

DownPlan plan_of(Kind kind, Bases bases = Bases::kCommon, std::uint32_t chosen = 0) {
  DownPlan plan;
  plan.kind = kind;
  plan.bases = bases;
  plan.chosen = chosen;
  return plan;
}

template <class T>
bool same_bits(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

// As it would come out of a frame.
template <class T>
Model<T> travelled(const Model<T>& model) {
  return unpack<Model<T>>(pack(model));
}

std::vector<std::byte> packed(const Model<double>& model) {
  const Bytes bytes = pack(model);
  return {bytes.span().begin(), bytes.span().end()};
}

struct Case {
  Kind kind;
  Bases bases;
};

template <class T>
class Story {
 public:
  Story(DownPlan plan, std::uint32_t dim, std::uint32_t workers, std::uint64_t seed)
      : rng_(seed, dim, workers, Purpose::kInit), iterate_(dim), encoder_(plan, dim, workers) {
    for (std::uint32_t i = 0; i < workers; ++i) decoders_.emplace_back(dim);
  }

  // A step of some kind: of nothing, of few coordinates, of all, to what is no number.
  void step() {
    const auto dim = static_cast<std::uint32_t>(iterate_.size());
    const std::uint32_t few = rng_.below(2) == 0 ? 4 : 1 + dim / 4;
    const std::uint32_t moves = rng_.below(6) == 0 ? dim : rng_.below(few);
    std::set<std::uint32_t> touched;
    for (std::uint32_t i = 0; i < moves; ++i) {
      const std::uint32_t coordinate = moves == dim ? i : rng_.below(dim);
      touched.insert(coordinate);
      if (rng_.below(5) == 0) continue;  // touched, and left as it was
      T& value = iterate_[coordinate];
      value = rng_.below(20) == 0 ? -value : static_cast<T>(rng_.normal());
      if (rng_.below(50) == 0) value = static_cast<T>(kNan);
    }
    if (rng_.below(2) == 0) return encoder_.show(iterate_);
    encoder_.show(iterate_, std::vector<std::uint32_t>(touched.begin(), touched.end()));
  }

  void send(std::uint32_t worker, std::uint64_t round) {
    Model<T> model = encoder_.to(worker, round);
    ModelDecoder<T>& decoder = decoders_[worker];
    const auto dim = static_cast<std::uint32_t>(iterate_.size());
    if (rng_.below(20) == 0) decoder = ModelDecoder<T>(dim);  // it was restarted
    if (rng_.below(20) == 0) return;                          // never arrives
    const std::vector<T> before(decoder.model().begin(), decoder.model().end());
    if (!decoder.take(travelled(model))) {
      EXPECT_TRUE(same_bits<T>(decoder.model(), before)) << "nothing is taken of what is refused";
      encoder_.lost(worker);
      model = encoder_.to(worker, round);
      EXPECT_EQ(model.base, 0u) << "whole";
      ASSERT_TRUE(decoder.take(travelled(model)));
    }
    EXPECT_EQ(model.round, round);
    EXPECT_EQ(decoder.version(), encoder_.version());
    EXPECT_TRUE(same_bits<T>(decoder.model(), encoder_.shown()));
    EXPECT_TRUE(!encoder_.is_exact() || same_bits<T>(decoder.model(), std::span<const T>(iterate_)));
  }

  Rng& rng() { return rng_; }

 private:
  Rng rng_;
  std::vector<T> iterate_;
  ModelEncoder<T> encoder_;
  std::vector<ModelDecoder<T>> decoders_;
};

template <class T>
void tell_stories(Kind kind, Bases bases) {
  const std::uint64_t seed = wisp::test::seed();
  for (const std::uint32_t dim : {1u, 2u, 63u, 64u, 65u, 1000u}) {
    for (const std::uint32_t workers : {1u, 2u, 7u}) {
      Story<T> story(plan_of(kind, bases, 1 + dim / 5), dim, workers, seed + dim);
      for (std::uint64_t round = 0; round < 60; ++round) {
        story.step();
        for (std::uint32_t i = 0; i < workers; ++i) {
          if (bases == Bases::kCommon || story.rng().below(3) == 0) story.send(i, round);
        }
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

class DownLink : public testing::TestWithParam<Case> {};

TEST_P(DownLink, whoever_takes_a_message_has_what_was_shown) {
  tell_stories<double>(GetParam().kind, GetParam().bases);
  tell_stories<float>(GetParam().kind, GetParam().bases);
}

INSTANTIATE_TEST_SUITE_P(Kinds, DownLink,
                         testing::Values(Case{Kind::kDense, Bases::kCommon}, Case{Kind::kDense, Bases::kEach},
                                         Case{Kind::kDelta, Bases::kCommon}, Case{Kind::kDelta, Bases::kEach},
                                         Case{Kind::kSparse, Bases::kCommon},
                                         Case{Kind::kSparse, Bases::kEach}));

std::vector<double> counting(std::size_t size) {
  std::vector<double> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<double>(i);
  return values;
}

TEST(ModelEncoder, sends_what_has_changed_if_that_is_less) {
  ModelEncoder<double> encoder(plan_of(Kind::kDelta), 1000, 2);
  std::vector<double> x = counting(1000);
  encoder.show(x);
  const Model<double> first = encoder.to_all(0);
  EXPECT_EQ(first.base, 0u);
  EXPECT_EQ(first.version, 1u);
  EXPECT_EQ(first.vector.payload_bytes(), 8000u);
  x[17] = -1;
  x[500] = 0.5;
  encoder.show(x);
  const Model<double> second = encoder.to_all(1);
  EXPECT_EQ(second.base, 1u);
  EXPECT_EQ(second.vector.count, 2u);
  EXPECT_EQ(second.vector.values.size(), 16u);
  EXPECT_LT(second.vector.payload_bytes(), 24u);
  for (double& each : x) each += 1;
  encoder.show(x);
  const Model<double> third = encoder.to_all(2);
  EXPECT_EQ(third.base, 0u) << "all of it, without a list";
  EXPECT_EQ(third.vector.payload_bytes(), 8000u);
}

TEST(ModelEncoder, sends_one_version_once) {
  for (const Kind kind : {Kind::kDense, Kind::kDelta, Kind::kSparse}) {
    ModelEncoder<double> encoder(plan_of(kind, Bases::kCommon, 3), 10, 2);
    encoder.show(counting(10));
    EXPECT_EQ(encoder.to_all(0).vector.payload_bytes(), 80u);
    const Model<double> again = encoder.to_all(0);
    EXPECT_EQ(again.base, again.version);
    EXPECT_EQ(again.vector.payload_bytes(), 0u);
  }
}

TEST(ModelEncoder, packs_a_common_model_once) {
  ModelEncoder<double> encoder(plan_of(Kind::kDense), 1000, 2);
  encoder.show(counting(1000));
  const Model<double> one = encoder.to(0, 0);
  const Model<double> other = encoder.to(1, 0);
  EXPECT_EQ(one.vector.values.data(), other.vector.values.data()) << "one memory";
}

TEST(ModelEncoder, tells_bits_apart_that_compare_equal) {
  ModelEncoder<double> encoder(plan_of(Kind::kDelta), 70, 1);
  ModelDecoder<double> decoder(70);
  std::vector<double> x(70, 0.0);
  x[3] = kNan;
  encoder.show(x);
  ASSERT_TRUE(decoder.take(encoder.to_all(0)));
  x[69] = -0.0;
  encoder.show(x);
  const Model<double> change = encoder.to_all(1);
  EXPECT_EQ(change.vector.count, 1u) << "of the -0 alone";
  ASSERT_TRUE(decoder.take(change));
  EXPECT_TRUE(std::signbit(decoder.model()[69]));
}

TEST(ModelEncoder, knows_what_each_worker_of_an_asynchronous_run_lacks) {
  ModelEncoder<double> encoder(plan_of(Kind::kDelta, Bases::kEach), 100, 3);
  std::vector<double> x(100, 0.0);
  encoder.show(x);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(encoder.to(i, 0).base, 0u);
  for (std::uint32_t step = 0; step < 5; ++step) {
    x[10 * step] = 1;
    encoder.show(x);
    if (step == 1) {
      EXPECT_EQ(encoder.to(1, 1).vector.count, 2u);
    }
  }
  EXPECT_EQ(encoder.to(0, 1).vector.count, 5u);
  EXPECT_EQ(encoder.to(1, 2).vector.count, 3u);
  EXPECT_EQ(encoder.to(1, 3).vector.count, 0u);
}

// The same messages, whether it is told where to look or has to look everywhere.
TEST(ModelEncoder, finds_what_has_changed_where_it_is_told_to_look) {
  ModelEncoder<double> told(plan_of(Kind::kDelta, Bases::kEach), 1000, 4);
  ModelEncoder<double> looks(plan_of(Kind::kDelta, Bases::kEach), 1000, 4);
  std::vector<double> x(1000, 0.0);
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kInit);
  told.show(x);
  looks.show(x);
  for (std::uint32_t round = 0; round < 200; ++round) {
    const std::uint32_t at = rng.below(1000 - 3);
    x[at + 1] = rng.normal();
    told.show(x, std::vector<std::uint32_t>{at, at + 1, at + 2});
    looks.show(x);
    const std::uint32_t worker = rng.below(round < 100 ? 4 : 3);  // the last one falls far behind
    EXPECT_EQ(packed(told.to(worker, round)), packed(looks.to(worker, round)));
  }
  EXPECT_EQ(packed(told.to(3, 200)), packed(looks.to(3, 200)));
}

// Without making it: about what the message itself would take.
TEST(ModelEncoder, weighs_what_only_simulated_workers_are_sent) {
  DownPlan plan = plan_of(Kind::kDelta, Bases::kEach);
  ModelEncoder<double> encoder(plan, 1000, 4);
  plan.weighs = true;
  ModelEncoder<double> weighs(plan, 1000, 4);
  std::vector<double> x(1000, 0.0);
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kInit);
  for (std::uint32_t round = 0; round < 3000; ++round) {
    std::set<std::uint32_t> touched;
    while (touched.size() < 5) touched.insert(rng.below(1000));
    for (const std::uint32_t at : touched) x[at] = rng.normal();
    encoder.show(x);
    weighs.let_go();
    weighs.show(x, std::vector<std::uint32_t>(touched.begin(), touched.end()));
    const std::uint32_t worker = rng.below(round < 1000 ? 4 : 3);  // the last one falls far behind
    const Model<double> model = weighs.to(worker, round);
    EXPECT_TRUE(model.vector.values.empty());
    EXPECT_EQ(model.shared.size(), 1000u);
    const auto exact = static_cast<double>(encoder.to(worker, round).payload_bytes());
    EXPECT_NEAR(static_cast<double>(model.payload_bytes()), exact, 8 + 0.05 * exact) << round;
  }
  EXPECT_EQ(weighs.to(3, 3000).payload_bytes(), 8000u);
}

// The memory is x - w: what is left behind is not lost, and arrives in the end.
TEST(ModelEncoder, sparse_sends_the_coordinates_that_lag_most_and_keeps_the_rest) {
  ModelEncoder<double> encoder(plan_of(Kind::kSparse, Bases::kCommon, 2), 5, 1);
  std::vector<double> x(5, 0.0);
  encoder.show(x);
  (void)encoder.to_all(0);
  x = {1, -5, 3, 0.5, 0};
  encoder.show(x);
  EXPECT_THAT(std::span<const double>(encoder.shown()), testing::ElementsAre(0, -5, 3, 0, 0));
  EXPECT_EQ(encoder.to_all(1).vector.count, 2u);
  encoder.show(x);
  EXPECT_THAT(std::span<const double>(encoder.shown()), testing::ElementsAre(1, -5, 3, 0.5, 0));
  EXPECT_EQ(encoder.to_all(2).vector.count, 2u);
  encoder.show(x);
  EXPECT_EQ(encoder.to_all(3).vector.count, 0u) << "nothing lags any more";
  EXPECT_FALSE(encoder.is_exact());
}

// What is sent within a process is one memory, and nobody keeps it from being written to.
TEST(ModelEncoder, shares_whole_models_with_workers_of_its_process) {
  for (const Kind kind : {Kind::kDense, Kind::kDelta, Kind::kSparse}) {
    ModelEncoder<double> encoder(plan_of(kind, Bases::kEach, 3), 10, 2);
    ModelDecoder<double> decoder(10);
    Iterate<double> x(counting(10));
    for (std::uint64_t round = 0; round < 3; ++round) {
      encoder.show(x);
      ASSERT_TRUE(decoder.take(encoder.to(0, round)));
      EXPECT_EQ(decoder.model().data(), encoder.shown().data());
      EXPECT_EQ(decoder.version(), encoder.version());
      decoder.let_go();
      encoder.let_go();
      const double* lies_at = x.data();
      x.write()[round] = -1;
      EXPECT_TRUE(x.data() == lies_at || (kind != Kind::kDense && round == 0));
    }
  }
}

TEST(ModelEncoder, shares_nothing_if_it_is_told_to) {
  DownPlan plan = plan_of(Kind::kDelta);
  plan.shares = false;
  ModelEncoder<double> encoder(plan, 10, 1);
  encoder.show(counting(10));
  EXPECT_EQ(encoder.to_all(0).shared.size(), 0u);
}

TEST(ModelDecoder, lacks_what_it_has_let_go) {
  ModelEncoder<double> encoder(plan_of(Kind::kDelta), 10, 1);
  ModelDecoder<double> decoder(10);
  encoder.show(counting(10));
  ASSERT_TRUE(decoder.take(encoder.to(0, 0)));
  decoder.let_go();
  EXPECT_FALSE(decoder.take(travelled(encoder.to(0, 0)))) << "the number of what it had is no model";
  encoder.lost(0);
  ASSERT_TRUE(decoder.take(travelled(encoder.to(0, 0))));
  decoder.let_go();
  EXPECT_TRUE(decoder.take(travelled(encoder.to(0, 0)))) << "what came from elsewhere is its own";
  EXPECT_TRUE(same_bits<double>(decoder.model(), encoder.shown()));
}

TEST(ModelDecoder, refuses_what_is_no_model) {
  ModelDecoder<double> decoder(4);
  const std::vector<double> x = {1, 2, 3, 4};
  Model<double> model(0, x);
  ASSERT_TRUE(decoder.take(model));
  EXPECT_EQ(decoder.version(), 0u);
  Model<double> change = model;
  change.shared = {};
  change.vector = sparse::encode(sparse::Vector<double>::at(x, {1}));
  EXPECT_THROW(decoder.take(change), DecodeError) << "whole, but for some";
  change.version = 2;
  change.base = 1;
  EXPECT_FALSE(decoder.take(change)) << "what has no version is no base";
  const std::vector<double> narrow = {1, 2, 3};
  EXPECT_THROW(decoder.take(Model<double>(0, narrow)), DecodeError);
  EXPECT_THAT(decoder.model(), testing::ElementsAre(1, 2, 3, 4));
}

TEST(DownPlan, is_what_the_job_says) {
  optim::BroadcastSpec broadcast;
  broadcast.kind = "dense";
  EXPECT_EQ(down_plan(broadcast, 100, 4, Bases::kCommon).kind, Kind::kDense);
  broadcast.kind = "delta";
  EXPECT_EQ(down_plan(broadcast, 100, 4, Bases::kEach).kind, Kind::kDelta);
  EXPECT_EQ(down_plan(broadcast, 100, 4, Bases::kEach).bases, Bases::kEach);
  broadcast.kind = "sparse";
  EXPECT_EQ(down_plan(broadcast, 100, 4, Bases::kCommon).chosen, 25u);
  broadcast.density = 1e-9;
  EXPECT_EQ(down_plan(broadcast, 100, 4, Bases::kCommon).chosen, 1u);
}

}  // namespace
}  // namespace wisp::actors
