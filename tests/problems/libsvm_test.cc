#include "problems/libsvm.h"

#include <cstdio>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "tests/problems/support.h"
#include "tests/support/seed.h"

namespace wisp::problems {
namespace {

using test::file_error;
using test::Scratch;
using Selection = std::vector<std::uint64_t>;

constexpr const char* kSmall = "# four rows\n2 1:1 3:0.5\n1\n\n2 2:0 4:3 \n1 1:-1\n";

Selection all(std::uint64_t rows) {
  Selection selection(rows);
  std::iota(selection.begin(), selection.end(), std::uint64_t{0});
  return selection;
}

DataInfo facts(std::uint64_t rows, std::uint32_t dim, std::uint64_t nnz, std::uint32_t labels, double low,
               double high) {
  return {rows, dim, nnz, labels, low, high};
}

TEST(Libsvm, scan_counts) {
  const Scratch scratch;
  const std::string path = scratch.write("f", kSmall);
  EXPECT_EQ(scan_libsvm(path, 0, 0), facts(4, 4, 4, 2, 1, 2));
  EXPECT_EQ(scan_libsvm(path, 9, 0), facts(4, 9, 4, 2, 1, 2));
  EXPECT_EQ(scan_libsvm(path, 0, 1), facts(1, 3, 2, 1, 2, 2));
  EXPECT_EQ(scan_libsvm(scratch.write("g", "1 1:1\n3\n2\n3\n-4\n"), 0, 0), facts(5, 1, 1, 3, -4, 3));
  EXPECT_EQ(scan_libsvm(scratch.write("h", "1 1:1 5:0\n"), 0, 0), facts(1, 5, 1, 1, 1, 1));
}

TEST(Libsvm, scan_says_what_is_wrong_with_the_whole) {
  const Scratch scratch;
  const std::string none = "no rows; a row is 'label index:value index:value ...'";
  EXPECT_EQ(file_error([&] { scan_libsvm(scratch.write("f", ""), 0, 0); }), "f: error: has " + none);
  EXPECT_EQ(file_error([&] { scan_libsvm(scratch.write("f", "\n# only this\n"), 0, 0); }),
            "f: error: has " + none);
  EXPECT_EQ(file_error([&] { scan_libsvm(scratch.write("f", "1\n-1\n"), 0, 0); }),
            "f: error: has labels only, no index:value; set problem.data.dim");
  EXPECT_EQ(file_error([&] { scan_libsvm(scratch.write("f", "1 1:1\n"), 0, 3); }),
            "f: error: has 1 rows of the 3 asked for; lower problem.data.rows, or leave it out");
  EXPECT_EQ(file_error([&] { scan_libsvm(scratch.write("f", "1 1:1\n\n1 2:1 2:1\n"), 0, 0); }),
            "f:3: error: index 2 comes twice in this row; keep one of them");
}

TEST(Libsvm, rows_past_the_limit_are_not_looked_at) {
  const Scratch scratch;
  EXPECT_EQ(scan_libsvm(scratch.write("f", "1 1:1\nrubbish\n"), 0, 1).rows, 1u);
}

TEST(Libsvm, reads_the_rows_selected_with_their_labels_mapped) {
  const Scratch scratch;
  const std::string path = scratch.write("f", kSmall);
  const DataInfo info = scan_libsvm(path, 0, 0);
  const Rows<double> rows = read_rows<double>(path, info, Selection{0, 2, 3});
  EXPECT_EQ(rows.start, (std::vector<std::size_t>{0, 2, 3, 4}));
  EXPECT_EQ(rows.index, (std::vector<std::uint32_t>{0, 2, 3, 0}));
  EXPECT_EQ(rows.value, (std::vector<double>{1, 0.5, 3, -1}));
  EXPECT_EQ(rows.label, (std::vector<double>{1, 1, -1}));
  EXPECT_EQ(read_rows<float>(path, info, Selection{1}).label, std::vector<float>{-1});
}

TEST(Libsvm, maps_two_labels_to_signs_and_leaves_others) {
  for (const auto& [low, high] : {std::pair{-1.0, 1.0}, {0.0, 1.0}, {1.0, 2.0}, {-7.5, -3.0}}) {
    const DataInfo info = facts(9, 1, 0, 2, low, high);
    EXPECT_EQ(info.label(low), -1);
    EXPECT_EQ(info.label(high), 1);
  }
  EXPECT_EQ(facts(9, 1, 0, 3, 10, 30).label(20), 20);
  EXPECT_EQ(facts(9, 1, 0, 1, 10, 10).label(10), 10);
}

TEST(Libsvm, reads_labels_as_they_stand) {
  const Scratch scratch;
  const std::string path = scratch.write("f", kSmall);
  EXPECT_EQ(read_labels(path, 4), (std::vector<double>{2, 1, 2, 1}));
  EXPECT_EQ(read_labels(path, 2), (std::vector<double>{2, 1}));
}

TEST(Libsvm, notices_a_file_that_became_shorter) {
  const Scratch scratch;
  const DataInfo info = facts(4, 4, 4, 2, 1, 2);
  const std::string path = scratch.write("f", "1 1:1\n2 1:1\n");
  const std::string text = "f: error: has 2 rows of the 4 asked for; it has changed since it was first read";
  EXPECT_EQ(file_error([&] { read_rows<double>(path, info, Selection{0, 3}); }), text);
  EXPECT_EQ(file_error([&] { read_labels(path, 4); }), text);
}

TEST(Libsvm, float_values_that_do_not_fit_are_named) {
  const Scratch scratch;
  const std::string path = scratch.write("f", "1 1:1e39\n-1 1:1e-60 2:1\n");
  const DataInfo info = scan_libsvm(path, 0, 0);
  EXPECT_EQ(file_error([&] { read_rows<float>(path, info, Selection{0}); }),
            "f:1: error: a number of this row is too large for float32; use dtype: float64");
  EXPECT_EQ(read_rows<float>(path, info, Selection{1}).index, std::vector<std::uint32_t>{1});
  EXPECT_EQ(read_rows<double>(path, info, Selection{0, 1}).nnz(), 3u);
}

TEST(Libsvm, a_copied_shard_reads_back_to_the_same_bits) {
  const Scratch scratch;
  const std::string path = scratch.write("f", "2 1:0.1 3:1e-3\r\n1\n\n1 2:0.3333333333333333 # note\n2 1:7");
  const DataInfo info = scan_libsvm(path, 0, 0);
  const Selection selection{0, 2, 3};
  std::ostringstream copy;
  copy_rows(path, info, selection, copy);
  EXPECT_EQ(copy.str(), "2 1:0.1 3:1e-3\r\n1 2:0.3333333333333333 # note\n2 1:7\n");
  const Rows<double> direct = read_rows<double>(path, info, selection);
  const Rows<double> copied = read_shard<double>(scratch.write("shard", copy.str()), info, 3);
  EXPECT_EQ(copied.start, direct.start);
  EXPECT_EQ(copied.index, direct.index);
  EXPECT_EQ(copied.value, direct.value);
  EXPECT_EQ(copied.label, direct.label);
  EXPECT_EQ(file_error([&] { read_shard<double>(scratch.path("shard"), info, 4); }),
            "shard: error: has 3 rows, but this worker's shard has 4");
}

TEST(Libsvm, gives_back_what_was_printed_however_it_was_spaced) {
  const Scratch scratch;
  Rng rng(wisp::test::seed(), 0, 0, Purpose::kData);
  Rows<double> rows;
  std::string text;
  const auto gap = [&] { return std::string(1 + rng.below(3), rng.below(2) == 0 ? ' ' : '\t'); };
  for (int row = 0; row < 500; ++row) {
    const double label = rng.normal();
    char number[64];
    std::snprintf(number, sizeof number, "%.17g", label);
    text += number;
    for (std::uint32_t index = rng.below(5); index < 300; index += 1 + rng.below(50)) {
      const double value = rng.normal() * std::exp(20 * rng.normal());
      std::snprintf(number, sizeof number, rng.below(2) == 0 ? "%u:%.17g" : "%u:%.16e", index + 1, value);
      text += gap() + number;
      rows.index.push_back(index);
      rows.value.push_back(value);
    }
    rows.finish_row(label);
    text += rng.below(2) == 0 ? "\n" : " \r\n\n";
  }
  const std::string path = scratch.write("f", text);
  const DataInfo info = scan_libsvm(path, 300, 0);
  EXPECT_EQ(info.rows, 500u);
  EXPECT_EQ(info.nnz, rows.nnz());
  const Rows<double> read = read_rows<double>(path, info, all(500));
  EXPECT_EQ(read.start, rows.start);
  EXPECT_EQ(read.index, rows.index);
  EXPECT_EQ(read.value, rows.value);
  EXPECT_EQ(read.label, rows.label);
}

TEST(Libsvm, any_bytes_are_rows_or_an_error) {
  const Scratch scratch;
  Rng rng(wisp::test::seed(), 1, 0, Purpose::kData);
  const std::string alphabet = "0123456789:::: \t\r\n\n\n+-.e#naif\x01\xff";
  for (int trial = 0; trial < 300; ++trial) {
    std::string text;
    for (std::uint32_t i = rng.below(60); i > 0; --i) {
      text += alphabet[rng.below(static_cast<std::uint32_t>(alphabet.size()))];
    }
    const std::string path = scratch.write("f", text);
    try {
      const DataInfo info = scan_libsvm(path, 0, 0);
      const Rows<double> rows = read_rows<double>(path, info, all(info.rows));
      EXPECT_EQ(rows.nnz(), info.nnz);
      for (const std::uint32_t index : rows.index) EXPECT_LT(index, info.dim);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(": error: "), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace wisp::problems
