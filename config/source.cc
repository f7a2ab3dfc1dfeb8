#include "config/source.h"

namespace wisp::config {

Source::Source(Kind kind, std::string name, std::filesystem::path folder, std::string text, std::size_t order)
    : kind_(kind), name_(std::move(name)), folder_(std::move(folder)), text_(std::move(text)), order_(order) {
  starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') starts_.push_back(i + 1);
  }
}

std::string_view Source::line(std::size_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  const std::size_t begin = starts_[number - 1];
  std::size_t end = number < starts_.size() ? starts_[number] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(begin, end - begin);
}

std::string to_string(const Place& place) {
  if (place.source == nullptr) return "";
  if (place.source->kind() == Source::Kind::kOption || place.line == 0) return place.source->name();
  return place.source->name() + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

}  // namespace wisp::config
