#include "launcher/lines.h"

#include <algorithm>

namespace wisp::launcher {

void LineSplitter::feed(std::span<const std::byte> bytes, const Sink& sink) {
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!rest.empty()) {
    const std::size_t newline = rest.find('\n');
    const bool ends = newline != std::string_view::npos;
    const std::size_t take = std::min(ends ? newline : rest.size(), size_max_ - partial_.size());
    partial_.append(rest.substr(0, take));
    rest.remove_prefix(take);
    if (rest.empty()) return;  // no newline yet
    if (rest.front() == '\n') {
      rest.remove_prefix(1);
      if (partial_.ends_with('\r')) partial_.pop_back();
    }
    sink(partial_);
    partial_.clear();
  }
}

void LineSplitter::finish(const Sink& sink) {
  if (!partial_.empty()) sink(partial_);
  partial_.clear();
}

}  // namespace wisp::launcher
