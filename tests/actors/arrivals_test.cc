#include "actors/arrivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/pack.h"
#include "tests/actors/cluster.h"

namespace wisp::actors {
namespace {

using test::pushed_job;
using testing::HasSubstr;

std::vector<std::byte> written(const JobSpec& job, std::size_t arrivals) {
  std::vector<std::byte> file;
  const auto write = [&](const Bytes& piece) {
    file.insert(file.end(), piece.span().begin(), piece.span().end());
  };
  ArrivalWriter writer;
  write(ArrivalWriter::begin(job));
  for (std::size_t i = 0; i < arrivals; ++i) {
    writer.add({static_cast<std::uint32_t>(i % job.worker.replicas), i / 2});
    if (writer.is_due()) write(writer.piece());
  }
  write(writer.end(arrivals, "0123456789abcdef"));
  return file;
}

std::string refusal(const std::vector<std::byte>& file, const JobSpec& job) {
  try {
    (void)read_arrivals(Bytes::copy(file), job, "r.msgpack");
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
    return error.what();
  }
  return "";
}

TEST(Arrivals, come_back_as_they_were_written) {
  const JobSpec job = pushed_job();
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{7}, ArrivalWriter::kPiece, 3 * ArrivalWriter::kPiece + 5}) {
    const Arrivals read = read_arrivals(Bytes::copy(written(job, count)), job, "r");
    ASSERT_EQ(read.all.size(), count);
    EXPECT_EQ(read.applied, count);
    EXPECT_EQ(read.iterate_hash, "0123456789abcdef");
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(read.all[i], (Arrival{static_cast<std::uint32_t>(i % 3), i / 2}));
    }
  }
}

TEST(Arrivals, are_refused_wherever_they_are_cut) {
  const JobSpec job = pushed_job();
  const std::vector<std::byte> whole = written(job, 5);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string why = refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, job);
    EXPECT_THAT(why, testing::StartsWith("r.msgpack is ")) << size;
  }
  std::vector<std::byte> longer = whole;
  longer.push_back(std::byte{0xc0});
  EXPECT_NE(refusal(longer, job), "");
  EXPECT_THAT(refusal({}, job), HasSubstr("no record of arrivals"));
}

TEST(Arrivals, of_another_job_are_refused_with_both_jobs) {
  const std::vector<std::byte> file = written(pushed_job(), 5);
  const auto refused = [&](auto&& change) {
    JobSpec job = pushed_job();
    change(job);
    return refusal(file, job);
  };
  EXPECT_THAT(
      refused([](JobSpec& job) { job.seed = 9; }),
      HasSubstr("was recorded by another job: by push on logistic, 3 workers, seed 7, float64, settings "));
  EXPECT_THAT(refused([](JobSpec& job) { job.seed = 9; }),
              HasSubstr("where this is push on logistic, 3 workers, seed 9"));
  EXPECT_NE(refused([](JobSpec& job) { job.method.step_size.value = 7; }), "");
  EXPECT_NE(refused([](JobSpec& job) { job.problem.l2 = 7; }), "");
  EXPECT_EQ(refused([](JobSpec& job) { job.stop.rounds = 1; }), "");
  EXPECT_EQ(refused([](JobSpec& job) { job.problem.data.path = "/elsewhere"; }), "");
}

TEST(Arrivals, that_cannot_have_been_are_refused) {
  const JobSpec job = pushed_job();
  for (const Arrival impossible : {Arrival{3, 0}, Arrival{0, 1}}) {
    std::vector<std::byte> file;
    ArrivalWriter writer;
    writer.add(impossible);
    for (const Bytes& piece : {ArrivalWriter::begin(job), writer.end(1, "")}) {
      file.insert(file.end(), piece.span().begin(), piece.span().end());
    }
    EXPECT_THAT(refusal(file, job), HasSubstr("is changed: arrival 0"));
  }
}

}  // namespace
}  // namespace wisp::actors
