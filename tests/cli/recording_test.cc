#include "cli/recording.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/arrivals.h"
#include "base/error.h"
#include "cli/experiment.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class RecordingTest : public testing::Test {
 protected:
  config::Experiment experiment() const {
    return load_experiment({}, {test::synthetic_job(scratch_)}, test::inventory());
  }
  std::string path(const char* name) const { return (scratch_.folder() / name).string(); }

  const test::Scratch scratch_;
};

TEST_F(RecordingTest, of_a_job_without_the_keys_is_nothing) {
  const actors::Recording recording = recording_of(experiment());
  EXPECT_EQ(recording.on_record, nullptr);
  EXPECT_TRUE(recording.replay.empty());
}

TEST_F(RecordingTest, is_written_and_read_again) {
  config::Experiment job = experiment();
  job.job.record = path("r");
  {
    const actors::Recording recording = recording_of(job);
    actors::ArrivalWriter writer;
    recording.on_record(actors::ArrivalWriter::begin(job.job));
    writer.add({0, 0});
    recording.on_record(writer.end(1, "hash"));
  }
  job.job.replay = job.job.record;
  job.job.record.clear();
  const actors::Recording recording = recording_of(job);
  EXPECT_EQ(actors::read_arrivals(recording.replay, job.job, "r").all.size(), 1u);
}

TEST_F(RecordingTest, errors_name_the_file) {
  config::Experiment job = experiment();
  const auto refusal = [&job] {
    try {
      (void)recording_of(job);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kConfig);
      return std::string(error.what());
    }
    return std::string();
  };
  job.job.replay = path("missing");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("cannot read"), HasSubstr("missing: No such file")));
  std::ofstream(path("text")) << "not a record\n";
  job.job.replay = path("text");
  EXPECT_THAT(refusal(), HasSubstr("text is no record of arrivals"));
  job.job.replay.clear();
  job.job.record = path("no/such/folder");
  EXPECT_THAT(refusal(), HasSubstr("cannot write"));
}

}  // namespace
}  // namespace wisp::cli
