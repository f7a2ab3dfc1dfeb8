#pragma once
// What the tests of `cli` share: scratch folders, job files, job folders, and what a command prints.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/inventory.h"
#include "cli/options.h"
#include "launcher/job_folder.h"
#include "tests/support/temporary_folder.h"

namespace wisp::cli::test {

// A folder that is gone with the object, and files in it.
class Scratch {
 public:
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
    return (folder_.path() / name).string();
  }
  // Options that look for jobs here.
  GlobalOptions options() const {
    GlobalOptions options;
    options.state_dir = folder_.path().string();
    options.quiet = true;
    return options;
  }

 private:
  wisp::test::TemporaryFolder folder_;
};

// Of wisp itself.
inline Inventory& inventory() {
  static Inventory inventory;
  return inventory;
}

// A job on data that is made from the seed.
inline std::string synthetic_job(const Scratch& scratch) {
  return scratch.write(
      "job.yaml",
      "version: 1\n"
      "problem: { kind: logistic, l2: 1e-3, data: { format: synthetic, rows: 60, dim: 12 } }\n"
      "method: { kind: isega, step_size: paper }\n"
      "actors: { worker: { replicas: 4 } }\n"
      "stop: { rounds: 100 }\n");
}

inline launcher::ActorState actor(const std::string& name, const std::string& state) {
  launcher::ActorState actor;
  actor.name = name;
  actor.class_name = "worker/float64";
  actor.host = "local";
  actor.pid = 4711;
  actor.state = state;
  actor.started = *parse_utc("2026-03-01T02:13:07Z");
  return actor;
}

// The folder of a job with one actor of its own; its driver lives as long as this object.
class Job {
 public:
  Job(const Scratch& scratch, const std::string& name, const std::string& status,
      const std::string& worker = "exited", const std::string& started = "2026-03-01T02:13:00Z")
      : folder_(scratch.folder(), name, [](const std::string& why) { FAIL() << why; }) {
    state_.job = name;
    state_.id = folder_.id();
    state_.status = status;
    state_.started = *parse_utc(started);
    state_.actors.push_back(actor("worker-0", worker));
    folder_.write_state(state_);
  }
  launcher::JobFolder& folder() { return folder_; }
  std::string title() const { return state_.job + "-" + state_.id; }

 private:
  launcher::JobFolder folder_;
  launcher::JobState state_;
};

// What `command` writes to stdout.
inline std::string printed(const std::function<void()>& command) {
  testing::internal::CaptureStdout();
  try {
    command();
  } catch (...) {
    testing::internal::GetCapturedStdout();
    throw;
  }
  return testing::internal::GetCapturedStdout();
}

// The fault and the text of the Error that `command` ends with.
inline std::pair<Fault, std::string> error_of(const std::function<void()>& command) {
  try {
    command();
  } catch (const Error& error) {
    return {error.fault(), error.what()};
  }
  ADD_FAILURE() << "no Error was thrown";
  return {};
}

}  // namespace wisp::cli::test
