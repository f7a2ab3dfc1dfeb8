// Data sets, plain or gzipped: rows that keep every promise of Rows, or a refusal that names the file.
#include <cmath>
#include <functional>
#include <numeric>
#include <sstream>

#include "problems/libsvm.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

template <class T>
void check_rows(const problems::Rows<T>& rows, const problems::DataInfo& info) {
  WISP_CHECK(rows.count() == info.rows && rows.start.size() == rows.count() + 1, "all rows are there");
  WISP_CHECK(rows.nnz() <= info.nnz && rows.value.size() == rows.nnz(), "as many entries as were counted");
  for (std::size_t row = 0; row < rows.count(); ++row) {
    const auto indices = rows.indices(row);
    WISP_CHECK(std::is_sorted(indices.begin(), indices.end(), std::less_equal<>()),
               "indices increase strictly");
    WISP_CHECK(indices.empty() || indices.back() < info.dim, "indices are below the dimension");
    WISP_CHECK(std::isfinite(rows.label[row]), "labels are finite");
    for (const T value : rows.values(row))
      WISP_CHECK(std::isfinite(value) && value != 0, "entries are finite");
  }
}

template <class T>
void read(ScratchFile& file, ScratchFile& shard, const problems::DataInfo& info) {
  std::vector<std::uint64_t> all(info.rows);
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  const std::string path = file.path().string();
  const problems::Rows<T> rows = problems::read_rows<T>(path, info, all);
  check_rows(rows, info);
  WISP_CHECK(problems::read_labels(path, info.rows).size() == info.rows, "each row has a label");
  std::ostringstream copy;
  problems::copy_rows(path, info, all, copy);
  shard.write(data_of(copy.str()));
  const problems::Rows<T> again = problems::read_shard<T>(shard.path().string(), info, info.rows);
  WISP_CHECK(again.start == rows.start && again.index == rows.index && again.value == rows.value &&
                 again.label == rows.label,
             "a worker's copy of its rows is its rows");
}

}  // namespace

void fuzz_libsvm(Data data) {
  static ScratchFile file("a.libsvm");
  static ScratchFile shard("shard");
  Input input(data);
  const unsigned how = input.take<std::uint8_t>();
  const std::uint32_t dim = how % 4 == 3 ? how : 0;
  file.write(input.rest());
  const std::string path = file.path().string();
  try {
    const problems::DataInfo info = problems::scan_libsvm(path, dim, 0);
    WISP_CHECK(info.rows > 0 && info.dim > 0, "a data set has rows and coordinates");
    if (how % 2 == 0) {
      read<float>(file, shard, info);
    } else {
      read<double>(file, shard, info);
    }
  } catch (const Error& error) {
    WISP_CHECK(error.fault() == Fault::kConfig, "the user can mend it");
    WISP_CHECK(std::string_view(error.what()).starts_with(path + ":"), "the file is named");
  }
}

}  // namespace wisp::fuzz
