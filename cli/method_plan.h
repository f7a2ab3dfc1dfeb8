#pragma once
// The numbers of a job that are known before it runs: data, constants, steps, predicted rounds, bytes a
// round.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "actors/catalogs.h"
#include "config/experiment.h"
#include "optim/catalog.h"
#include "problems/source.h"

namespace wisp::cli {

struct MethodPlan {
  problems::DataInfo data;
  std::uint32_t dim = 0;  // of x
  double l2 = 0;
  double L = 0;           // the largest of the workers'
  double mu = 0;          // the smallest of the workers'
  double L_sample = 0;    // the largest of a single row's loss; 0: there are none
  bool has_rate = false;  // the method has a linear one, where the step allows it
  std::string sparsifier;
  bool single = false;  // it chooses coordinates: blocks of one
  optim::MethodNumbers numbers;
  // Payload of one round, all workers together; uplink is the mean over what they may choose.
  double uplink_bytes = 0;
  double downlink_bytes = 0;  // to every worker, or into each host where all models go by a chain; of what
                              // has changed, what independent choices come to
  double dense_uplink_bytes = 0;
  double dense_downlink_bytes = 0;
  optim::BroadcastSpec broadcast;  // its kind is never empty
  bool in_rounds = true;
  std::size_t relays = 0;  // hosts that models go through; 0: none does
  std::optional<std::string> caution;
};

// Reads all of the data, one worker's rows at a time, in this process. Throws Error (kConfig), at its place
// in the job file where that is to blame.
MethodPlan plan_method(const config::Experiment& experiment, const actors::Catalogs& catalogs);

// Has models go by a chain of so many relays, as the launch plan says.
void take_relays(std::size_t relays, MethodPlan& plan);

// For people, a line a subject.
std::string method_text(const config::Experiment& experiment, const MethodPlan& plan);
// An object, as text.
std::string method_json(const config::Experiment& experiment, const MethodPlan& plan);

}  // namespace wisp::cli
