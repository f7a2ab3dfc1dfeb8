#include "problems/libsvm.h"

#include <cmath>
#include <cstddef>
#include <ostream>
#include <type_traits>

#include "problems/libsvm_row.h"
#include "problems/line_reader.h"

namespace wisp::problems {
namespace {

[[noreturn]] void fail_rows(const LineReader& reader, std::uint64_t found, std::uint64_t wanted,
                            const char* remedy) {
  reader.fail_file("has " + std::to_string(found) + " rows of the " + std::to_string(wanted) +
                   " asked for; " + remedy);
}

// Calls visit() at every selected row, the parser being in front of its label.
template <class Visit>
void for_selected(LineReader& reader, RowParser& parser, std::span<const std::uint64_t> selection,
                  Visit visit) {
  std::uint64_t row = 0;
  std::size_t next = 0;
  while (next < selection.size() && reader.next()) {
    if (!parser.start()) continue;
    if (row++ != selection[next]) continue;
    visit();
    ++next;
  }
  if (next < selection.size())
    fail_rows(reader, row, selection[next] + 1, "it has changed since it was first read");
}

template <class T>
T convert(const LineReader& reader, double wide) {
  const T value = static_cast<T>(wide);
  if constexpr (std::is_same_v<T, float>) {
    if (!std::isfinite(value))
      reader.fail("a number of this row is too large for float32; use dtype: float64");
  }
  return value;
}

template <class T>
void append_row(const LineReader& reader, RowParser& parser, const DataInfo& info, Rows<T>& rows) {
  const double label = info.label(parser.label());
  std::uint32_t index = 0;
  double wide = 0;
  while (parser.entry(index, wide)) {
    const T value = convert<T>(reader, wide);
    if (value == 0) continue;
    rows.index.push_back(index);
    rows.value.push_back(value);
  }
  rows.finish_row(convert<T>(reader, label));
}

}  // namespace

DataInfo scan_libsvm(const std::string& path, std::uint32_t dim, std::uint64_t rows_max) {
  LineReader reader(path);
  RowParser parser(reader, dim);
  DataInfo info;
  std::uint32_t index = 0;
  double value = 0;
  while ((rows_max == 0 || info.rows < rows_max) && reader.next()) {
    if (!parser.start()) continue;
    info.count_row(parser.label());
    while (parser.entry(index, value)) ++info.nnz;
  }
  if (info.rows == 0) reader.fail_file("has no rows; a row is 'label index:value index:value ...'");
  if (info.rows < rows_max)
    fail_rows(reader, info.rows, rows_max, "lower problem.data.rows, or leave it out");
  info.dim = dim != 0 ? dim : parser.index_max();
  if (info.dim == 0) reader.fail_file("has labels only, no index:value; set problem.data.dim");
  return info;
}

std::vector<double> read_labels(const std::string& path, std::uint64_t rows) {
  LineReader reader(path);
  RowParser parser(reader, 0);
  std::vector<double> labels;
  while (labels.size() < rows && reader.next()) {
    if (parser.start()) labels.push_back(parser.label());
  }
  if (labels.size() < rows) fail_rows(reader, labels.size(), rows, "it has changed since it was first read");
  return labels;
}

template <class T>
Rows<T> read_rows(const std::string& path, const DataInfo& info, std::span<const std::uint64_t> selection) {
  LineReader reader(path);
  RowParser parser(reader, info.dim);
  Rows<T> rows;
  for_selected(reader, parser, selection, [&] { append_row(reader, parser, info, rows); });
  rows.shrink();
  return rows;
}

template <class T>
Rows<T> read_shard(const std::string& path, const DataInfo& info, std::uint64_t count) {
  LineReader reader(path);
  RowParser parser(reader, info.dim);
  Rows<T> rows;
  while (reader.next()) {
    if (parser.start()) append_row(reader, parser, info, rows);
  }
  if (rows.count() != count) {
    reader.fail_file("has " + std::to_string(rows.count()) + " rows, but this worker's shard has " +
                     std::to_string(count));
  }
  rows.shrink();
  return rows;
}

void copy_rows(const std::string& path, const DataInfo& info, std::span<const std::uint64_t> selection,
               std::ostream& out) {
  LineReader reader(path);
  RowParser parser(reader, info.dim);
  for_selected(reader, parser, selection, [&] { out << reader.line() << '\n'; });
}

template Rows<float> read_rows(const std::string&, const DataInfo&, std::span<const std::uint64_t>);
template Rows<double> read_rows(const std::string&, const DataInfo&, std::span<const std::uint64_t>);
template Rows<float> read_shard(const std::string&, const DataInfo&, std::uint64_t);
template Rows<double> read_shard(const std::string&, const DataInfo&, std::uint64_t);

}  // namespace wisp::problems
