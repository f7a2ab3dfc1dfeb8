#include "problems/shard.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/error.h"
#include "base/rng.h"

namespace wisp::problems {
namespace {

struct Piece {
  std::uint64_t begin;
  std::uint64_t end;
};

Piece contiguous_piece(std::uint32_t worker, std::uint32_t workers, std::uint64_t rows) {
  const std::uint64_t size = rows / workers;
  const std::uint64_t larger = rows % workers;  // so many workers have one row more, the first ones
  const std::uint64_t begin = worker * size + std::min<std::uint64_t>(worker, larger);
  return {begin, begin + size + (worker < larger ? 1 : 0)};
}

std::vector<std::uint64_t> take(std::span<const std::uint64_t> order, Piece piece) {
  const std::span<const std::uint64_t> part = order.subspan(piece.begin, piece.end - piece.begin);
  std::vector<std::uint64_t> selection(part.begin(), part.end());
  std::sort(selection.begin(), selection.end());
  return selection;
}

std::vector<std::uint64_t> all_rows(std::uint64_t rows) {
  std::vector<std::uint64_t> order(rows);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  return order;
}

std::vector<std::uint64_t> shuffled(Piece piece, std::uint64_t rows, std::uint64_t seed) {
  std::vector<std::uint64_t> order = all_rows(rows);
  Rng(seed, 0, 0, Purpose::kShuffle).shuffle(std::span(order));
  return take(order, piece);
}

std::vector<std::uint64_t> by_label(Piece piece, std::span<const double> labels) {
  std::vector<std::uint64_t> order = all_rows(labels.size());
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return labels[a] < labels[b]; });
  return take(order, piece);
}

std::vector<std::uint64_t> every(std::uint64_t first, std::uint64_t stride, std::uint64_t end) {
  std::vector<std::uint64_t> selection;
  for (std::uint64_t row = first; row < end; row += stride) selection.push_back(row);
  return selection;
}

}  // namespace

std::vector<std::string> shard_names() { return {"contiguous", "round-robin", "shuffled", "by-label"}; }

std::vector<std::uint64_t> shard_rows(std::string_view kind, std::uint32_t worker, std::uint32_t workers,
                                      std::uint64_t rows, std::span<const double> labels,
                                      std::uint64_t seed) {
  WISP_CHECK(worker < workers, "workers are numbered from 0");
  if (workers > rows) {
    throw Error(std::to_string(workers) + " workers, but the data has only " + std::to_string(rows) +
                    " rows, and each worker needs one; lower actors.worker.replicas",
                Fault::kConfig);
  }
  if (kind == "round-robin") return every(worker, workers, rows);
  const Piece piece = contiguous_piece(worker, workers, rows);
  if (kind == "contiguous") return every(piece.begin, 1, piece.end);
  if (kind == "shuffled") return shuffled(piece, rows, seed);
  WISP_CHECK(kind == "by-label", "ProblemSpec::check() knows the names");
  WISP_CHECK(labels.size() == rows, "by-label needs every row's label");
  return by_label(piece, labels);
}

}  // namespace wisp::problems
