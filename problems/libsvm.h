#pragma once
// Reads LIBSVM text, plain or gzipped: `label index:value index:value ...`, one row a line, indices from 1,
// increasing.
//
// Also taken: rows of a label alone, no newline at the end, blanks and tabs anywhere between words, CRLF, a
// leading '+', exponents, entries that are zero (dropped), empty lines, and comments from '#' to the end of
// the line. Numbers are rounded correctly and don't depend on the locale. A file is streamed; its longest
// line may have 256 MiB.
//
// Every function throws Error (kConfig) `path:line: error: what is wrong; what to do`, or `path: error: ...`
// where no line is to blame (missing, unreadable, no rows, broken gzip).
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "problems/rows.h"
#include "problems/source.h"

namespace wisp::problems {

// One pass over the first `rows_max` rows (0: all) that checks every line. `dim` 0 means the largest index
// present; otherwise an index above it is an error.
DataInfo scan_libsvm(const std::string& path, std::uint32_t dim, std::uint64_t rows_max);

// The labels of the first `rows` rows, as they stand in the file.
std::vector<double> read_labels(const std::string& path, std::uint64_t rows);

// The rows numbered in `selection` (from 0, increasing strictly, below info.rows), with labels as
// info.label() maps them. Other rows are skipped without being looked at or kept.
template <class T>
Rows<T> read_rows(const std::string& path, const DataInfo& info, std::span<const std::uint64_t> selection);

// All rows of a file that copy_rows() made, where the whole data set has the facts `info`; there must be
// `count`.
template <class T>
Rows<T> read_shard(const std::string& path, const DataInfo& info, std::uint64_t count);

// Copies the lines of the rows in `selection` as they stand, each ended by a newline, so that read_shard() of
// the copy gives the bits that read_rows() gives.
void copy_rows(const std::string& path, const DataInfo& info, std::span<const std::uint64_t> selection,
               std::ostream& out);

}  // namespace wisp::problems
