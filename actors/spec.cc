#include "actors/spec.h"

#include "actors/catalogs.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/tap.h"

namespace wisp::actors {

const char* to_string(Dtype dtype) { return dtype == Dtype::kFloat64 ? "float64" : "float32"; }

void JobSpec::check(const Catalogs& catalogs) const {
  const auto refuse = [](const std::string& why) { throw Error(why, Fault::kConfig); };
  if (!is_name(name)) refuse("name '" + name + "' must be 1 to 64 letters, digits, '_' or '-'");
  if (worker.replicas == 0) refuse("actors.worker.replicas must be at least 1");
  if (master.replicas != 1) refuse("there is one master");
  if (!stop.gap && !stop.rounds && !stop.time)
    refuse("nothing stops this job: set stop.gap, stop.rounds or stop.time");
  if (stop.gap && problem.optimum == problems::ProblemSpec::Optimum::kUnknown) {
    refuse("stop.gap needs problem.optimum: a number, or solve");
  }
  if (evaluate.every_rounds == 0) refuse("evaluate.every must be at least 1 round");
  if (!metrics.tap.empty()) static_cast<void>(runtime::check_tap(metrics.tap));
  problem.check(catalogs.problems);
  method.check(catalogs.methods);
  if (const auto reason = catalogs.methods.why_not(method, problem)) refuse(*reason);
  if (method.wire.codec() == sparse::ValueCodec::kFloat64 && dtype == Dtype::kFloat32) {
    refuse("method.wire_dtype float64 says more than dtype float32 computes; leave it out");
  }
}

}  // namespace wisp::actors
