#include "problems/libsvm_row.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

using test::Scratch;

struct Row {
  double label = 0;
  std::vector<std::pair<std::uint32_t, double>> entries;
  bool operator==(const Row&) const = default;
};

std::vector<Row> parse(const std::string& text, std::uint32_t dim = 0) {
  const Scratch scratch;
  LineReader reader(scratch.write("f", text));
  RowParser parser(reader, dim);
  std::vector<Row> rows;
  while (reader.next()) {
    if (!parser.start()) continue;
    Row row;
    row.label = parser.label();
    std::uint32_t index = 0;
    double value = 0;
    while (parser.entry(index, value)) row.entries.emplace_back(index, value);
    rows.push_back(row);
  }
  return rows;
}

std::string complaint(const std::string& line, std::uint32_t dim = 0) {
  return test::file_error([&] { parse("1 1:1\n" + line + "\n", dim); });
}

using Rows1 = std::vector<Row>;

TEST(LibsvmRow, takes_the_usual_line) {
  EXPECT_EQ(parse("-1 3:1 11:0.25 14:-7\n"), (Rows1{{-1, {{2, 1}, {10, 0.25}, {13, -7}}}}));
}

TEST(LibsvmRow, takes_rows_of_a_label_alone) {
  EXPECT_EQ(parse("+1\n-1 \n0 1:2\n"), (Rows1{{1, {}}, {-1, {}}, {0, {{0, 2}}}}));
}

TEST(LibsvmRow, needs_no_newline_at_the_end) { EXPECT_EQ(parse("2 1:3"), (Rows1{{2, {{0, 3}}}})); }

TEST(LibsvmRow, takes_blanks_and_tabs_anywhere_between_words) {
  EXPECT_EQ(parse(" \t1\t 1:2  \t2:3 \t \n"), (Rows1{{1, {{0, 2}, {1, 3}}}}));
}

TEST(LibsvmRow, takes_crlf) {
  EXPECT_EQ(parse("1 1:2\r\n\r\n-1\r\n1 2:1\r"), (Rows1{{1, {{0, 2}}}, {-1, {}}, {1, {{1, 1}}}}));
}

TEST(LibsvmRow, skips_empty_lines_and_comments) {
  EXPECT_EQ(parse("\n  \n# head 1:a\n1 1:2 # tail 3:x\n1#\n"), (Rows1{{1, {{0, 2}}}, {1, {}}}));
}

TEST(LibsvmRow, drops_entries_that_are_zero) {
  EXPECT_EQ(parse("1 1:0 2:-0.0 3:1 4:0e9 5:1e-400\n"), (Rows1{{1, {{2, 1}}}}));
}

TEST(LibsvmRow, takes_every_way_to_write_a_number) {
  EXPECT_EQ(parse("+1.5e1 1:+2 2:1e-3 3:1E+3 4:.5 5:5. 6:-1.25e+02 +7:1 8:9\n"),
            (Rows1{{15, {{0, 2}, {1, 1e-3}, {2, 1e3}, {3, 0.5}, {4, 5}, {5, -125}, {6, 1}, {7, 9}}}}));
}

TEST(LibsvmRow, rounds_correctly) {
  EXPECT_EQ(
      parse("1 1:0.1 2:9007199254740993 3:2.2250738585072014e-308 4:1.7976931348623157e308 5:4.9e-324\n"),
      (Rows1{{1, {{0, 0.1}, {1, 0x1p53}, {2, 0x1p-1022}, {3, 0x1.fffffffffffffp1023}, {4, 0x1p-1074}}}}));
}

TEST(LibsvmRow, refuses_labels_that_are_no_finite_number) {
  EXPECT_EQ(complaint("abc 1:1"),
            "f:2: error: label 'abc' is not a number; a row is 'label index:value index:value ...'");
  EXPECT_EQ(complaint("1x 1:1"),
            "f:2: error: label '1x' is not a number; a row is 'label index:value index:value ...'");
  EXPECT_EQ(complaint("1:1 2:1"),
            "f:2: error: label '1:1' is not a number; a row is 'label index:value index:value ...'");
  EXPECT_EQ(complaint("nan 1:1"), "f:2: error: label 'nan' is not a finite number; repair or remove the row");
  EXPECT_EQ(complaint("-inf"), "f:2: error: label '-inf' is not a finite number; repair or remove the row");
}

TEST(LibsvmRow, refuses_values_that_are_no_finite_number) {
  EXPECT_EQ(complaint("1 3:NaN"),
            "f:2: error: value 'NaN' of index 3 is not a finite number; repair or remove the row");
  EXPECT_EQ(complaint("1 3:Inf"),
            "f:2: error: value 'Inf' of index 3 is not a finite number; repair or remove the row");
  EXPECT_EQ(complaint("1 3:1e400"),
            "f:2: error: value '1e400' of index 3 is not a finite number; repair or remove the row");
  const std::string shape = " is not a number; a row is 'label index:value index:value ...'";
  EXPECT_EQ(complaint("1 3:two 4:1"), "f:2: error: value 'two' of index 3" + shape);
  EXPECT_EQ(complaint("1 3:"), "f:2: error: value '' of index 3" + shape);
  EXPECT_EQ(complaint("1 3: 5"), "f:2: error: value '' of index 3" + shape);
  EXPECT_EQ(complaint("1 3:+-5"), "f:2: error: value '+-5' of index 3" + shape);
  EXPECT_EQ(complaint("1 3:0x10"), "f:2: error: value '0x10' of index 3" + shape);
  EXPECT_EQ(complaint("1 3:1,5"), "f:2: error: value '1,5' of index 3" + shape);
  EXPECT_EQ(complaint("1 3:1:2"), "f:2: error: value '1:2' of index 3" + shape);
}

TEST(LibsvmRow, refuses_indices_that_are_no_whole_number) {
  EXPECT_EQ(complaint("1 5 6:1"), "f:2: error: '5' has no colon; write index:value");
  EXPECT_EQ(complaint("1 x 6:1"), "f:2: error: 'x' has no colon; write index:value");
  EXPECT_EQ(complaint("1 a:1"), "f:2: error: 'a:1' has no whole number before its colon; write index:value");
  EXPECT_EQ(complaint("1 :1"), "f:2: error: ':1' has no whole number before its colon; write index:value");
  EXPECT_EQ(complaint("1 1.5:1"),
            "f:2: error: '1.5:1' has no whole number before its colon; write index:value");
  EXPECT_EQ(complaint("1 -1:1"),
            "f:2: error: '-1:1' has no whole number before its colon; write index:value");
  EXPECT_EQ(complaint("1 qid:3 1:1"),
            "f:2: error: 'qid:3' has no whole number before its colon; write index:value");
}

TEST(LibsvmRow, refuses_indices_that_are_out_of_place) {
  EXPECT_EQ(complaint("1 0:1"), "f:2: error: index 0; indices count from 1");
  EXPECT_EQ(complaint("1 3:1 0:1"), "f:2: error: index 0; indices count from 1");
  EXPECT_EQ(complaint("1 7:1 7:2"), "f:2: error: index 7 comes twice in this row; keep one of them");
  EXPECT_EQ(complaint("1 7:1 3:2"), "f:2: error: index 3 comes after 7; indices must increase");
  EXPECT_EQ(complaint("1 7:0 3:0"), "f:2: error: index 3 comes after 7; indices must increase");
  EXPECT_EQ(complaint("1 124:1", 123),
            "f:2: error: index 124 is above the dimension 123; raise problem.data.dim, or leave it out");
  EXPECT_EQ(complaint("1 123:1", 123), "nothing was thrown");
  EXPECT_EQ(complaint("1 99999999999999999999999:1"),
            "f:2: error: the index of '99999999999999999999999:1' is too large; it may be 4294967294");
  EXPECT_EQ(complaint("1 4294967295:1"),
            "f:2: error: the index of '4294967295:1' is too large; it may be 4294967294");
}

TEST(LibsvmRow, errors_quote_nothing_that_a_terminal_would_obey) {
  EXPECT_EQ(complaint("\x1b[2J 1:1"),
            "f:2: error: label '\\x1b[2J' is not a number; a row is 'label index:value index:value ...'");
  EXPECT_LT(complaint(std::string(100000, 'x')).size(), 200u);
}

}  // namespace
}  // namespace wisp::problems
