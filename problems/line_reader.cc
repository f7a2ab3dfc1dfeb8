#include "problems/line_reader.h"

#include <cstring>
#include <span>

#include "base/error.h"

namespace wisp::problems {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;
constexpr std::size_t kLineMax = std::size_t{1} << 28;

}  // namespace

LineReader::LineReader(const std::string& path)
    : path_(path), file_(path, "problem.data.path"), buffer_(kChunk) {}

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
  const std::size_t got = file_.read(std::span(buffer_).subspan(end_));
  end_ += got;
  return got > 0;
}

void LineReader::fail(const std::string& text) const {
  throw Error(path_ + ":" + std::to_string(number_) + ": error: " + text, Fault::kConfig);
}

}  // namespace wisp::problems
