#include "cli/sweep_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;

class SweepTable : public testing::Test {
 protected:
  SweepTable() {
    const std::string file =
        scratch_.write("job.yaml",
                       "version: 1\nproblem: { kind: quadratic, data: { format: synthetic, dim: 4 } }\n"
                       "stop: { rounds: 1 }\nsweep: { method: [ gd, isega ], seed: [ 1, 2, 3 ] }\n");
    sweep_ = load_sweep(scratch_.options(), {file}, test::inventory());
    ended_.resize(6);
  }

  void end(std::size_t i, const std::string& status, int rounds, const std::string& gap) {
    ended_[i] = EndedPoint{"d", "", "/jobs/j",
                           R"({"status":")" + status + R"(","rounds":)" + std::to_string(rounds) +
                               R"(,"gap":)" + gap + R"(,"uplink_bytes":2048})"};
  }

  const test::Scratch scratch_;
  config::Sweep sweep_;
  std::vector<std::optional<EndedPoint>> ended_;
};

TEST_F(SweepTable, has_median_and_range_over_seeds) {
  end(0, "converged", 30, "0.5");
  end(1, "converged", 10, "0.5");
  end(2, "converged", 20, "0.5");
  end(3, "converged", 8, "1e-7");
  end(4, "diverged", 4, "null");
  EXPECT_EQ(sweep_table(sweep_, ended_),
            "method  STATUS                              ROUNDS       GAP    UPLINK\n"
            "gd      3 converged                         20 [10, 30]  0.5    2.00 KiB\n"
            "isega   1 converged, 1 diverged, 1 not run  6 [4, 8]     1e-07  2.00 KiB\n");
}

TEST_F(SweepTable, of_nothing_says_so) {
  EXPECT_EQ(sweep_table(sweep_, ended_), "method  STATUS\ngd      3 not run\nisega   3 not run\n");
}

TEST_F(SweepTable, json_has_points_and_table) {
  end(0, "converged", 30, "0.5");
  end(1, "converged", 10, "0.25");
  const auto json = nlohmann::json::parse(sweep_json("s", "/f", sweep_, ended_));
  EXPECT_EQ(json["sweep"], "s");
  EXPECT_EQ(json["folder"], "/f");
  ASSERT_EQ(json["points"].size(), 2u);
  EXPECT_EQ(json["points"][1]["settings"], (nlohmann::json{{"method", "gd"}, {"seed", "2"}}));
  EXPECT_EQ(json["points"][1]["folder"], "/jobs/j");
  EXPECT_EQ(json["points"][1]["result"]["rounds"], 10);
  EXPECT_EQ(json["table"][0]["settings"], (nlohmann::json{{"method", "gd"}}));
  EXPECT_EQ(json["table"][0]["rounds"], (nlohmann::json{{"median", 20.0}, {"min", 10.0}, {"max", 30.0}}));
  EXPECT_EQ(json["table"][0]["status"], (nlohmann::json{{"converged", 2}, {"not run", 1}}));
}

TEST_F(SweepTable, points_are_numbered) {
  EXPECT_THAT(points_text(sweep_), HasSubstr("   2  method=gd seed=2\n"));
}

}  // namespace
}  // namespace wisp::cli
