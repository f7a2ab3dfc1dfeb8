#pragma once
// The lines of a text file, plain or gzipped, one after another, without holding the file in memory.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "problems/gz_file.h"

namespace wisp::problems {

class LineReader {
 public:
  // Throws Error (kConfig) when the file can't be opened.
  explicit LineReader(const std::string& path);

  // Goes to the next line; false at the end of the file. Throws Error (kConfig) when the file can't be read,
  // when its gzip stream is broken or cut, or when a line is longer than 256 MiB.
  bool next();
  // The line, without its newline. Valid until the next call of next().
  std::string_view line() const { return line_; }
  // Its number, from 1.
  std::uint64_t number() const { return number_; }

  // Throws Error (kConfig) "path:number: error: text", about the current line.
  [[noreturn]] void fail(const std::string& text) const;
  // Throws Error (kConfig) "path: error: text", about the file.
  [[noreturn]] void fail_file(const std::string& text) const { file_.fail(text); }

 private:
  bool fill();  // reads more behind what is there; false at the end of the file

  std::string path_;
  GzFile file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // unread: [begin_, end_) of buffer_
  std::size_t end_ = 0;
  std::string_view line_;
  std::uint64_t number_ = 0;
};

}  // namespace wisp::problems
