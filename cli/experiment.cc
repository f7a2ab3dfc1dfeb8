#include "cli/experiment.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "config/load.h"
#include "launcher/slurm.h"
#include "optim/proximal_solver.h"
#include "optim/reference_solver.h"
#include "problems/catalog.h"
#include "problems/regulariser.h"
#include "runtime/tap.h"

namespace wisp::cli {
namespace {

std::optional<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

config::Request request_of(const GlobalOptions& options, const std::vector<std::string>& files,
                           Inventory& inventory) {
  config::Request request;
  request.files = files;
  request.sets = options.sets;
  request.vars = options.vars;
  request.environment = from_environment;
  request.vocabulary = inventory.vocabulary();
  request.load_plugin = [&inventory](const std::string& path) {
    inventory.load(path);
    return inventory.vocabulary();
  };
  request.find_allocation = [] { return launcher::find_allocation(from_environment); };
  return request;
}

// What a room finds wrong with what the key says, at its place in the job file, which no room knows.
template <class Action>
auto placed(const config::Experiment& experiment, std::string_view key, Action&& action) {
  try {
    return action();
  } catch (const Error& error) {  // the room does not know where it was said
    throw experiment.error(key, error.what());
  }
}

void check_readable(const config::Experiment& experiment, std::string_view key, const std::string& path) {
  if (path.empty() || ::access(path.c_str(), R_OK) == 0) return;
  throw experiment.error(key, "cannot read " + path + ": " + std::strerror(errno));
}

// What config has no key for, a room may still refuse.
void check(config::Experiment& experiment, const Inventory& inventory) {
  placed(experiment, "metrics.tap", [&] {
    if (!experiment.job.metrics.tap.empty())
      static_cast<void>(runtime::check_tap(experiment.job.metrics.tap));
  });
  if (experiment.plain()) return;
  actors::JobSpec& job = experiment.job;
  job.check(inventory.catalogs());
  job.method.consistency.kind = inventory.catalogs().methods.consistency_of(job.method);
}

}  // namespace

config::Experiment load_experiment(const GlobalOptions& options, const std::vector<std::string>& files,
                                   Inventory& inventory) {
  config::Experiment experiment = config::load(request_of(options, files, inventory));
  check(experiment, inventory);
  return experiment;
}

config::Sweep load_sweep(const GlobalOptions& options, const std::vector<std::string>& files,
                         Inventory& inventory) {
  config::Sweep sweep = config::load_sweep(request_of(options, files, inventory));
  for (config::SweepPoint& point : sweep.points) check(point.experiment, inventory);
  return sweep;
}

void load_plugins(const GlobalOptions& options, const std::vector<std::string>& files, Inventory& inventory) {
  config::load_plugins(request_of(options, files, inventory));
}

problems::Source prepare_data(const config::Experiment& experiment, const actors::Catalogs& catalogs) {
  const actors::JobSpec& job = experiment.job;
  check_readable(experiment, "problem.data.path", job.problem.data.path);
  check_readable(experiment, "problem.data.labels", job.problem.data.labels);
  const problems::Source source = catalogs.problems.prepare(job.problem);
  placed(experiment, "actors.worker.replicas", [&] {  // which asked for so many
    catalogs.problems.check_workers(job.problem, source, job.worker.replicas);
  });
  return source;
}

std::optional<problems::Source> prepare_test(const config::Experiment& experiment,
                                             const actors::Catalogs& catalogs,
                                             const problems::Source& source) {
  const actors::JobSpec& job = experiment.job;
  const problems::TestSpec& test = job.problem.test;
  if (test.path.empty()) return std::nullopt;
  check_readable(experiment, "problem.test.path", test.path);
  check_readable(experiment, "problem.test.labels", test.labels);
  const problems::Source found = catalogs.problems.prepare_test(job.problem, source.info);
  placed(experiment, "problem.test", [&] {
    catalogs.problems.check_workers(problems::Catalog::test_spec(job.problem), found, job.worker.replicas);
  });
  return found;
}

std::optional<double> find_optimum(const config::Experiment& experiment, const actors::Catalogs& catalogs,
                                   const problems::Source& source) {
  const actors::JobSpec& job = experiment.job;
  switch (job.problem.optimum) {
    case problems::ProblemSpec::Optimum::kUnknown:
      return std::nullopt;
    case problems::ProblemSpec::Optimum::kGiven:
      return job.problem.optimum_value;
    case problems::ProblemSpec::Optimum::kSolve:
      break;
  }
  const auto whole = catalogs.problems.make_whole(job.problem, source, job.worker.replicas, job.seed);
  const std::vector<double> start = problems::first_iterate<double>(job.problem, whole->dim());
  const auto regulariser = problems::make_regulariser<double>(job.problem.regulariser);
  return regulariser ? optim::solve(*whole, *regulariser, start).loss : optim::solve(*whole, start).loss;
}

std::vector<launcher::FileToPlace> files_to_deploy(const config::Experiment& experiment) {
  return placed(experiment, "deploy.files",
                [&] { return launcher::gather_files(experiment.launcher.deploy.files); });
}

}  // namespace wisp::cli
