#include "cli/resumption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/error.h"
#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class ResumptionTest : public testing::Test {
 protected:
  config::Experiment job(const std::vector<std::string>& sets) {
    GlobalOptions options;
    options.sets = sets;
    return load_experiment(options, {test::synthetic_job(scratch_)}, test::inventory());
  }
  // A job's folder with the checkpoint of a run that was made with these settings.
  std::filesystem::path left_by(const std::vector<std::string>& sets, std::uint64_t number = 3) {
    const std::filesystem::path folder = scratch_.folder() / "earlier";
    actors::Checkpoint checkpoint;
    checkpoint.number = number;
    checkpoint.updates = 40;
    checkpoint.traits = traits_of(job(sets));
    checkpoint.traits[kDataTrait] = "0123456789abcdef";
    checkpoint.parts["master"] = pack(std::string("its state"));
    actors::CheckpointFolder(disk_, folder / "ckpt", 3).write(checkpoint);
    return folder;
  }
  std::optional<Resumption> find(const config::Experiment& experiment, bool asked = false) {
    return find_resumption(experiment, test::inventory().catalogs(), scratch_.folder(), "", asked,
                           [this](const std::string& text) { warnings_.push_back(text); });
  }
  std::string refusal(const std::vector<std::string>& before, std::vector<std::string> now) {
    now.push_back("checkpoint.resume=" + left_by(before).string());
    try {
      find(job(now));
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kConfig);
      return error.what();
    }
    return "";
  }

  const test::Scratch scratch_;
  SystemDisk disk_;
  std::vector<std::string> warnings_;
};

TEST_F(ResumptionTest, nothing_is_looked_for_unless_asked) { EXPECT_FALSE(find(job({}))); }

TEST_F(ResumptionTest, nothing_to_resume_is_an_error_where_it_is_asked_for) {
  EXPECT_FALSE(find(job({"checkpoint.resume=auto"})));
  try {
    find(job({}), true);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("nothing to resume: no job called"));
    EXPECT_EQ(error.fault(), Fault::kConfig);
  }
}

TEST_F(ResumptionTest, takes_the_newest_that_is_whole) {
  left_by({}, 2);
  const std::filesystem::path folder = left_by({}, 3);
  disk_.write_text(folder / "ckpt/4.ckpt", "no checkpoint");
  const auto found = find(job({"checkpoint.resume=" + folder.string()}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->checkpoint.number, 3u);
  EXPECT_FALSE(found->other_workers);
  EXPECT_THAT(warnings_, testing::ElementsAre(HasSubstr("4.ckpt")));
}

TEST_F(ResumptionTest, later_jobs_that_left_none_are_told_of) {
  const config::Experiment experiment = job({"name=mine", "checkpoint.resume=auto"});
  std::string earlier;
  {
    test::Job run(scratch_, "mine", "failed");
    earlier = run.title();
    std::filesystem::rename(left_by({}) / "ckpt", run.folder().path() / "ckpt");
  }
  ASSERT_TRUE(find(experiment));
  EXPECT_THAT(warnings_, IsEmpty());
  std::string later;
  {
    const test::Job run(scratch_, "mine", "failed", "exited", "2026-03-01T02:14:00Z");
    later = run.title();
  }
  const auto found = find(experiment);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->job_folder.filename(), earlier);
  EXPECT_THAT(
      warnings_,
      testing::ElementsAre(later + " came later, but left no checkpoint: it goes on from one of " + earlier));
}

TEST_F(ResumptionTest, one_that_runs_is_refused_also_before_its_first) {
  const test::Job run(scratch_, "mine", "running");
  for (const bool asked : {false, true}) {
    EXPECT_THAT(test::error_of([&] {
                  find(job({"name=mine", "checkpoint.resume=auto"}), asked);
                }).second,
                HasSubstr(run.title() + " is running: stop it first (wisp down -j " + run.title() + ")"));
  }
}

TEST_F(ResumptionTest, the_path_is_that_of_a_folder) {
  const std::filesystem::path folder = left_by({}, 1);
  for (const auto& path : {folder / "ckpt/1.ckpt", folder / "ckpt", folder / "nothing"}) {
    try {
      find(job({"checkpoint.resume=" + path.string()}));
      ADD_FAILURE() << path << " is taken";
    } catch (const config::ConfigErrors& error) {
      EXPECT_THAT(error.what(), HasSubstr(path.string() + " has no checkpoints"));
    }
  }
}

TEST_F(ResumptionTest, what_makes_other_iterates_is_refused_by_name) {
  const std::string all =
      refusal({}, {"seed=77", "method.step_size=0.25", "problem.l2=0.5", "dtype=float32"});
  for (const char* key : {"seed is 77, but was", "method.step_size is 0.25, but was",
                          "problem.l2 is 0.5, but was", "dtype is float32, but was float64 in earlier"}) {
    EXPECT_THAT(all, HasSubstr(key));
  }
}

TEST_F(ResumptionTest, what_does_not_is_not) {
  EXPECT_THAT(refusal({}, {"stop.rounds=9999", "evaluate.every=7 rounds", "checkpoint.every=5 rounds"}),
              IsEmpty());
  EXPECT_THAT(refusal({"method.kind=gd"}, {"method.kind=gd", "method.consistency=sync"}), IsEmpty());
  EXPECT_THAT(refusal({"method.kind=gd", "method.consistency=sync"}, {"method.kind=gd"}), IsEmpty());
}

TEST_F(ResumptionTest, another_consistency_is_refused) {
  const std::vector<std::string> before{"method.kind=async-sgd", "method.step_size=0.1"};
  std::vector<std::string> now = before;
  now.emplace_back("method.consistency=ssp");
  EXPECT_THAT(refusal(before, now), HasSubstr("method.consistency.kind is ssp, but was not set"));
}

TEST_F(ResumptionTest, another_bound_is_refused_where_it_says_how_late_is_too_late) {
  const auto dropping = [](const std::string& bound) {
    return std::vector<std::string>{
        "method={kind: async-sgd, step_size: 0.1, late: drop, consistency: {kind: async, "
        "bound: " +
        bound + "}}"};
  };
  EXPECT_THAT(refusal(dropping("8"), dropping("2")), HasSubstr("method.consistency.bound is 2, but was 8"));
  EXPECT_THAT(refusal(dropping("8"), dropping("8")), IsEmpty());
}

TEST_F(ResumptionTest, another_number_of_workers_is_the_methods_to_refuse) {
  EXPECT_THAT(refusal({"method.kind=isega"}, {"method.kind=isega", "actors.worker.replicas=2"}),
              HasSubstr("its master keeps the mean of what so many workers know"));
  const std::string folder = left_by({"method.kind=gd"}).string();
  const auto found = find(job({"method.kind=gd", "actors.worker.replicas=2", "checkpoint.resume=" + folder}));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->other_workers);
}

TEST_F(ResumptionTest, other_data_are_refused) {
  const config::Experiment same = job({"checkpoint.resume=" + left_by({}).string()});
  const auto found = find(same);
  ASSERT_TRUE(found);
  EXPECT_NO_THROW(check_data(same, *found, "0123456789abcdef"));
  EXPECT_THROW(check_data(same, *found, "fedcba9876543210"), config::ConfigErrors);
}

}  // namespace
}  // namespace wisp::cli
