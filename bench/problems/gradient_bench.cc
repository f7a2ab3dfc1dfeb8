// The gradient of the logistic loss over sparse rows beside Eigen's sparse products, and beside a pass that
// only reads the rows. Eigen computes in T; wisp sums in double whatever T is, so Eigen in double stands
// beside float, too.
//
// usage: problems_gradient_bench [turns]    WISP_TEST_DATA=<folder> adds the a9a of that folder
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include "base/rng.h"
#include "bench/sparse/measure.h"
#include "problems/libsvm.h"
#include "problems/linear.h"
#include "problems/logistic.h"

namespace wisp::bench {
namespace {

using problems::Layout;
using problems::Rows;

constexpr double kL2 = 1e-4;

struct Data {
  std::string name;
  std::uint32_t dim;
  Rows<double> rows;
  double least;  // of Eigen's time by wisp's
};

// 14 questions, one answer each: some of them nearly everybody's.
Data categories() {
  Data data{"a9a-like", 123, {}, 1.5};
  Rng rng(1, 0, 0, Purpose::kData);
  for (int row = 0; row < 32561; ++row) {
    for (std::uint32_t question = 0; question < 14; ++question) {
      const double u = rng.uniform();
      const std::uint32_t answers = question < 11 ? 9 : 8;
      data.rows.index.push_back(std::min(question * 9, 99 + (question - 11) * 8) +
                                static_cast<std::uint32_t>(answers * u * u));
      data.rows.value.push_back(1);
    }
    data.rows.finish_row(rng.uniform() < 0.5 ? -1 : 1);
  }
  return data;
}

// 75 columns a row, less those that were drawn twice.
Data text(const char* name, bool log_uniform) {
  Data data{name, 1'000'000, {}, 1.2};
  Rng rng(2, 0, 0, Purpose::kData);
  for (int row = 0; row < 100'000; ++row) {
    std::vector<std::uint32_t> columns(75);
    for (std::uint32_t& column : columns) {
      const double u = rng.uniform();
      column = static_cast<std::uint32_t>(log_uniform ? std::pow(1e6, u) - 1 : 1e6 * u);
    }
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    for (const std::uint32_t column : columns) {
      data.rows.index.push_back(column);
      data.rows.value.push_back(rng.normal());
    }
    data.rows.finish_row(rng.uniform() < 0.5 ? -1 : 1);
  }
  return data;
}

Data real(const std::string& path) {
  const problems::DataInfo info = problems::scan_libsvm(path, 0, 0);
  std::vector<std::uint64_t> all(info.rows);
  std::iota(all.begin(), all.end(), 0U);
  return {"a9a", info.dim, problems::read_rows<double>(path, info, all), 1.5};
}

template <class T>
Rows<T> rows_in(const Rows<double>& rows) {
  Rows<T> result;
  result.start = rows.start;
  result.index = rows.index;
  result.value.assign(rows.value.begin(), rows.value.end());
  result.label.assign(rows.label.begin(), rows.label.end());
  return result;
}

std::vector<double> iterate(std::uint32_t dim) {
  Rng rng(3, 0, 0, Purpose::kInit);
  std::vector<double> x(dim);
  for (double& each : x) each = 0.1 * rng.normal();
  return x;
}

// The gradient as one writes it with Eigen: products with the rows, or with a second copy for the transposed
// one.
template <class T>
class Peer {
 public:
  using Matrix = Eigen::SparseMatrix<T, Eigen::RowMajor, int>;
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

  Peer(const Data& data, bool transposed)
      : weight_(static_cast<T>(1.0 / static_cast<double>(data.rows.count()))),
        x_(Eigen::Map<const Eigen::VectorXd>(iterate(data.dim).data(), data.dim).cast<T>()),
        label_(Eigen::Map<const Eigen::VectorXd>(data.rows.label.data(),
                                                 static_cast<Eigen::Index>(data.rows.count()))
                   .cast<T>()),
        rows_(label_.size(), x_.size()) {
    std::vector<Eigen::Triplet<T>> entries;
    for (std::size_t row = 0; row < data.rows.count(); ++row) {
      for (std::size_t i = data.rows.start[row]; i < data.rows.start[row + 1]; ++i) {
        entries.emplace_back(static_cast<int>(row), static_cast<int>(data.rows.index[i]),
                             static_cast<T>(data.rows.value[i]));
      }
    }
    rows_.setFromTriplets(entries.begin(), entries.end());
    if (transposed) columns_ = rows_.transpose();
  }

  const Vector& gradient() {
    margin_.noalias() = rows_ * x_;
    slope_ = -label_.array() / (1 + (label_.array() * margin_.array()).exp());
    if (columns_.size() != 0) {
      gradient_.noalias() = columns_ * slope_;
    } else {
      gradient_.noalias() = rows_.transpose() * slope_;
    }
    gradient_ = weight_ * gradient_ + static_cast<T>(kL2) * x_;
    return gradient_;
  }

 private:
  T weight_;
  Vector x_, label_, margin_, slope_, gradient_;
  Matrix rows_, columns_;
};

template <class T>
class Own {
 public:
  Own(const Data& data, Layout layout)
      : model_(rows_in<T>(data.rows), {data.dim, 1.0 / static_cast<double>(data.rows.count()), kL2}, {},
               layout),
        gradient_(data.dim) {
    const std::vector<double> x = iterate(data.dim);
    x_.assign(x.begin(), x.end());
  }
  const std::vector<T>& gradient() {
    model_.gradient(x_, gradient_);
    return gradient_;
  }

 private:
  problems::LinearModel<T, problems::LogisticLoss> model_;
  std::vector<T> x_, gradient_;
};

template <class T>
std::uint64_t read(const Rows<T>& rows) {
  std::uint64_t sum = 0;
  for (const std::uint32_t index : rows.index) sum += index;
  const auto* words = reinterpret_cast<const unsigned char*>(rows.value.data());
  for (std::size_t i = 0; i + 8 <= rows.value.size() * sizeof(T); i += 8) {
    std::uint64_t word = 0;
    __builtin_memcpy(&word, words + i, 8);
    sum += word;
  }
  return sum;
}

// Both compute the same, up to rounding.
template <class A, class B>
void compare(const std::string& name, const A& a, const B& b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double mine = static_cast<double>(b[i]);
    const double d = static_cast<double>(a[static_cast<Eigen::Index>(i)]) - mine;
    difference += d * d;
    norm += mine * mine;
  }
  std::fprintf(stderr, "%s: relative difference %.2g\n", name.c_str(), std::sqrt(difference / norm));
}

template <class T>
void race(const Data& data, int turns) {
  const auto nnz = static_cast<double>(data.rows.nnz());
  const int repeats = nnz < 1e6 ? 5 : 1;
  const std::string name = "gradient, " + data.name + (sizeof(T) == 4 ? ", float" : ", double");
  const Rows<T> rows = rows_in<T>(data.rows);
  Peer<T> peer(data, false), peer_twice(data, true);
  Peer<double> peer_wide(data, false);
  Own<T> own(data, Layout::kBest), by_rows(data, Layout::kRows), by_columns(data, Layout::kColumns);
  compare(name, peer.gradient(), own.gradient());

  Race by_turns;
  const auto ours = by_turns.enter([&] { keep(own.gradient().front()); }, repeats);
  const auto theirs = by_turns.enter([&] { keep(peer.gradient()[0]); }, repeats);
  const auto theirs_twice = by_turns.enter([&] { keep(peer_twice.gradient()[0]); }, repeats);
  const auto ours_by_rows = by_turns.enter([&] { keep(by_rows.gradient().front()); }, repeats);
  const auto ours_by_columns = by_turns.enter([&] { keep(by_columns.gradient().front()); }, repeats);
  const auto theirs_wide =
      by_turns.enter([&] { keep(peer_wide.gradient()[0]); }, sizeof(T) == 4 ? repeats : 0);
  const auto floor = by_turns.enter([&] { keep(read(rows)); }, repeats);
  by_turns.run(turns);

  const char* const unit = "ns an entry";
  print_race(name + ", Eigen / wisp", by_turns, theirs, ours, nnz, unit, {.least = data.least});
  print_race(name + ", Eigen with a transposed copy / wisp", by_turns, theirs_twice, ours, nnz, unit,
             {.least = 0.95});
  if (sizeof(T) == 4)
    print_race(name + ", Eigen in double / wisp", by_turns, theirs_wide, ours, nnz, unit, {});
  print_race(name + ", Eigen / wisp by rows", by_turns, theirs, ours_by_rows, nnz, unit, {});
  print_race(name + ", Eigen / wisp by columns", by_turns, theirs, ours_by_columns, nnz, unit, {});
  print_race(name + ", wisp / reading the rows", by_turns, ours, floor, nnz, unit, {});
}

void run(int turns) {
  std::vector<Data> all;
  all.push_back(categories());
  if (const char* const folder = std::getenv("WISP_TEST_DATA")) {
    const std::string path = std::string(folder) + "/libsvm/a9a.gz";
    if (std::filesystem::exists(path)) all.push_back(real(path));
  }
  Data scaled = categories();
  scaled.name = "a9a-like with values";
  scaled.least = 0.95;
  for (std::size_t i = 0; i < scaled.rows.nnz(); ++i) scaled.rows.value[i] = 0.5 + static_cast<double>(i % 7);
  all.push_back(std::move(scaled));
  all.push_back(text("log-uniform columns", true));
  all.push_back(text("uniform columns", false));
  for (const Data& data : all) {
    const int these = data.rows.nnz() < 1'000'000 ? 4 * turns : turns;
    race<float>(data, these);
    race<double>(data, these);
  }
}

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::bench::run(argc > 1 ? std::atoi(argv[1]) : 15);
  return 0;
}
