// What the master does with a worker that breaks its word.
#include "actors/round_master.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "tests/actors/cluster.h"

namespace wisp::actors {
namespace {

using test::Cluster;
using test::kHang;
using test::layout_of;
using test::Reports;
using test::small_job;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Speaks like a worker, and breaks its word as the path of its data says.
class Rogue : public runtime::Actor {
 public:
  using Constructor = void(WorkerParameters);
  explicit Rogue(WorkerParameters parameters) : trick_(std::move(parameters.source.path)) {}

  Shard set_up(std::uint32_t) {
    Shard shard;
    shard.dim = 13;
    shard.L = 1;
    return shard;
  }
  runtime::Task<std::optional<Update<double>>> step(Model<double> model) {
    if (trick_ == "silent") {
      auto nothing = runtime::Promise<std::optional<Update<double>>>().future();
      const std::optional<Update<double>> never = co_await nothing;
      co_return never;
    }
    std::vector<double> values(trick_ == "another dimension" ? 12 : 13, 1.0);
    if (trick_ == "no number") values[4] = kNan;
    Update<double> update;
    update.round = trick_ == "another round" ? model.round + 7 : model.round;
    update.vector = sparse::encode(sparse::Vector<double>::all(std::move(values)));
    const std::optional<Update<double>> answer = update;
    co_return answer;
  }
  std::optional<Evaluation> evaluate(Model<double>) {
    Evaluation found;
    found.loss = trick_ == "no loss" ? kNan : 1.0;
    return found;
  }

 private:
  const std::string trick_;
};

// Worker 1 of three is a rogue, on a node of that name; the others are honest.
class RoundMasterTest : public testing::Test {
 protected:
  RoundMasterTest() {
    runtime::register_services(registry_);
    registry_.actor<Rogue>("worker/float64")
        .method<&Rogue::set_up>("set_up")
        .method<&Rogue::step>("step")
        .method<&Rogue::evaluate>("evaluate");
    cluster_.start("honest");
    cluster_.start("rogue", &registry_);
  }
  RunningJob start_with(const std::string& trick) {
    const JobSpec job = small_job("gd");
    Layout layout = layout_of(job, "honest", {"honest", "rogue", "honest"});
    layout.sources[1].path = trick;
    return start(cluster_.system(), job, layout, std::nullopt, reports_.sink());
  }
  std::string failure_with(const std::string& trick) {
    auto running = start_with(trick);
    try {
      (void)running.summary.get(kHang);
    } catch (const runtime::ActorError& error) {
      return error.what();
    }
    return "";
  }

  runtime::Registry registry_;
  Reports reports_;
  Cluster cluster_;
};

TEST_F(RoundMasterTest, refuses_an_update_of_another_round) {
  EXPECT_EQ(failure_with("another round"), "master: worker-1 answered round 0 with an update of round 7");
}

TEST_F(RoundMasterTest, refuses_an_update_of_another_dimension_and_names_its_sender) {
  EXPECT_THAT(
      failure_with("another dimension"),
      AllOf(StartsWith("master: worker-1 sent an update in round 0 that is refused: "), HasSubstr("12")));
}

TEST_F(RoundMasterTest, ends_as_diverged_when_an_update_is_no_number) {
  const Summary summary = start_with("no number").summary.get(kHang);
  EXPECT_EQ(summary.status, "diverged");
  EXPECT_EQ(summary.reason, "worker-1 sent a value that is not finite, at coordinate 4 in round 0");
  EXPECT_EQ(summary.last.round, 0u);
  const std::vector<double> untouched(13, 0.0);
  EXPECT_EQ(summary.iterate_hash, sha256_hex(std::as_bytes(std::span(untouched))).substr(0, 16));
}

TEST_F(RoundMasterTest, ends_as_diverged_when_the_loss_is_no_number) {
  const Summary summary = start_with("no loss").summary.get(kHang);
  EXPECT_EQ(summary.status, "diverged");
  EXPECT_EQ(summary.reason, "the loss of worker-1 is not finite in round 0");
  EXPECT_TRUE(std::isnan(summary.last.loss));
}

TEST_F(RoundMasterTest, fails_when_a_worker_is_lost) {
  auto running = start_with("silent");
  (void)reports_.wait_for(1);
  const runtime::NodeId node = cluster_.end("rogue");
  cluster_.system().lose(node, "killed by signal 9 (Killed)");
  try {
    (void)running.summary.get(kHang);
    FAIL() << "no exception";
  } catch (const runtime::ActorDied& died) {
    EXPECT_EQ(died.actor(), "worker-1");
    EXPECT_STREQ(died.what(), "worker-1: killed by signal 9 (Killed)");
  }
}

TEST_F(RoundMasterTest, fails_when_the_master_is_lost) {
  cluster_.start("elsewhere");
  JobSpec job = small_job("gd");
  job.stop.rounds = 1'000'000'000;
  auto running =
      start(cluster_.system(), job, layout_of(job, "elsewhere", {"honest"}), std::nullopt, reports_.sink());
  (void)reports_.wait_for(1);
  cluster_.system().lose(cluster_.end("elsewhere"), "exit status 3");
  EXPECT_THROW(running.summary.get(kHang), runtime::ActorDied);
}

TEST_F(RoundMasterTest, says_what_it_works_on_and_how_it_ended) {
  (void)start_with("honest").summary.get(kHang);
  const auto& journal = cluster_.journal();
  EXPECT_TRUE(journal.holds("master info 3 workers, dimension 13, L 1, mu 0, step 0.5"));
  EXPECT_TRUE(journal.holds("master info loss "));
  EXPECT_TRUE(journal.holds(" bytes up"));
  EXPECT_TRUE(journal.holds("master info finished: 25 rounds"));
}

}  // namespace
}  // namespace wisp::actors
