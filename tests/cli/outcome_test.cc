#include "cli/outcome.h"

#include <cstring>
#include <limits>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wisp::cli {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;

Outcome outcome() {
  Outcome outcome;
  outcome.job = "small";
  outcome.job_id = "small-0123abcd";
  outcome.method = "isega";
  outcome.status = "converged";
  outcome.reason = "gap 9.9e-07 <= 1e-06";
  actors::Summary& summary = outcome.summary;
  summary.workers = 4;
  summary.dim = 10;
  summary.L = 0.25;
  summary.mu = 0.001;
  summary.step = 0.5;
  summary.last.round = 100;
  summary.last.updates = 400;
  summary.model_updates = 400;
  summary.last.loss = 0.375;
  summary.last.gap = 9.9e-7;
  summary.last.uplink_bytes = 4000;
  summary.last.downlink_bytes = 32000;
  summary.last.master_downlink_bytes = 16000;
  summary.last.wire_bytes = 50000;
  summary.last.seconds = 0.25;
  summary.last.gradient_seconds = 0.125;
  summary.last.dense_uplink_bytes = 32000;
  summary.last.dense_downlink_bytes = 32000;
  summary.total_seconds = 0.5;
  summary.iterate_hash = "00112233aabbccdd";
  return outcome;
}

std::vector<std::string> keys_of(const std::string& json) {
  std::vector<std::string> keys;
  const Json parsed = Json::parse(json);
  for (const auto& item : parsed.items()) keys.push_back(item.key());
  return keys;
}

TEST(ResultJson, has_every_key_on_one_line) {
  const std::string json = result_json(outcome());
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_THAT(keys_of(json),
              ElementsAre("status", "reason", "exit_status", "job_id", "job", "method", "dtype", "workers",
                          "dim", "rounds", "updates", "loss", "gap", "uplink_bytes", "downlink_bytes",
                          "total_bytes", "dense_uplink_bytes", "dense_downlink_bytes", "dense_total_bytes",
                          "master_downlink_bytes", "ring_bytes", "wire_bytes", "seconds", "gradient_seconds",
                          "total_seconds", "L", "mu", "step", "staleness_mean", "staleness_max", "dropped",
                          "rejected", "epochs", "kept_mass", "memory_norm", "model_updates", "iterate_hash"));
  const Json parsed = Json::parse(json);
  EXPECT_EQ(parsed["status"], "converged");
  EXPECT_EQ(parsed["dtype"], "float64");
  EXPECT_EQ(parsed["rounds"], 100);
  EXPECT_EQ(parsed["updates"], 400);
  EXPECT_EQ(parsed["loss"], 0.375);
  EXPECT_EQ(parsed["gap"], 9.9e-7);
  EXPECT_EQ(parsed["total_bytes"], 36000);
  EXPECT_EQ(parsed["dense_total_bytes"], 64000);
  EXPECT_EQ(parsed["iterate_hash"], "00112233aabbccdd");
}

TEST(EventJson, quotes_what_a_cause_says) {
  const std::string json = event_json({}, "exited", "worker-1", "n1", "it said \"no\"\n\xff");
  const Json parsed = Json::parse(json);
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_EQ(parsed["time"], "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(parsed["process"], "worker-1");
  EXPECT_EQ(parsed["cause"], "it said \"no\"\n\xEF\xBF\xBD");
  EXPECT_FALSE(Json::parse(event_json({}, "host lost", "", "n1", "gone")).contains("process"));
}

TEST(ResultJson, says_null_for_what_is_no_number) {
  Outcome lost = outcome();
  lost.summary.last.loss = std::numeric_limits<double>::quiet_NaN();
  lost.summary.last.gap = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(Json::parse(result_json(lost))["loss"].is_null());
  EXPECT_TRUE(Json::parse(result_json(lost))["gap"].is_null());
  lost.summary.last.gap.reset();
  EXPECT_TRUE(Json::parse(result_json(lost))["gap"].is_null());
}

TEST(ResultJson, has_the_same_keys_for_a_run_that_got_nowhere) {
  Outcome failed;
  failed.status = "failed";
  EXPECT_EQ(keys_of(result_json(failed)), keys_of(result_json(outcome())));
}

TEST(SummaryText, ends_with_the_hash) {
  EXPECT_EQ(summary_text(outcome(), "/state/jobs/small-0123abcd"),
            "status        converged: gap 9.9e-07 <= 1e-06\n"
            "method        isega, 4 workers, dimension 10, step 0.5\n"
            "rounds        100 in 0.25 s (0.5 s in all)\n"
            "loss          0.375\n"
            "gap           9.9e-07\n"
            "uplink        3.91 KiB (8x less than dense)\n"
            "downlink      31.2 KiB\n"
            "both          35.2 KiB (1.78x less than dense)\n"
            "sent by       the master 15.6 KiB; each host of a dense ring all-reduce 11.7 KiB\n"
            "job folder    /state/jobs/small-0123abcd\n"
            "iterate_hash  00112233aabbccdd\n");
}

// Of an asynchronous run, with all that can be measured of one.
Outcome pushed() {
  Outcome outcome = wisp::cli::outcome();
  outcome.method = "async-sgd";
  actors::Progress& last = outcome.summary.last;
  last.updates = 401;
  outcome.summary.staleness.resize(2);
  for (const std::uint64_t staleness : {1, 3, 3, 9}) {
    last.staleness.add(staleness);
    outcome.summary.staleness[staleness == 9].add(staleness);
  }
  last.dropped = 2;
  last.rejected = 1;
  last.kept_mass = 0.25;
  last.memory_norm = 1.5;
  return outcome;
}

TEST(SummaryText, says_what_was_measured_of_asynchronous_updates) {
  EXPECT_EQ(summary_text(pushed(), "/state"),
            "status        converged: gap 9.9e-07 <= 1e-06\n"
            "method        async-sgd, 4 workers, dimension 10, step 0.5\n"
            "updates       401 in 0.25 s (0.5 s in all)\n"
            "loss          0.375\n"
            "gap           9.9e-07\n"
            "uplink        3.91 KiB (8x less than dense)\n"
            "downlink      31.2 KiB\n"
            "both          35.2 KiB (1.78x less than dense)\n"
            "sent by       the master 15.6 KiB; each host of a dense ring all-reduce 11.7 KiB\n"
            "staleness     mean 4, median 3, 99 % at most 9, max 9\n"
            "late          2 updates were dropped\n"
            "not finite    1 updates had such values\n"
            "kept mass     0.25 of ||u||^2 is sent; memory norm 1.5\n"
            "model.npy     the last that is finite: that of update 400 of 401\n"
            "job folder    /state\n"
            "iterate_hash  00112233aabbccdd\n");
}

TEST(ResultJson, has_the_staleness_of_each_worker) {
  const Json parsed = Json::parse(result_json(pushed()));
  EXPECT_EQ(parsed["staleness_mean"], 4);
  EXPECT_EQ(parsed["staleness_max"], 9);
  EXPECT_EQ(parsed["staleness"]["p50"], 3);
  EXPECT_EQ(parsed["staleness"]["histogram"], Json::parse("[[1,1,1],[3,3,2],[9,9,1]]"));
  EXPECT_EQ(parsed["staleness_of_workers"].size(), 2u);
  EXPECT_EQ(parsed["staleness_of_workers"][1]["mean"], 9);
  EXPECT_EQ(parsed["kept_mass"], 0.25);
  EXPECT_EQ(Json::parse(metrics_json(pushed().summary.last))["staleness"]["max"], 9);
}

TEST(SummaryText, leaves_out_a_gap_that_is_not_known) {
  Outcome unknown = outcome();
  unknown.summary.last.gap.reset();
  EXPECT_EQ(summary_text(unknown, "/state").find("gap  "), std::string::npos);
}

// The header's text and the values behind it, as NumPy reads them.
struct Array {
  std::string header;
  std::string values;
};
Array read_npy(const std::string& file) {
  EXPECT_EQ(file.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const auto byte = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(file.at(at)));
  };
  const std::size_t length = byte(8) + 256 * byte(9);
  EXPECT_EQ((10 + length) % 64, 0u);
  const std::string header = file.substr(10, length);
  EXPECT_EQ(header.back(), '\n');
  return {header.substr(0, header.find_last_not_of(" \n") + 1), file.substr(10 + length)};
}

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  return Bytes::copy(std::as_bytes(std::span(values)));
}

TEST(Npy, is_read_back) {
  const std::vector<double> wide = {1.5, -2, 0.1};
  const Array array = read_npy(npy(bytes_of(wide), actors::Dtype::kFloat64));
  EXPECT_EQ(array.header, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }");
  ASSERT_EQ(array.values.size(), 24u);
  EXPECT_EQ(std::memcmp(array.values.data(), wide.data(), 24), 0);

  const std::vector<float> narrow = {0.25f, 3};
  const Array small = read_npy(npy(bytes_of(narrow), actors::Dtype::kFloat32));
  EXPECT_EQ(small.header, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }");
  ASSERT_EQ(small.values.size(), 8u);
  EXPECT_EQ(std::memcmp(small.values.data(), narrow.data(), 8), 0);
}

TEST(Npy, holds_whatever_the_length_of_its_header) {
  for (const std::size_t size : {0u, 9u, 10u, 1000u, 100'000u}) {
    const Array array = read_npy(npy(bytes_of(std::vector<float>(size)), actors::Dtype::kFloat32));
    EXPECT_EQ(array.values.size(), 4 * size);
  }
}

TEST(ProvenanceJson, says_what_the_run_was_made_of) {
  config::Experiment experiment;
  experiment.job.seed = 42;
  experiment.job.problem.data.path = "/data/a1a";
  launcher::HostInfo host;
  host.name = "n1";
  host.hostname = "machine";
  host.cores = 8;
  host.address = "192.0.2.2";
  host.clock_offset = std::chrono::microseconds(-15);
  const std::string json = provenance_json(experiment, {host}, "cafe");
  EXPECT_THAT(keys_of(json),
              ElementsAre("version", "commit", "compiler", "flags", "cpu_features", "seed", "data", "hosts"));
  const Json parsed = Json::parse(json);
  EXPECT_EQ(parsed["seed"], 42);
  EXPECT_EQ(parsed["data"]["path"], "/data/a1a");
  EXPECT_EQ(parsed["data"]["sha256"], "cafe");
  EXPECT_EQ(parsed["hosts"].size(), 1u);
  EXPECT_EQ(parsed["hosts"][0]["name"], "n1");
  EXPECT_EQ(parsed["hosts"][0]["cores"], 8);
  EXPECT_EQ(parsed["hosts"][0]["clock_offset_us"], -15);
}

TEST(MetricsJson, is_a_line_an_evaluation) {
  actors::Progress progress = outcome().summary.last;
  EXPECT_EQ(
      metrics_json(progress),
      R"({"round":100,"loss":0.375,"gap":9.9e-07,"uplink_bytes":4000,"downlink_bytes":32000,)"
      R"("dense_uplink_bytes":32000,"dense_downlink_bytes":32000,)"
      R"("wire_bytes":50000,"seconds":0.25,"gradient_seconds":0.125,"updates":400,"dropped":0,)"
      R"("rejected":0,"epochs":null,"kept_mass":null,"memory_norm":null,"master_downlink_bytes":16000})");
  progress.gap.reset();
  progress.loss = std::numeric_limits<double>::infinity();
  EXPECT_THAT(keys_of(metrics_json(progress)), testing::Not(testing::Contains("gap")));
  EXPECT_TRUE(Json::parse(metrics_json(progress))["loss"].is_null());
}

TEST(ResultJson, of_plain_actors_has_no_numbers_of_a_method) {
  Outcome plain;
  plain.plain = true;
  plain.status = "finished";
  plain.actors = 3;
  EXPECT_THAT(keys_of(result_json(plain)),
              ElementsAre("status", "reason", "exit_status", "job_id", "job", "actors", "total_seconds"));
  EXPECT_THAT(summary_text(plain, "/f"), testing::HasSubstr("actors        3 in 0 s\n"));
}

}  // namespace
}  // namespace wisp::cli
