// The reference solver and the methods on the real data of WISP_TEST_DATA, against the optima that are
// published there.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "optim/catalog.h"
#include "optim/reference_solver.h"
#include "problems/catalog.h"

namespace wisp::optim {
namespace {

const problems::Catalog kProblems;
const sparse::Catalog kSparsifiers;
const Catalog kMethods(kSparsifiers);

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> result;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) result.push_back(cell);
  return result;
}

// The rows of a CSV file, each by the names of its columns.
std::vector<std::map<std::string, std::string>> read_csv(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> names = cells(line);
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(in, line)) {
    const std::vector<std::string> values = cells(line);
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) row[names[i]] = values[i];
  }
  return rows;
}

class RealData : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("WISP_TEST_DATA");
    if (data == nullptr) GTEST_SKIP() << "WISP_TEST_DATA is not set";
    folder_ = data;
  }

  problems::ProblemSpec problem(const std::string& kind, const std::string& file, double l2) const {
    problems::ProblemSpec spec;
    spec.kind = kind;
    spec.l2 = l2;
    spec.data.path = folder_ + "/" + file;
    return spec;
  }

  std::string folder_;
};

// Rounds that a method takes on n workers until f - f* <= gap, and the values that they send.
class Job {
 public:
  Job(problems::ProblemSpec spec, std::uint32_t workers) : n_(workers) {
    const problems::Source source = kProblems.prepare(spec);
    dim_ = source.info.dim;
    for (std::uint32_t i = 0; i < n_; ++i) {
      objectives_.push_back(kProblems.make_objective<double>(spec, source, i, n_, 1));
      const problems::Smoothness s = objectives_.back()->smoothness();
      constants_ = {.L = std::max(constants_.L, s.L), .mu = s.mu};
    }
  }

  std::uint64_t rounds_to(double f_goal, const MethodSpec& spec, std::uint64_t rounds_max) {
    std::vector<double> x(dim_);
    std::vector<std::unique_ptr<WorkerRule<double>>> workers;
    for (std::uint32_t i = 0; i < n_; ++i)
      workers.push_back(kMethods.make_worker<double>(1, i, n_, dim_, spec));
    const auto master = kMethods.make_master<double>(n_, dim_, spec, constants_);
    values_sent_ = 0;
    for (std::uint64_t round = 0; round < rounds_max; ++round) {
      if (round % 10 == 0 && loss(x) <= f_goal) return round;
      for (std::uint32_t i = 0; i < n_; ++i) {
        const sparse::Vector<double> update = workers[i]->step(round, x, *objectives_[i]);
        values_sent_ += update.nnz();
        master->absorb(i, update);
      }
      master->advance(x);
    }
    return rounds_max;
  }
  std::uint64_t values_sent() const { return values_sent_; }

 private:
  double loss(const std::vector<double>& x) {
    double sum = 0;
    for (const auto& f : objectives_) sum += f->loss(x);
    return sum / n_;
  }

  std::uint32_t n_;
  std::uint32_t dim_ = 0;
  std::vector<std::unique_ptr<problems::Objective<double>>> objectives_;
  problems::Smoothness constants_;
  std::uint64_t values_sent_ = 0;
};

MethodSpec with_paper_step(const char* kind) {
  return {.kind = kind, .step_size = {.kind = StepSizeSpec::Kind::kPaper}};
}

// The optimum and the accuracies of softmax regression on MNIST, as another solver in another language found
// them (README.md of the data folder).
TEST_F(RealData, softmax_on_mnist_has_the_measured_optimum_and_accuracy) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes of arithmetic under the address sanitizer; the plain build has it";
#endif
  const std::string mnist = folder_ + "/mnist/";
  if (!std::filesystem::exists(mnist)) GTEST_SKIP() << mnist << " is not there";
  problems::ProblemSpec spec;
  spec.kind = "softmax";
  spec.l2 = 1e-3;
  spec.data.format = "idx";
  spec.data.path = mnist + "train-images-idx3-ubyte.gz";
  spec.data.labels = mnist + "train-labels-idx1-ubyte.gz";
  spec.data.rows = 12000;
  spec.test = {mnist + "t10k-images-idx3-ubyte.gz", mnist + "t10k-labels-idx1-ubyte.gz"};
  const problems::Source source = kProblems.prepare(spec);
  const auto f = kProblems.make_whole(spec, source, 1, 0);
  ASSERT_EQ(f->dim(), 7850U);
  const Solution solution = solve(*f, std::vector<double>(f->dim()));
  EXPECT_NEAR(solution.loss, 0.29149767581, 2e-10);
  EXPECT_NEAR(static_cast<double>(*f->correct(solution.x)) / 12000, 0.9390, 1e-4);
  const auto test = kProblems.make_objective<double>(problems::Catalog::test_spec(spec),
                                                     kProblems.prepare_test(spec, source.info), 0, 1, 0);
  EXPECT_NEAR(static_cast<double>(*test->correct(solution.x)) / 10000, 0.9134, 2e-4);
}

TEST_F(RealData, the_reference_solver_finds_the_published_optima) {
  int solved = 0;
  for (auto& row : read_csv(folder_ + "/optima.csv")) {
    const bool quick = std::stoll(row["nnz"]) < 50'000 && std::stod(row["kappa"]) < 1e6;
    if (!quick || row["rows_used"] != row["N"]) continue;
    const std::string kind = row["problem"] == "ridge" ? "least-squares" : "logistic";
    problems::ProblemSpec spec = problem(kind, row["file"], std::stod(row["lambda"]));
    spec.data.dim = static_cast<std::uint32_t>(std::stoul(row["d"]));
    const auto f = kProblems.make_whole(spec, kProblems.prepare(spec), 1, 1);
    const Solution solution = solve(*f, std::vector<double>(f->dim()));
    const double f_star = std::stod(row["f_star"]);
    EXPECT_NEAR(solution.loss, f_star, 1e-14 * std::max(1.0, f_star))
        << row["dataset"] << " " << kind << " " << row["lambda_tag"];
    EXPECT_LE(*solution.gap_bound, 1e-15 * std::max(1.0, f_star)) << row["dataset"] << " " << kind;
    ++solved;
  }
  EXPECT_GE(solved, 10);
}

TEST_F(RealData, isega_needs_the_rounds_of_gd_and_a_tenth_of_its_values) {
  Job job(problem("logistic", "libsvm/phishing.gz", 1e-3), 10);
  double f_star = 0;
  for (auto& row : read_csv(folder_ + "/optima.csv")) {
    if (row["dataset"] == "phishing" && row["problem"] == "logistic" && row["lambda_tag"] == "1e-3") {
      f_star = std::stod(row["f_star"]);
    }
  }
  const std::uint64_t gd = job.rounds_to(f_star + 1e-5, with_paper_step("gd"), 5000);
  const std::uint64_t gd_values = job.values_sent();
  const std::uint64_t isega = job.rounds_to(f_star + 1e-5, with_paper_step("isega"), 5000);
  EXPECT_LT(gd, 5000U);
  EXPECT_LE(static_cast<double>(isega), 1.15 * static_cast<double>(gd));
  EXPECT_LE(8 * job.values_sent(), gd_values);
}

// Least squares that every row fits: all workers' gradients vanish at the optimum (P2's A2).
TEST_F(RealData, ibcd_fits_more_unknowns_than_rows) {
  problems::ProblemSpec spec = problem("least-squares", "libsvm/news20_bin.gz", 0);
  spec.data.rows = 500;
  spec.data.dim = 62061;
  Job job(spec, 10);
  const std::uint64_t ibcd = job.rounds_to(1e-4, with_paper_step("ibcd"), 4000);
  const std::uint64_t ibcd_values = job.values_sent();
  const std::uint64_t gd = job.rounds_to(1e-4, {.kind = "gd"}, 4000);
  EXPECT_LT(ibcd, 4000U);
  EXPECT_LT(gd, 4000U);
  EXPECT_LE(4 * ibcd_values, job.values_sent());
}

}  // namespace
}  // namespace wisp::optim
