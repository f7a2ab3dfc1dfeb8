#pragma once
// `wisp simulate`: whole runs of a job file in the simulated world, each from a seed.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/staleness.h"
#include "cli/inventory.h"
#include "cli/layout.h"
#include "cli/options.h"
#include "config/experiment.h"
#include "problems/source.h"

namespace wisp::cli {

// What is the same for every seed. The experiment and the inventory outlive it.
struct SimulatedJob {
  SimulatedJob(const config::Experiment& of, const Inventory& with);
  const config::Experiment& experiment;
  const Inventory& inventory;
  JobLayout layout;
  problems::Source source;        // not of a job of plain actors
  std::optional<double> optimum;  // likewise
};

// How the run of one seed ended.
struct SimulatedRun {
  std::uint64_t seed = 0;
  std::string violation;  // empty: none
  std::uint64_t rounds = 0;
  std::uint64_t updates = 0;
  double loss = 0;
  std::optional<double> gap;
  std::uint64_t uplink_bytes = 0;
  actors::Staleness staleness;  // empty: of rounds
  std::string iterate_hash;     // empty: plain actors
  double virtual_seconds = 0;
  std::uint64_t events = 0;
  std::uint64_t trace_hash = 0;
  std::vector<std::string> trace;  // if it was asked for
};

// A job with the key simulation takes the times that it says, drawn from the seed, and nothing goes wrong.
// Else all that goes wrong on the way is drawn from the seed: frames that are dropped, doubled, held up or
// overtaken, full queues, partitions of at most 3 s, nodes that stand still as long. Where the job has
// restarts, up to two nodes crash, when and which is drawn likewise; or what happens is what `chaos` of the
// job file says. A job of plain actors ends by a crash, so there is none but by `chaos`.
SimulatedRun simulate(const SimulatedJob& job, std::uint64_t seed, bool keep_trace);

// Runs the seeds one after the other, a line each on stdout, and a line for all of them; with --json one
// object: seeds, violations (how many), trace_hash (of all), iterate_hash (of the last), seconds,
// memory_bytes (the most that this process had), runs, an array of {seed, rounds, updates, loss, gap,
// uplink_bytes, staleness_mean, staleness_max, iterate_hash, virtual_seconds}, and failures, an array of
// {seed, what, replay}. A violation is a run that fails or never ends, and a synchronous method's iterate
// that differs from that of the first seed after as many rounds. Exit status 1 if there is one. Of a sweep,
// each of its jobs so in turn, its settings on stderr.
int simulate_command(const GlobalOptions& options, const SimulateOptions& simulate);

}  // namespace wisp::cli
