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
  check_word("problem.data.format", data.format, {"libsvm", "synthetic"});
  std::vector<std::string> shards = shard_names();
  shards.emplace_back("all");
  check_word("problem.data.shard", data.shard, shards);
  if (data.format == "libsvm") {
    if (!problem.has_rows())
      refuse("problem.data.format: " + problem.name + " has no rows to read; set it to synthetic");
    if (data.path.empty()) refuse("problem.data.path: missing; set it to a LIBSVM file");
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

}  // namespace

void ProblemSpec::check(const Catalog& catalog) const {
  check_word("problem.kind", kind, catalog.names());
  const Problem& problem = *catalog.find(kind);
  if (!std::isfinite(l2) || l2 < 0) refuse("problem.l2: must be a number that is not negative");
  if (l2_inverse_rows && l2 != 0) refuse("problem.l2: is either 1/N or a number");
  if (l2_inverse_rows && !problem.has_rows())
    refuse("problem.l2: " + kind + " has no rows, so 1/N has no meaning");
  check_word("problem.init", init, {"zeros", "ones"});
  if (optimum == Optimum::kGiven && !std::isfinite(optimum_value))
    refuse("problem.optimum: must be a finite number");
  regulariser.check();
  check_data(problem, data);
  static_cast<void>(settings.completed(problem.settings, "problem " + kind));
}

}  // namespace wisp::problems
