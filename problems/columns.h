#pragma once
// Columns: a second copy of sparse rows, ordered by column, for sums over all rows.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "problems/rows.h"

namespace wisp::problems {

// A sum over rows has an addition to a place in memory for each entry when it goes by rows, and one to a
// register when it goes by columns. Each coordinate's terms come in the order of the rows either way, so the
// bits are the same.
//
// Costs about as much memory as the rows: 4 bytes an entry for the row's number, sizeof(T) for its value
// unless all are 1, and 8 a column that is not empty; and about ten passes' time to make.
//
// The rows are cut into blocks, so that the factors of a block's rows stay in a core's own cache. Within a
// block the columns are sorted by size, 4096 neighbours at a time, and stored eight by eight, their entries
// by turns: the first entry of each, the second of each, and so on, of those that have one. So there are up
// to eight sums side by side, loops of equal length come one after the other, and sums are written near one
// another. (SELL-C-sigma, Kreutzer et al. 2014, but without its padding.)
template <class T>
class Columns {
 public:
  // True where the copy is worth its memory: where sums do not fit a core's own cache (measured: half of the
  // gradient's time or less), for data of ones, whose copy is half as large (two thirds of it), and in float
  // up to 4 million entries (nine tenths of it; in double it gains nothing).
  static bool pay(std::size_t nnz, std::uint32_t dim, bool ones);

  // Every index is below dim; `ones` as all_ones(rows) says. A block has rows_max rows, a multiple of 256 (0:
  // chosen by shape) or is the last one.
  Columns(const Rows<T>& rows, std::uint32_t dim, bool ones, std::size_t rows_max = 0);

  std::size_t blocks() const { return blocks_.size(); }
  // The rows of a block: begin .. end-1. Blocks are in the order of the rows and cover all of them.
  std::size_t begin(std::size_t block) const { return blocks_[block].begin; }
  std::size_t end(std::size_t block) const { return blocks_[block].end; }

  // sum[c] += factor[r - begin] * a_rc for the entries a_rc of a block, with r increasing in each column c.
  // Called for block after block it is what sparse_add() gives for row after row.
  void add(std::size_t block, std::span<const double> factor, std::span<double> sum) const;

 private:
  struct Column {
    std::uint32_t number;
    std::uint32_t size;
  };
  struct Block {
    std::size_t begin;
    std::size_t end;
    std::vector<Column> columns;     // eight a group, the largest first; empty ones only fill the last
    std::vector<std::uint32_t> row;  // less `begin`; some zeros behind the last, to look ahead at
    std::vector<T> value;            // empty if all are 1
  };

  void append(const Rows<T>& rows, std::uint32_t dim, std::size_t begin, std::size_t end);
  template <bool kOnes, bool kFar>
  void add_block(const Block& block, const double* factor, double* sum) const;

  bool ones_;
  std::vector<Block> blocks_;
};

extern template class Columns<float>;
extern template class Columns<double>;

}  // namespace wisp::problems
