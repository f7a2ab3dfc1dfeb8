#include "problems/line_reader.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <zlib.h>

#include "base/error.h"

namespace wisp::problems {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;
constexpr std::size_t kLineMax = std::size_t{1} << 28;
constexpr const char* kPathRemedy = "; set problem.data.path to a file that can be read";

}  // namespace

struct LineReader::File {
  explicit File(gzFile opened) : handle(opened) {}
  ~File() { gzclose(handle); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  gzFile handle;
};

LineReader::LineReader(const std::string& path) : path_(path), buffer_(kChunk) {
  errno = 0;
  gzFile handle = gzopen(path.c_str(), "rbe");  // e: not for the children of this process
  if (handle == nullptr)
    fail_file(std::generic_category().message(errno == 0 ? ENOMEM : errno) + kPathRemedy);
  file_ = std::make_unique<File>(handle);
  gzbuffer(handle, kChunk);
}

LineReader::~LineReader() = default;

bool LineReader::next() {
  std::size_t searched = 0;  // bytes of the unread part known to hold no newline
  while (true) {
    const char* unread = buffer_.data() + begin_;
    const std::size_t size = end_ - begin_;
    const void* newline = size == searched ? nullptr : std::memchr(unread + searched, '\n', size - searched);
    if (newline != nullptr) {
      line_ = std::string_view(unread, static_cast<std::size_t>(static_cast<const char*>(newline) - unread));
      begin_ += line_.size() + 1;
      break;
    }
    searched = size;
    if (fill()) continue;
    if (size == 0) return false;
    line_ = std::string_view(buffer_.data() + begin_, size);  // the last line needs no newline
    begin_ = end_;
    break;
  }
  ++number_;
  return true;
}

bool LineReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (end_ >= kLineMax) fail_file("line " + std::to_string(number_ + 1) + " is longer than 256 MiB");
    buffer_.resize(2 * buffer_.size());
  }
  const int got = gzread(file_->handle, buffer_.data() + end_, static_cast<unsigned>(buffer_.size() - end_));
  int code = Z_OK;
  const char* message = gzerror(file_->handle, &code);
  if (code == Z_ERRNO) fail_file(std::generic_category().message(errno) + kPathRemedy);
  if (got < 0 || code != Z_OK) {  // a stream that is cut short still gives its beginning
    fail_file("broken gzip data (" + std::string(message) + "); make or fetch the file again");
  }
  if (path_.ends_with(".gz") && gzdirect(file_->handle) != 0) {
    fail_file("no gzip data, though the name ends in .gz; rename or compress the file");
  }
  end_ += static_cast<std::size_t>(got);
  return got > 0;
}

void LineReader::fail(const std::string& text) const {
  throw Error(path_ + ":" + std::to_string(number_) + ": error: " + text, Fault::kConfig);
}

void LineReader::fail_file(const std::string& text) const {
  throw Error(path_ + ": error: " + text, Fault::kConfig);
}

}  // namespace wisp::problems
