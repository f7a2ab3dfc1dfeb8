#pragma once
// The bytes of a file, plain or gzipped, one after another.
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace wisp::problems {

class GzFile {
 public:
  // Throws Error (kConfig) when the file can't be opened; `key` is what the job file calls its path.
  GzFile(const std::string& path, const std::string& key);
  ~GzFile();
  GzFile(const GzFile&) = delete;
  GzFile& operator=(const GzFile&) = delete;

  // Fills `bytes` as far as the file goes and says how far. Throws Error (kConfig) when the file can't be
  // read, when its gzip stream is broken or cut, and when a name ends in .gz though there is none.
  std::size_t read(std::span<char> bytes);
  // Throws Error (kConfig) "path: error: text".
  [[noreturn]] void fail(const std::string& text) const;

 private:
  struct Handle;

  std::string path_;
  std::string remedy_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace wisp::problems
