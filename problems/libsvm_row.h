#pragma once
// One line of LIBSVM text, word by word. Part of libsvm.cc; what is accepted is written in libsvm.h.
#include <cstdint>
#include <string>
#include <string_view>

#include "problems/line_reader.h"

namespace wisp::problems {

class RowParser {
 public:
  // `reader` names the file and line in errors. Indices above `dim` are errors; 0: any index will do.
  RowParser(const LineReader& reader, std::uint32_t dim) : reader_(reader), dim_(dim) {}

  // Goes to the beginning of the reader's current line; false if it is no row: empty, or a comment only.
  bool start();
  // The label; right after start().
  double label();
  // The next entry that is not zero; false at the end of the row. `index` counts from 0.
  bool entry(std::uint32_t& index, double& value);
  // The largest index that came in any row, counting from 1, entries that are zero included.
  std::uint32_t index_max() const { return index_max_; }

 private:
  bool skip_blanks();  // false at the end of the row
  std::string word() const;
  // Converts all of [at_, word's end) and goes past it. `what` begins the message if it is no finite number.
  double number(const char* what, std::uint32_t index);
  std::uint32_t index();
  [[noreturn]] void fail_index(std::uint64_t found) const;

  const LineReader& reader_;
  const std::uint32_t dim_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::uint32_t last_ = 0;  // the row's last index, from 1; 0: none yet
  std::uint32_t index_max_ = 0;
};

}  // namespace wisp::problems
