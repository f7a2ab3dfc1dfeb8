#include "actors/spec.h"

#include "actors/catalogs.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/tap.h"

namespace wisp::actors {

namespace {

void check_checkpoints(const CheckpointSpec& spec) {
  const auto refuse = [](const std::string& why) { throw Error("checkpoint." + why, Fault::kConfig); };
  const int units = (spec.every_rounds != 0) + (spec.every_updates != 0) + (spec.every.count() > 0);
  if (units > 1) refuse("every is in rounds, in updates or in seconds");
  if (spec.keep == 0) refuse("keep must be at least 1");
  if (spec.resume.empty()) refuse("resume must be never, auto or a path");
}

}  // namespace

const char* to_string(Dtype dtype) { return dtype == Dtype::kFloat64 ? "float64" : "float32"; }

void JobSpec::check(const Catalogs& catalogs) const {
  const auto refuse = [](const std::string& why) { throw Error(why, Fault::kConfig); };
  if (!is_name(name)) refuse("name '" + name + "' must be 1 to 64 letters, digits, '_' or '-'");
  if (worker.replicas == 0) refuse("actors.worker.replicas must be at least 1");
  if (master.replicas != 1) refuse("there is one master");
  if (!stop.ends() && replay.empty()) {
    refuse("nothing stops this job: set stop.gap, stop.rounds or stop.time");
  }
  if (stop.gap && problem.optimum == problems::ProblemSpec::Optimum::kUnknown) {
    refuse("stop.gap needs problem.optimum: a number, or solve");
  }
  const int units =
      (evaluate.every_rounds != 0) + (evaluate.every_updates != 0) + (evaluate.every.count() > 0);
  if (units != 1) refuse("evaluate.every must be at least 1 round, update or second");
  check_checkpoints(checkpoint);
  if (!metrics.tap.empty()) static_cast<void>(runtime::check_tap(metrics.tap));
  problem.check(catalogs.problems);
  method.check(catalogs.methods);
  const bool of_rows = catalogs.problems.find(problem.kind)->has_rows();
  if (const auto reason = catalogs.methods.why_not(method, problem, of_rows, worker.replicas))
    refuse(*reason);
  const bool in_rounds = catalogs.methods.consistency_of(method) == "sync";
  if (simulation.given && in_rounds) {
    refuse("simulation is for asynchronous jobs: method " + method.kind + " has consistency sync here");
  }
  const bool orders = !record.empty() || !replay.empty();
  if (orders && in_rounds) {
    refuse("record and replay are for asynchronous runs: rounds have one order only");
  }
  if (orders && record == replay) refuse("record and replay name the same file, " + record);
  if (method.wire.codec() == sparse::ValueCodec::kFloat64 && dtype == Dtype::kFloat32) {
    refuse("method.wire_dtype float64 says more than dtype float32 computes; leave it out");
  }
}

const char* to_string(ChaosSpec::Kind kind) {
  switch (kind) {
    case ChaosSpec::Kind::kKill:
      return "kill";
    case ChaosSpec::Kind::kStop:
      return "stop";
    case ChaosSpec::Kind::kSlow:
      return "slow";
    case ChaosSpec::Kind::kDelay:
      return "delay";
    case ChaosSpec::Kind::kDrop:
      return "drop";
    case ChaosSpec::Kind::kPartition:
      break;
  }
  return "partition";
}

}  // namespace wisp::actors
