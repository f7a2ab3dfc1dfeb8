#pragma once
// What a run leaves behind for people and programs: result.json, provenance.json, model.npy, the summary.
#include <chrono>
#include <string>

#include "actors/messages.h"
#include "base/bytes.h"
#include "config/experiment.h"
#include "launcher/fleet.h"

namespace wisp::cli {

// How a run ended, also when there is no Summary.
struct Outcome {
  std::string job;  // its name
  std::string job_id;
  std::string method;
  std::string status;  // converged | finished | diverged | failed | cancelled
  std::string reason;
  int exit_status = 1;  // of `wisp run`, and of `wisp wait`
  actors::Dtype dtype = actors::Dtype::kFloat64;
  bool plain = false;        // a job of plain actors: of the summary only total_seconds
  std::uint64_t actors = 0;  // how many, of a plain one
  actors::Summary summary;   // of the default values where the run did not get so far
};

// One object on one line, the keys of `wisp run --json`.
std::string result_json(const Outcome& outcome);
// For people; the last line is the iterate's hash.
std::string summary_text(const Outcome& outcome, const std::string& folder);
// NumPy's format 1.0: one dimension of float64 or float32.
std::string npy(const Bytes& values, actors::Dtype dtype);
// What the run was made of: program, compiler, processor, data, hosts. `data_sha256` is empty for data made
// from a seed.
std::string provenance_json(const config::Experiment& experiment,
                            const std::vector<launcher::HostInfo>& hosts, const std::string& data_sha256);
// A line of events.jsonl; what is empty is left out.
std::string event_json(std::chrono::system_clock::time_point time, const std::string& event,
                       const std::string& process, const std::string& host, const std::string& cause);
// A line of metrics.jsonl.
std::string metrics_json(const actors::Progress& progress);

}  // namespace wisp::cli
