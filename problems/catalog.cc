#include "problems/catalog.h"

#include <algorithm>
#include <ostream>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "problems/idx.h"
#include "problems/least_squares.h"
#include "problems/libsvm.h"
#include "problems/logistic.h"
#include "problems/mlp.h"
#include "problems/quadratic.h"
#include "problems/shard.h"
#include "problems/softmax.h"
#include "problems/synthetic.h"

namespace wisp::problems {
namespace {

Source read_through(const ProblemSpec& spec) {
  const DataSpec& data = spec.data;
  Source source;
  source.path = data.path;
  source.labels = data.labels;
  source.info = data.format == "idx" ? scan_idx({data.path, data.labels}, data.dim, data.rows)
                                     : scan_libsvm(data.path, data.dim, data.rows);
  return source;
}

bool is_synthetic(const ProblemSpec& spec) { return spec.data.format == "synthetic"; }

SyntheticLabels synthetic_labels(const Problem& problem) {
  return problem.two_labels || problem.classes ? SyntheticLabels::kSign : SyntheticLabels::kReal;
}

QuadraticParameters quadratic_parameters(const ProblemSpec& spec, std::uint64_t seed) {
  return {spec.data.dim, static_cast<std::uint32_t>(spec.data.rows), spec.l2, seed};
}

constexpr double kClassesMax = 65536;

void check_classes(const Problem& problem, const Source& source) {
  const DataInfo& info = source.info;
  if (info.distinct_labels == 2) return;
  const char* found = info.distinct_labels == 1 ? "all rows have one and the same label"
                      : !info.whole_labels      ? "there are labels that are no whole numbers"
                      : info.label_high - info.label_low >= kClassesMax
                          ? "the labels span more than 65536 whole numbers"
                          : nullptr;
  if (found == nullptr) return;
  throw Error(source.path + ": error: " + found + ", but " + problem.name +
                  " needs classes; use kind: least-squares, or other data",
              Fault::kConfig);
}

void check_labels(const Problem& problem, const Source& source) {
  const DataInfo& info = source.info;
  if (problem.classes) return check_classes(problem, source);
  if (!problem.two_labels || info.distinct_labels == 2) return;
  const bool is_sign = info.label_high == 1 || info.label_high == -1;
  if (info.distinct_labels == 1 && is_sign) return;
  const char* found =
      info.distinct_labels == 1 ? "all rows have one and the same label" : "there are more than two labels";
  throw Error(source.path + ": error: " + found + ", but " + problem.name +
                  " needs two classes; use kind: least-squares, or other data",
              Fault::kConfig);
}

std::vector<std::uint64_t> select(const Problem& problem, const ProblemSpec& spec, const Source& source,
                                  std::uint32_t worker, std::uint32_t workers, std::uint64_t seed) {
  const std::uint64_t rows = source.info.rows;
  std::vector<double> labels;
  if (spec.data.shard == "by-label" && workers > 1) {
    if (is_synthetic(spec)) {
      const auto all = shard_rows("contiguous", 0, 1, rows, {}, 0);
      labels = synthetic_rows<double>(source.info, synthetic_labels(problem), seed, all).label;
    } else if (spec.data.format == "idx") {
      labels = read_idx_labels({source.path, source.labels}, rows);
    } else {
      labels = read_labels(source.path, rows);
    }
  }
  return shard_rows(workers > 1 ? spec.data.shard : "contiguous", worker, workers, rows, labels, seed);
}

// The place at which a worker's rows are looked up.
struct Share {
  std::uint32_t worker;
  std::uint32_t workers;
};

Share share_of(const ProblemSpec& spec, std::uint32_t worker, std::uint32_t workers) {
  return spec.data.shard == "all" ? Share{0, 1} : Share{worker, workers};
}

// How many rows a worker has doesn't depend on which they are.
std::uint64_t shard_size(const Source& source, std::uint32_t worker, std::uint32_t workers) {
  return shard_rows("contiguous", worker, workers, source.info.rows, {}, 0).size();
}

template <class T>
using MakeLinear = std::unique_ptr<Objective<T>> (*)(Rows<T>, const DataInfo&, std::uint32_t, double);

template <class T>
MakeOfRows<T> of_rows(MakeLinear<T> make) {
  return
      [make](RowsPlace<T> place) { return make(std::move(place.rows), place.info, place.workers, place.l2); };
}

Problem logistic() {
  Problem problem{.name = "logistic",
                  .description = "logistic regression on rows with two labels, with l2",
                  .two_labels = true};
  problem.rows32 = of_rows<float>(make_logistic<float>);
  problem.rows64 = of_rows<double>(make_logistic<double>);
  return problem;
}

Problem least_squares() {
  Problem problem{.name = "least-squares",
                  .description = "linear least squares on rows with any labels, with l2"};
  problem.rows32 = of_rows<float>(make_least_squares<float>);
  problem.rows64 = of_rows<double>(make_least_squares<double>);
  return problem;
}

Problem softmax() {
  Problem problem{.name = "softmax",
                  .description = "softmax regression on rows with any number of classes, with l2"};
  problem.settings = {Setting::of<bool>("intercept", "an offset for each class, which l2 is not for", true)};
  problem.classes = true;
  problem.dim = [](const DataInfo& info, const Settings& settings) {
    return softmax_dim(info, settings.get<bool>("intercept"));
  };
  problem.rows32 = [](RowsPlace<float> p) {
    return make_softmax<float>(std::move(p.rows), p.info, p.workers, p.l2, p.settings.get<bool>("intercept"));
  };
  problem.rows64 = [](RowsPlace<double> p) {
    return make_softmax<double>(std::move(p.rows), p.info, p.workers, p.l2,
                                p.settings.get<bool>("intercept"));
  };
  return problem;
}

Problem mlp() {
  Problem problem{.name = "mlp",
                  .description = "network of one hidden layer of tanh units, with l2; not convex"};
  problem.settings = {Setting::of<std::uint32_t>("hidden", "number of hidden units", 32U).from(1)};
  problem.classes = true;
  problem.convex = false;
  problem.starts_random = true;
  problem.dim = [](const DataInfo& info, const Settings& settings) {
    return mlp_dim(info, settings.get<std::uint32_t>("hidden"));
  };
  problem.rows32 = [](RowsPlace<float> p) {
    return make_mlp<float>(std::move(p.rows), p.info, p.workers, p.l2,
                           p.settings.get<std::uint32_t>("hidden"));
  };
  problem.rows64 = [](RowsPlace<double> p) {
    return make_mlp<double>(std::move(p.rows), p.info, p.workers, p.l2,
                            p.settings.get<std::uint32_t>("hidden"));
  };
  return problem;
}

Problem quadratic() {
  Problem problem{.name = "quadratic",
                  .description = "random quadratic whose gradients all vanish at 0 (P2 eq. 17), with l2",
                  .dim_max = 4096};  // its matrix is dense: 128 MiB
  problem.seed32 = [](const SeedPlace& p) {
    return make_quadratic<float>(quadratic_parameters(p.spec, p.seed), p.worker);
  };
  problem.seed64 = [](const SeedPlace& p) {
    return make_quadratic<double>(quadratic_parameters(p.spec, p.seed), p.worker);
  };
  problem.mean64 = [](const SeedPlace& p) {
    return make_mean_quadratic<double>(quadratic_parameters(p.spec, p.seed), p.worker);
  };
  return problem;
}

}  // namespace

Catalog::Catalog() {
  add(logistic());
  add(least_squares());
  add(quadratic());
  add(softmax());
  add(mlp());
}

void Catalog::add(Problem problem) {
  const bool of_rows = problem.rows32 && problem.rows64;
  const bool of_seed = problem.seed32 && problem.seed64 && problem.mean64;
  if (of_rows == of_seed) {
    throw Error("problem '" + problem.name + "' needs rows32 and rows64, or else seed32, seed64 and mean64",
                Fault::kConfig);
  }
  problems_.add(std::move(problem));
}

const Problem& Catalog::at(std::string_view name) const {
  const Problem* found = find(name);
  WISP_CHECK(found != nullptr, "ProblemSpec::check() knows the names");
  return *found;
}

template <class T>
Rows<T> Catalog::load(const ProblemSpec& spec, const Source& source, std::uint32_t worker,
                      std::uint32_t workers, std::uint64_t seed) const {
  if (source.is_shard) return read_shard<T>(source.path, source.info, shard_size(source, worker, workers));
  const Problem& problem = at(spec.kind);
  const std::vector<std::uint64_t> selection = select(problem, spec, source, worker, workers, seed);
  if (is_synthetic(spec)) return synthetic_rows<T>(source.info, synthetic_labels(problem), seed, selection);
  if (spec.data.format == "idx") return read_idx<T>({source.path, source.labels}, source.info, selection);
  return read_rows<T>(source.path, source.info, selection);
}

Source Catalog::prepare(const ProblemSpec& spec) const {
  spec.check(*this);
  const Problem& problem = at(spec.kind);
  Source source;
  if (!problem.has_rows()) {
    source.info.dim = spec.data.dim;
  } else if (is_synthetic(spec)) {
    source.info = synthetic_info(spec.data.rows, spec.data.dim, synthetic_labels(problem));
  } else {
    source = read_through(spec);
    check_labels(problem, source);
  }
  static_cast<void>(dim(spec, source.info));
  return source;
}

std::uint32_t Catalog::dim(const ProblemSpec& spec, const DataInfo& info) const {
  const Problem& problem = at(spec.kind);
  if (!problem.dim) return info.dim;
  return problem.dim(info, spec.settings.completed(problem.settings, "problem " + problem.name));
}

ProblemSpec Catalog::test_spec(const ProblemSpec& spec) {
  ProblemSpec test = spec;
  test.l2 = 0;
  test.l2_inverse_rows = false;
  test.data.path = spec.test.path;
  test.data.labels = spec.test.labels;
  test.data.rows = 0;
  test.data.shard = "contiguous";
  return test;
}

Source Catalog::prepare_test(const ProblemSpec& spec, const DataInfo& info) const {
  ProblemSpec test = test_spec(spec);
  test.data.dim = info.dim;
  Source source = read_through(test);
  const DataInfo found = source.info;
  source.info = info;
  source.info.rows = found.rows;
  source.info.nnz = found.nnz;
  const bool outside = found.label_low < info.label_low || found.label_high > info.label_high;
  if (outside && at(spec.kind).has_labels_of_classes()) {
    throw Error(source.path + ": error: has labels that no row of " + spec.data.path +
                    " has; take test rows of the same classes",
                Fault::kConfig);
  }
  return source;
}

double Catalog::l2_weight(const ProblemSpec& spec, const DataInfo& info) {
  return spec.l2_inverse_rows ? 1.0 / static_cast<double>(info.rows) : spec.l2;
}

void Catalog::check_workers(const ProblemSpec& spec, const Source& source, std::uint32_t workers) const {
  if (at(spec.kind).has_rows()) shard_size(source, 0, share_of(spec, 0, workers).workers);
}

template <class T>
std::unique_ptr<Objective<T>> Catalog::make_objective(const ProblemSpec& spec, const Source& source,
                                                      std::uint32_t worker, std::uint32_t workers,
                                                      std::uint64_t seed) const {
  WISP_CHECK(worker < workers, "workers are numbered from 0");
  const Problem& problem = at(spec.kind);
  const Settings settings = spec.settings.completed(problem.settings, "problem " + problem.name);
  const auto make = [&](const auto& of_rows, const auto& of_seed) {
    if (!problem.has_rows()) return of_seed(SeedPlace{spec, seed, worker, settings, workers});
    check_labels(problem, source);
    const Share share = share_of(spec, worker, workers);
    return of_rows(RowsPlace<T>{load<T>(spec, source, share.worker, share.workers, seed), source.info,
                                share.workers, l2_weight(spec, source.info), settings});
  };
  if constexpr (std::is_same_v<T, float>) {
    return make(problem.rows32, problem.seed32);
  } else {
    return make(problem.rows64, problem.seed64);
  }
}

std::unique_ptr<Objective<double>> Catalog::make_whole(const ProblemSpec& spec, const Source& source,
                                                       std::uint32_t workers, std::uint64_t seed) const {
  WISP_CHECK(!source.is_shard, "a shard is not the whole");
  const Problem& problem = at(spec.kind);
  if (problem.has_rows()) return make_objective<double>(spec, source, 0, 1, seed);
  const Settings settings = spec.settings.completed(problem.settings, "problem " + problem.name);
  return problem.mean64(SeedPlace{spec, seed, workers, settings});
}

bool Catalog::needs_no_file(const ProblemSpec& spec) { return is_synthetic(spec); }

void Catalog::write_shard(const ProblemSpec& spec, const Source& source, std::uint32_t worker,
                          std::uint32_t workers, std::uint64_t seed, std::ostream& out) const {
  WISP_CHECK(!source.is_shard && !is_synthetic(spec), "only a whole file is cut");
  const Share share = share_of(spec, worker, workers);
  const auto selection = select(at(spec.kind), spec, source, share.worker, share.workers, seed);
  if (spec.data.format == "idx") return write_idx_rows({source.path, source.labels}, selection, out);
  copy_rows(source.path, source.info, selection, out);
}

template std::unique_ptr<Objective<float>> Catalog::make_objective(const ProblemSpec&, const Source&,
                                                                   std::uint32_t, std::uint32_t,
                                                                   std::uint64_t) const;
template std::unique_ptr<Objective<double>> Catalog::make_objective(const ProblemSpec&, const Source&,
                                                                    std::uint32_t, std::uint32_t,
                                                                    std::uint64_t) const;

}  // namespace wisp::problems
