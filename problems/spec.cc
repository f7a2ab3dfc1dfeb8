#include "problems/spec.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "problems/catalog.h"
#include "problems/shard.h"

namespace wisp::problems {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(text, Fault::kConfig); }

void check_word(const std::string& key, const std::string& word, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), word) != words.end()) return;
  const auto meant = nearest(word, words);
  refuse(key + ": unknown '" + escape_text(word, 40) + "'" +
         (meant ? ", did you mean '" + *meant + "'?" : "") + " (" + join(words, " | ") + ")");
}

void check_data(const Problem& problem, const DataSpec& data) {
  check_word("problem.data.format", data.format, {"libsvm", "idx", "synthetic"});
  std::vector<std::string> shards = shard_names();
  shards.emplace_back("all");
  check_word("problem.data.shard", data.shard, shards);
  const bool idx = data.format == "idx";
  if (!idx && !data.labels.empty()) refuse("problem.data.labels: only idx has labels apart from the rows");
  if (idx || data.format == "libsvm") {
    if (!problem.has_rows())
      refuse("problem.data.format: " + problem.name + " has no rows to read; set it to synthetic");
    if (data.path.empty())
      refuse(std::string("problem.data.path: missing; set it to ") + (idx ? "an idx" : "a LIBSVM") + " file");
    if (idx && data.labels.empty())
      refuse("problem.data.labels: missing; set it to the idx file of the labels");
    return;
  }
  if (!data.path.empty()) refuse("problem.data.path: synthetic data are read from no file; leave it out");
  if (data.dim == 0) refuse("problem.data.dim: missing; synthetic data need it");
  if (problem.has_rows() && data.rows == 0) refuse("problem.data.rows: missing; synthetic data need it");
  if (problem.dim_max > 0 && data.dim > problem.dim_max) {
    refuse("problem.data.dim: " + problem.name + " is dense; at most " + std::to_string(problem.dim_max));
  }
  if (!problem.has_rows() && data.rows > data.dim) {
    refuse("problem.data.rows: " + problem.name + "'s inner dimension is at most problem.data.dim");
  }
}

void check_test(const DataSpec& data, const TestSpec& test) {
  if (test.path.empty()) {
    if (!test.labels.empty()) refuse("problem.test.path: missing; set it to the file of the rows");
    return;
  }
  if (data.format == "synthetic")
    refuse("problem.test: there are no test rows for synthetic data; leave it out");
  if ((data.format == "idx") == test.labels.empty()) {
    refuse(test.labels.empty() ? "problem.test.labels: missing; set it to the idx file of the labels"
                               : "problem.test.labels: only idx has labels apart from the rows");
  }
}

void check_start(const Problem& problem, const ProblemSpec& spec) {
  check_word("problem.init", spec.init, {"zeros", "ones", "random"});
  if (problem.starts_random && spec.init != "random") {
    refuse("problem.init: " + problem.name + " does not learn from " + spec.init +
           ", where its units are all alike; set it to random");
  }
  if (!problem.convex && spec.optimum == ProblemSpec::Optimum::kSolve) {
    refuse("problem.optimum: " + problem.name +
           " is not convex, so nothing finds its least value for certain; leave it out, or give a number");
  }
}

}  // namespace

void ProblemSpec::check(const Catalog& catalog) const {
  check_word("problem.kind", kind, catalog.names());
  const Problem& problem = *catalog.find(kind);
  if (!std::isfinite(l2) || l2 < 0) refuse("problem.l2: must be a number that is not negative");
  if (l2_inverse_rows && l2 != 0) refuse("problem.l2: is either 1/N or a number");
  if (l2_inverse_rows && !problem.has_rows())
    refuse("problem.l2: " + kind + " has no rows, so 1/N has no meaning");
  check_start(problem, *this);
  if (optimum == Optimum::kGiven && !std::isfinite(optimum_value))
    refuse("problem.optimum: must be a finite number");
  regulariser.check();
  check_data(problem, data);
  check_test(data, test);
  static_cast<void>(settings.completed(problem.settings, "problem " + kind));
}

}  // namespace wisp::problems
