// Real data sets with known facts and optima. Skipped where WISP_TEST_DATA names no folder that has them.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "problems/catalog.h"
#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

const Catalog kCatalog;

using Record = std::map<std::string, std::string>;

// A file's lines by the names in its first.
std::vector<Record> read_table(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  const auto cells = [](const std::string& text) {
    std::vector<std::string> result;
    std::istringstream stream(text);
    for (std::string cell; std::getline(stream, cell, ',');) result.push_back(cell);
    return result;
  };
  const std::vector<std::string> names = cells(line);
  std::vector<Record> records;
  while (std::getline(in, line)) {
    const std::vector<std::string> values = cells(line);
    Record record;
    for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) record[names[i]] = values[i];
    records.push_back(record);
  }
  return records;
}

double number(const Record& record, const std::string& key) {
  return std::strtod(record.at(key).c_str(), nullptr);
}

class DataSets : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("WISP_TEST_DATA");
    if (folder == nullptr) GTEST_SKIP() << "WISP_TEST_DATA names no data folder";
    folder_ = folder;
    for (const Record& record : read_table(folder_ + "/optima.csv")) {
      if (record.at("dataset") == GetParam()) optima_.push_back(record);
    }
    if (optima_.empty()) GTEST_SKIP() << folder_ << " has no optima.csv with " << GetParam();
  }

  ProblemSpec spec(const Record& record) const {
    ProblemSpec result;
    result.kind = record.at("problem") == "ridge" ? "least-squares" : "logistic";
    result.l2 = number(record, "lambda");
    result.data.path = folder_ + "/" + record.at("file");
    result.data.dim = static_cast<std::uint32_t>(number(record, "d"));
    return result;
  }

  // x*, empty where the folder has none.
  std::vector<double> optimum(const Record& record) const {
    const std::string tag = record.at("lambda_tag") == "1/N" ? "invN" : record.at("lambda_tag");
    std::ifstream in(folder_ + "/xstar/" + record.at("dataset") + "." + record.at("problem") + "." + tag +
                     ".txt");
    std::vector<double> x;
    for (std::string line; std::getline(in, line);) x.push_back(std::strtod(line.c_str(), nullptr));
    return x;
  }

  std::string folder_;
  std::vector<Record> optima_;
};

TEST_P(DataSets, have_the_rows_columns_and_entries_that_are_known) {
  const Record& record = optima_.front();
  const DataInfo info = kCatalog.prepare(spec(record)).info;
  EXPECT_EQ(static_cast<double>(info.rows), number(record, "N"));
  EXPECT_EQ(static_cast<double>(info.dim), number(record, "d"));
  EXPECT_EQ(static_cast<double>(info.nnz), number(record, "nnz"));
}

TEST_P(DataSets, reach_the_known_optimum_at_the_known_point) {
  for (const Record& record : optima_) {
    const std::vector<double> x = optimum(record);
    if (x.empty()) continue;
    const ProblemSpec problem = spec(record);
    const auto f = kCatalog.make_objective<double>(problem, kCatalog.prepare(problem), 0, 1, 0);
    const double best = number(record, "f_star");
    const std::vector<double> zero(x.size(), 0.0);
    EXPECT_NEAR(f->loss(x), best, 1e-14 * best)
        << problem.data.path << " " << problem.kind << " " << problem.l2;
    EXPECT_NEAR(f->loss(zero), number(record, "f_zero"), 1e-14 * number(record, "f_zero"));
    EXPECT_LT(test::norm(test::gradient_at<double>(*f, x)), 1e-14 * (1 + number(record, "L")));
  }
}

TEST_P(DataSets, have_the_known_smoothness) {
  for (const Record& record : optima_) {
    const ProblemSpec problem = spec(record);
    const Smoothness smoothness =
        kCatalog.make_objective<double>(problem, kCatalog.prepare(problem), 0, 1, 0)->smoothness();
    EXPECT_NEAR(smoothness.L, number(record, "L"), 1e-11 * smoothness.L)
        << problem.data.path << " " << problem.kind;
    EXPECT_EQ(smoothness.mu, number(record, "mu"));
  }
}

TEST_P(DataSets, have_the_known_smoothness_of_ten_workers) {
  for (const Record& record : optima_) {
    if (record.at("lambda_tag") != "1e-3") continue;
    const ProblemSpec problem = spec(record);
    const Source source = kCatalog.prepare(problem);
    double largest = 0;
    for (std::uint32_t worker = 0; worker < 10; ++worker) {
      const auto f = kCatalog.make_objective<double>(problem, source, worker, 10, 0);
      // The table has the mean over the worker's own rows, without the weight N_i n/N.
      const double weight = static_cast<double>(f->rows()) * 10 / static_cast<double>(source.info.rows);
      largest = std::max(largest, (f->smoothness().L - problem.l2) / weight + problem.l2);
    }
    EXPECT_NEAR(largest, number(record, "L_max_worker"), 1e-11 * largest)
        << problem.data.path << " " << problem.kind;
  }
}

TEST_P(DataSets, float_gradients_are_near_double_ones) {
  const Record& record = optima_.front();
  const ProblemSpec problem = spec(record);
  const Source source = kCatalog.prepare(problem);
  const auto wide = kCatalog.make_objective<double>(problem, source, 0, 1, 0);
  const auto narrow = kCatalog.make_objective<float>(problem, source, 0, 1, 0);
  const std::vector<double> x(wide->dim(), 0.01);
  const std::vector<float> x_narrow(x.begin(), x.end());
  const std::vector<double> gradient = test::gradient_at<double>(*wide, x);
  const std::vector<float> gradient_narrow = test::gradient_at<float>(*narrow, x_narrow);
  EXPECT_LT(test::distance(std::vector<double>(gradient_narrow.begin(), gradient_narrow.end()), gradient),
            1e-6 * test::norm(gradient));
  EXPECT_NEAR(narrow->loss(x_narrow), wide->loss(x), 1e-6 * wide->loss(x));
}

std::string suffix(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Optima, DataSets,
                         testing::Values("heart_scale", "german.numer", "a1a", "w1a", "mushrooms",
                                         "agaricus.train", "higgs7k", "phishing", "a9a", "w8a", "news20_bin",
                                         "housing_scale"),
                         suffix);

TEST(Interpolation, the_first_rows_of_a_file_have_the_known_smoothness) {
  const char* folder = std::getenv("WISP_TEST_DATA");
  if (folder == nullptr) GTEST_SKIP() << "WISP_TEST_DATA names no data folder";
  for (const Record& record : read_table(std::string(folder) + "/interpolation.csv")) {
    ProblemSpec problem;
    problem.kind = "least-squares";
    problem.data.path = std::string(folder) + "/" + record.at("file");
    problem.data.dim = static_cast<std::uint32_t>(number(record, "d"));
    problem.data.rows = static_cast<std::uint64_t>(number(record, "rows_used"));
    const auto f = kCatalog.make_objective<double>(problem, kCatalog.prepare(problem), 0, 1, 0);
    EXPECT_EQ(f->rows(), problem.data.rows);
    const double largest = number(record, "lambda_max_AtA_over_N");
    EXPECT_NEAR(f->smoothness().L, largest, 1e-11 * largest);
  }
}

}  // namespace
}  // namespace wisp::problems
