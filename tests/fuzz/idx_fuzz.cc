// Pairs of idx files, plain or gzipped: rows that keep every promise of Rows, or a refusal that names a file.
#include <numeric>
#include <sstream>

#include "problems/idx.h"
#include "problems/libsvm.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

constexpr std::size_t kZipped = 2000;  // what a byte of deflate can stand for, with room

void read(const problems::IdxFiles& files, const problems::DataInfo& info, ScratchFile& shard) {
  std::vector<std::uint64_t> all(info.rows);
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  const problems::Rows<float> rows = problems::read_idx<float>(files, info, all);
  WISP_CHECK(rows.count() == info.rows && rows.nnz() == info.nnz, "all rows are there");
  for (std::size_t row = 0; row < rows.count(); ++row) {
    const auto indices = rows.indices(row);
    WISP_CHECK(std::is_sorted(indices.begin(), indices.end(), std::less_equal<>()),
               "indices increase strictly");
    WISP_CHECK(indices.empty() || indices.back() < info.dim, "indices are below the dimension");
    for (const float value : rows.values(row))
      WISP_CHECK(value > 0 && value <= 1, "pixels are shares of 255");
  }
  WISP_CHECK(problems::read_idx_labels(files, info.rows).size() == info.rows, "each row has a label");
  std::ostringstream copy;
  problems::write_idx_rows(files, all, copy);
  shard.write(data_of(copy.str()));
  const auto again = problems::read_shard<float>(shard.path().string(), info, info.rows);
  WISP_CHECK(again.start == rows.start && again.index == rows.index && again.value == rows.value &&
                 again.label == rows.label,
             "a worker's copy of its rows is its rows");
}

}  // namespace

void fuzz_idx(Data data) {
  static ScratchFile images("images");
  static ScratchFile labels("labels");
  static ScratchFile shard("shard");
  Input input(data);
  labels.write(input.piece());
  images.write(input.rest());
  const problems::IdxFiles files{images.path().string(), labels.path().string()};
  const AllocationWatch watch;
  try {
    const problems::DataInfo info = problems::scan_idx(files, 0, 0);
    WISP_CHECK(info.rows > 0 && info.dim > 0, "a data set has rows and coordinates");
    if (info.rows < 1000) read(files, info, shard);
  } catch (const Error& error) {
    WISP_CHECK(error.fault() == Fault::kConfig, "the user can mend it");
    const std::string_view text = error.what();
    WISP_CHECK(text.starts_with(files.images + ":") || text.starts_with(files.labels + ":"),
               "the file is named");
  }
  check_largest(watch, data.size(), kZipped * 16);
}

}  // namespace wisp::fuzz
