#include "cli/experiment.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "config/load.h"
#include "optim/catalog.h"
#include "problems/catalog.h"
#include "sparse/sparsifier.h"

namespace wisp::cli {
namespace {

std::optional<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<std::string> why_not(const config::Experiment& experiment) {
  return optim::why_not(experiment.job.method);
}

}  // namespace

config::Vocabulary vocabulary() {
  config::Vocabulary names;
  for (const optim::Method& each : optim::methods()) names.methods.emplace_back(each.name);
  names.problems = problems::problem_names();
  for (const sparse::SparsifierEntry& each : sparse::sparsifiers()) names.sparsifiers.emplace_back(each.name);
  names.why_not = why_not;
  return names;
}

config::Experiment load_experiment(const GlobalOptions& options, const std::vector<std::string>& files) {
  config::Request request;
  request.files = files;
  request.sets = options.sets;
  request.vars = options.vars;
  request.environment = from_environment;
  request.vocabulary = vocabulary();
  config::Experiment experiment = config::load(request);
  experiment.job.check();  // what config has no key for, a room may still refuse
  return experiment;
}

problems::Source prepare_data(const config::Experiment& experiment) {
  const actors::JobSpec& job = experiment.job;
  const std::string& path = job.problem.data.path;
  if (!path.empty() && ::access(path.c_str(), R_OK) != 0) {
    throw experiment.error("problem.data.path", "cannot read " + path + ": " + std::strerror(errno));
  }
  const problems::Source source = problems::prepare(job.problem);
  try {
    problems::check_workers(job.problem, source, job.worker.replicas);
  } catch (const Error& error) {  // the data does not know which key asked for so many
    throw experiment.error("actors.worker.replicas", error.what());
  }
  return source;
}

}  // namespace wisp::cli
