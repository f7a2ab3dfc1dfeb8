#pragma once
// Reads idx files, plain or gzipped, as MNIST has them: one of unsigned bytes, N images of some shape, and
// one of N labels. A row is an image, its pixels divided by 255 in the order of the file; zeros are dropped.
//
// A file is streamed; memory is taken for pixels that were read, never for what a header promises.
//
// Every function throws Error (kConfig) `path: error: what is wrong; what to do`.
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "problems/rows.h"
#include "problems/source.h"

namespace wisp::problems {

struct IdxFiles {
  std::string images;
  std::string labels;
};

// One pass over the first `rows_max` rows (0: all). `dim`: how many pixels an image must have (0: any).
DataInfo scan_idx(const IdxFiles& files, std::uint32_t dim, std::uint64_t rows_max);

// The labels of the first `rows` rows, as they stand in the file.
std::vector<double> read_idx_labels(const IdxFiles& files, std::uint64_t rows);

// The rows numbered in `selection` (from 0, increasing strictly, below info.rows), with labels as
// info.label() maps them.
template <class T>
Rows<T> read_idx(const IdxFiles& files, const DataInfo& info, std::span<const std::uint64_t> selection);

// Writes the rows in `selection` as LIBSVM text, so that read_shard() of it gives the bits that read_idx()
// gives.
void write_idx_rows(const IdxFiles& files, std::span<const std::uint64_t> selection, std::ostream& out);

}  // namespace wisp::problems
