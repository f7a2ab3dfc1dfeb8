#include "config/recovery_rules.h"

#include <gtest/gtest.h>

#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

// Of a job with this line, and behind it those of `rest`.
std::string messages(const std::string& line, const std::string& rest) {
  return messages_of(errors_of(kJob + line + "\n" + rest + "\n"));
}

TEST(RecoveryRules, an_order_is_that_of_one_run) {
  EXPECT_EQ(errors_in_line("actors: { worker: { restart: { max: 1 } } }\nrecord: r"),
            "job.yaml:5:21: error: record: an order that is recorded is that of one run without restarts\n"
            "    5 | actors: { worker: { restart: { max: 1 } } }\n"
            "      |                     ^~~~~~~ leave out actors.worker.restart, or set it to never\n");
  EXPECT_EQ(messages("actors: { master: { restart: { backoff: 1s } } }", "replay: r"),
            "job.yaml:5:21: error: replay: an order that is replayed is that of one run without restarts\n");
  EXPECT_EQ(
      messages("checkpoint: { keep: 2 }", "simulation: { spread: 2 }"),
      "job.yaml:5:1: error: simulation: times that are simulated are those of one run without restarts\n");
  EXPECT_EQ(messages("checkpoint: { every: never, resume: auto }", "record: r"),
            "job.yaml:5:1: error: record: an order that is recorded is that of one run without restarts\n");
}

TEST(RecoveryRules, what_is_off_is_off) {
  EXPECT_EQ(messages("checkpoint: never", "record: r"), "");
  EXPECT_EQ(messages("checkpoint: { every: never }", "record: r"), "");
  EXPECT_EQ(messages("actors: { master: { restart: never }, worker: { restart: { max: 0 } } }", "replay: r"),
            "");
  EXPECT_EQ(messages("checkpoint: { every: 50 rounds }", "actors: { worker: { restart: { max: 1 } } }"), "");
}

TEST(RecoveryRules, rounds_of_an_asynchronous_job_are_n_updates) {
  EXPECT_EQ(errors_of("version: 1\nproblem: { kind: logistic, data: { path: x } }\nstop: { rounds: 1 }\n"
                      "method: { kind: gd, consistency: async }\ncheckpoint: { every: 5 rounds }\n"),
            "");
}

}  // namespace
}  // namespace wisp::config
