#pragma once
// The problems by name, and the way from a job's words to a worker's function.
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "problems/objective.h"
#include "problems/source.h"
#include "problems/spec.h"

namespace wisp::problems {

// In the order in which they are listed to people.
std::vector<std::string> problem_names();
// One line for people; the name must be one of problem_names().
std::string problem_description(std::string_view name);

// Reads through the data once and checks every line; or, for synthetic data, says what it will be. Calls
// spec.check(). Throws Error (kConfig), also when the labels don't suit the problem.
Source prepare(const ProblemSpec& spec);

// l2 as a number: spec.l2, or 1/N.
double l2_weight(const ProblemSpec& spec, const DataInfo& info);

// Throws Error (kConfig) when the data can't be dealt to so many workers.
void check_workers(const ProblemSpec& spec, const Source& source, std::uint32_t workers);

// Worker `worker`'s f_i of `workers`; reads that worker's rows into memory and nothing else of the data. With
// worker 0 of 1 it is f itself for a problem made of rows (see make_whole). Throws Error (kConfig) when there
// are more workers than rows, or when the file is not what `source` says.
template <class T>
std::unique_ptr<Objective<T>> make_objective(const ProblemSpec& spec, const Source& source,
                                             std::uint32_t worker, std::uint32_t workers, std::uint64_t seed);

// f = (1/n) sum_i f_i of n = `workers` workers as one function, for who wants its optimum or its constants.
// The source must not be a shard.
template <class T>
std::unique_ptr<Objective<T>> make_whole(const ProblemSpec& spec, const Source& source, std::uint32_t workers,
                                         std::uint64_t seed);

// True when worker i's f_i needs no file: the seed and the spec say it all.
bool needs_no_file(const ProblemSpec& spec);

// Writes the lines of worker `worker`'s rows, for a host that has not got the file. There, a Source with
// `is_shard` set and the same info gives the same bits.
void write_shard(const ProblemSpec& spec, const Source& source, std::uint32_t worker, std::uint32_t workers,
                 std::uint64_t seed, std::ostream& out);

}  // namespace wisp::problems
