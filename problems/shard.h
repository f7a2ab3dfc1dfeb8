#pragma once
// How the rows of a data set are dealt to the workers.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wisp::problems {

// The names of the ways: contiguous, round-robin, shuffled, by-label.
std::vector<std::string> shard_names();

// The rows of worker `worker` of `workers`, increasing: a worker goes through its rows in the order of the
// file.
//   contiguous   the first N mod n workers get one row more than the others (numpy.array_split)
//   round-robin  row j belongs to worker j mod n
//   shuffled     contiguous pieces of a random order that follows from the seed
//   by-label     contiguous pieces of the rows sorted by label, rows of one label in the order of the file
// Over all workers every row comes once. `labels` (all rows', raw) are used by by-label alone, `seed` by
// shuffled alone. Throws Error (kConfig) when there are more workers than rows.
std::vector<std::uint64_t> shard_rows(std::string_view kind, std::uint32_t worker, std::uint32_t workers,
                                      std::uint64_t rows, std::span<const double> labels, std::uint64_t seed);

}  // namespace wisp::problems
