#pragma once
// The catalogue of problems, and the way from a job's words to a worker's function.
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/named_list.h"
#include "problems/objective.h"
#include "problems/rows.h"
#include "problems/source.h"
#include "problems/spec.h"

namespace wisp::problems {

// A worker's share of a problem that is made of rows.
template <class T>
struct RowsPlace {
  Rows<T> rows;               // this worker's
  const DataInfo& info;       // of the whole data
  std::uint32_t workers = 1;  // among whom they are dealt
  double l2 = 0;              // as a number
  const Settings& settings;   // all that the problem declares are set
};
// A worker's share of a problem without rows: it follows from the spec and the seed.
struct SeedPlace {
  const ProblemSpec& spec;
  std::uint64_t seed = 0;
  std::uint32_t worker = 0;
  const Settings& settings;
  std::uint32_t workers = 1;
};

template <class T>
using MakeOfRows = std::function<std::unique_ptr<Objective<T>>(RowsPlace<T>)>;
template <class T>
using MakeOfSeed = std::function<std::unique_ptr<Objective<T>>(const SeedPlace&)>;

// A row of the catalogue. It is made of rows, or of a seed.
struct Problem {
  std::string name;
  std::string description;    // one line for people
  bool two_labels = false;    // made of rows with two labels, which it sees as +1 and -1
  std::uint32_t dim_max = 0;  // of a problem without rows; 0: none
  std::vector<Setting> settings = {};
  bool classes = false;        // made of rows whose labels are classes: whole numbers, two or more of them
  bool convex = true;          // has a least value that a solver can find
  bool starts_random = false;  // zeros and ones are no start for it
  // Of x, where that is not the number of features; throws Error (kConfig) for one that is too large.
  std::function<std::uint32_t(const DataInfo&, const Settings&)> dim = nullptr;
  MakeOfRows<float> rows32 = nullptr;
  MakeOfRows<double> rows64 = nullptr;
  MakeOfSeed<float> seed32 = nullptr;
  MakeOfSeed<double> seed64 = nullptr;
  MakeOfSeed<double> mean64 = nullptr;  // the mean over `worker` workers: f itself

  bool has_rows() const { return static_cast<bool>(rows64); }
  bool has_labels_of_classes() const { return two_labels || classes; }
};

// The problems by name. Filled before a job begins, read-only afterwards.
class Catalog {
 public:
  Catalog();  // with the problems of this room

  // Throws Error (kConfig) for a name that is taken, and for a problem that can't be made in both dtypes.
  void add(Problem problem);
  // In the order in which they are listed to people.
  const NamedList<Problem>& problems() const { return problems_; }
  std::vector<std::string> names() const { return problems_.names(); }
  // Null for a name that is not in the catalogue.
  const Problem* find(std::string_view name) const { return problems_.find(name); }

  // Reads through the data once and checks every line; or, for synthetic data, says what it will be. Calls
  // spec.check(). Throws Error (kConfig), also when the labels don't suit the problem.
  Source prepare(const ProblemSpec& spec) const;

  // The dimension of x.
  std::uint32_t dim(const ProblemSpec& spec, const DataInfo& info) const;

  // The job of measuring on spec.test's rows as one of its own: make_objective() of these two gives a
  // worker's share of them, whose loss has no l2, and write_shard() brings it to a host. Labels and features
  // are those of the training rows, whose `info` is given. Reads through the file; throws Error (kConfig).
  static ProblemSpec test_spec(const ProblemSpec& spec);
  Source prepare_test(const ProblemSpec& spec, const DataInfo& info) const;

  // l2 as a number: spec.l2, or 1/N.
  static double l2_weight(const ProblemSpec& spec, const DataInfo& info);

  // Throws Error (kConfig) when the data can't be dealt to so many workers.
  void check_workers(const ProblemSpec& spec, const Source& source, std::uint32_t workers) const;

  // Worker `worker`'s f_i of `workers`; reads that worker's rows into memory and nothing else of the data.
  // With worker 0 of 1 it is f itself for a problem made of rows (see make_whole). Throws Error (kConfig)
  // when there are more workers than rows, or when the file is not what `source` says.
  template <class T>
  std::unique_ptr<Objective<T>> make_objective(const ProblemSpec& spec, const Source& source,
                                               std::uint32_t worker, std::uint32_t workers,
                                               std::uint64_t seed) const;

  // f = (1/n) sum_i f_i of n = `workers` workers as one function, for who wants its optimum or its constants.
  // The source must not be a shard.
  std::unique_ptr<Objective<double>> make_whole(const ProblemSpec& spec, const Source& source,
                                                std::uint32_t workers, std::uint64_t seed) const;

  // True when worker i's f_i needs no file: the seed and the spec say it all.
  static bool needs_no_file(const ProblemSpec& spec);

  // Writes the lines of worker `worker`'s rows, for a host that has not got the file. There, a Source with
  // `is_shard` set and the same info gives the same bits.
  void write_shard(const ProblemSpec& spec, const Source& source, std::uint32_t worker, std::uint32_t workers,
                   std::uint64_t seed, std::ostream& out) const;

 private:
  const Problem& at(std::string_view name) const;
  template <class T>
  Rows<T> load(const ProblemSpec& spec, const Source& source, std::uint32_t worker, std::uint32_t workers,
               std::uint64_t seed) const;
  NamedList<Problem> problems_{"problem"};
};

}  // namespace wisp::problems
