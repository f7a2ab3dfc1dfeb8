#include "problems/catalog.h"

#include <array>
#include <ostream>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "problems/least_squares.h"
#include "problems/libsvm.h"
#include "problems/logistic.h"
#include "problems/quadratic.h"
#include "problems/shard.h"
#include "problems/synthetic.h"

namespace wisp::problems {
namespace {

enum class Kind : std::uint8_t { kLogistic, kLeastSquares, kQuadratic };

struct Entry {
  Kind kind;
  std::string_view name;
  std::string_view description;
};

constexpr std::array kCatalog = {
    Entry{Kind::kLogistic, "logistic", "logistic regression on rows with two labels, with l2"},
    Entry{Kind::kLeastSquares, "least-squares", "linear least squares on rows with any labels, with l2"},
    Entry{Kind::kQuadratic, "quadratic",
          "random quadratic whose gradients all vanish at 0 (P2 eq. 17), with l2"},
};

const Entry& find(std::string_view name) {
  for (const Entry& each : kCatalog) {
    if (each.name == name) return each;
  }
  check_failed("a problem of the catalogue", __FILE__, __LINE__, "ProblemSpec::check() knows the names");
}

bool is_synthetic(const ProblemSpec& spec) { return spec.data.format == "synthetic"; }

SyntheticLabels synthetic_labels(const ProblemSpec& spec) {
  return find(spec.kind).kind == Kind::kLogistic ? SyntheticLabels::kSign : SyntheticLabels::kReal;
}

QuadraticParameters quadratic_parameters(const ProblemSpec& spec, std::uint64_t seed) {
  return {spec.data.dim, static_cast<std::uint32_t>(spec.data.rows), spec.l2, seed};
}

void check_labels(const ProblemSpec& spec, const Source& source) {
  const DataInfo& info = source.info;
  if (find(spec.kind).kind != Kind::kLogistic || info.distinct_labels == 2) return;
  const bool is_sign = info.label_high == 1 || info.label_high == -1;
  if (info.distinct_labels == 1 && is_sign) return;
  const char* found =
      info.distinct_labels == 1 ? "all rows have one and the same label" : "there are more than two labels";
  throw Error(source.path + ": error: " + found +
                  ", but logistic needs two classes; use kind: least-squares, or other data",
              Fault::kConfig);
}

std::vector<std::uint64_t> select(const ProblemSpec& spec, const Source& source, std::uint32_t worker,
                                  std::uint32_t workers, std::uint64_t seed) {
  const std::uint64_t rows = source.info.rows;
  std::vector<double> labels;
  if (spec.data.shard == "by-label" && workers > 1) {
    if (is_synthetic(spec)) {
      const auto all = shard_rows("contiguous", 0, 1, rows, {}, 0);
      labels = synthetic_rows<double>(source.info, synthetic_labels(spec), seed, all).label;
    } else {
      labels = read_labels(source.path, rows);
    }
  }
  return shard_rows(workers > 1 ? spec.data.shard : "contiguous", worker, workers, rows, labels, seed);
}

// How many rows a worker has doesn't depend on which they are.
std::uint64_t shard_size(const Source& source, std::uint32_t worker, std::uint32_t workers) {
  return shard_rows("contiguous", worker, workers, source.info.rows, {}, 0).size();
}

template <class T>
Rows<T> load(const ProblemSpec& spec, const Source& source, std::uint32_t worker, std::uint32_t workers,
             std::uint64_t seed) {
  if (source.is_shard) return read_shard<T>(source.path, source.info, shard_size(source, worker, workers));
  const std::vector<std::uint64_t> selection = select(spec, source, worker, workers, seed);
  if (is_synthetic(spec)) return synthetic_rows<T>(source.info, synthetic_labels(spec), seed, selection);
  return read_rows<T>(source.path, source.info, selection);
}

}  // namespace

std::vector<std::string> problem_names() {
  std::vector<std::string> names;
  for (const Entry& each : kCatalog) names.emplace_back(each.name);
  return names;
}

std::string problem_description(std::string_view name) { return std::string(find(name).description); }

Source prepare(const ProblemSpec& spec) {
  spec.check();
  Source source;
  if (find(spec.kind).kind == Kind::kQuadratic) {
    source.info.dim = spec.data.dim;
  } else if (is_synthetic(spec)) {
    source.info = synthetic_info(spec.data.rows, spec.data.dim, synthetic_labels(spec));
  } else {
    source.path = spec.data.path;
    source.info = scan_libsvm(spec.data.path, spec.data.dim, spec.data.rows);
    check_labels(spec, source);
  }
  return source;
}

double l2_weight(const ProblemSpec& spec, const DataInfo& info) {
  return spec.l2_inverse_rows ? 1.0 / static_cast<double>(info.rows) : spec.l2;
}

void check_workers(const ProblemSpec& spec, const Source& source, std::uint32_t workers) {
  if (find(spec.kind).kind != Kind::kQuadratic) shard_size(source, 0, workers);
}

template <class T>
std::unique_ptr<Objective<T>> make_objective(const ProblemSpec& spec, const Source& source,
                                             std::uint32_t worker, std::uint32_t workers,
                                             std::uint64_t seed) {
  WISP_CHECK(worker < workers, "workers are numbered from 0");
  const Kind kind = find(spec.kind).kind;
  if (kind == Kind::kQuadratic) return make_quadratic<T>(quadratic_parameters(spec, seed), worker);
  check_labels(spec, source);
  Rows<T> rows = load<T>(spec, source, worker, workers, seed);
  const double l2 = l2_weight(spec, source.info);
  if (kind == Kind::kLogistic) return make_logistic<T>(std::move(rows), source.info, workers, l2);
  return make_least_squares<T>(std::move(rows), source.info, workers, l2);
}

template <class T>
std::unique_ptr<Objective<T>> make_whole(const ProblemSpec& spec, const Source& source, std::uint32_t workers,
                                         std::uint64_t seed) {
  WISP_CHECK(!source.is_shard, "a shard is not the whole");
  if (find(spec.kind).kind == Kind::kQuadratic) {
    return make_mean_quadratic<T>(quadratic_parameters(spec, seed), workers);
  }
  return make_objective<T>(spec, source, 0, 1, seed);
}

bool needs_no_file(const ProblemSpec& spec) { return is_synthetic(spec); }

void write_shard(const ProblemSpec& spec, const Source& source, std::uint32_t worker, std::uint32_t workers,
                 std::uint64_t seed, std::ostream& out) {
  WISP_CHECK(!source.is_shard && !is_synthetic(spec), "only a whole file is cut");
  copy_rows(source.path, source.info, select(spec, source, worker, workers, seed), out);
}

template std::unique_ptr<Objective<float>> make_objective(const ProblemSpec&, const Source&, std::uint32_t,
                                                          std::uint32_t, std::uint64_t);
template std::unique_ptr<Objective<double>> make_objective(const ProblemSpec&, const Source&, std::uint32_t,
                                                           std::uint32_t, std::uint64_t);
template std::unique_ptr<Objective<float>> make_whole(const ProblemSpec&, const Source&, std::uint32_t,
                                                      std::uint64_t);
template std::unique_ptr<Objective<double>> make_whole(const ProblemSpec&, const Source&, std::uint32_t,
                                                       std::uint64_t);

}  // namespace wisp::problems
