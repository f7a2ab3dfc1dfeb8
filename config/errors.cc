#include "config/errors.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace wisp::config {
namespace {

constexpr std::size_t kMistakesMax = 100;
constexpr std::size_t kLineMax = 160;  // bytes of a source line that are shown
constexpr std::size_t kMessageMax = 1000;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

// The file is valid UTF-8; control characters (a tab too, so that the caret stands right) become blanks,
// those of C1 by both of their bytes.
std::string printable(std::string_view text) {
  std::string result(text);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto c = static_cast<unsigned char>(result[i]);
    if (c < 0x20 || c == 0x7F) result[i] = ' ';
    if (c == 0xC2 && i + 1 < result.size() && static_cast<unsigned char>(result[i + 1]) < 0xA0) {
      result.replace(i, 2, " ");
    }
  }
  return result;
}

// The part of a line that is shown: all of it, or the surroundings of the caret.
struct Window {
  std::string before;  // the caret
  std::string marked;
  std::string after;
};

Window window_of(std::string_view line, std::size_t column, std::size_t length) {
  const std::size_t at = std::min(column - 1, line.size());
  std::size_t first = at > kLineMax / 2 && line.size() > kLineMax ? at - kLineMax / 2 : 0;
  std::size_t last = std::min(line.size(), first + kLineMax);
  while (first > 0 && first < at && is_continuation(line[first])) ++first;
  while (last < line.size() && last > at && is_continuation(line[last])) --last;
  const std::size_t end = std::min(at + length, last);
  return {printable(line.substr(first, at - first)), printable(line.substr(at, end - at)),
          printable(line.substr(end, last - end))};
}

void show_line(std::string& out, const Mistake& mistake) {
  const Place& place = mistake.place;
  const std::string_view line = place.source->line(place.line);
  const Window window = window_of(line, place.column, place.length);
  std::string number = place.source->kind() == Source::Kind::kFile ? std::to_string(place.line) : "";
  if (number.size() < 5) number.insert(0, 5 - number.size(), ' ');
  const std::size_t width = std::max<std::size_t>(1, characters(window.marked));
  out += number + " | " + window.before + window.marked + window.after + "\n";
  out += std::string(number.size(), ' ') + " | " + std::string(characters(window.before), ' ') + "^" +
         std::string(width - 1, '~') + (mistake.hint.empty() ? "" : " " + mistake.hint) + "\n";
}

std::string to_text_and_rest(const std::vector<Mistake>& mistakes, std::size_t left_out) {
  std::string out;
  const Source* shown_source = nullptr;
  std::size_t shown_line = 0;
  for (const Mistake& mistake : mistakes) {
    const Place& place = mistake.place;
    const bool has_caret = place.source != nullptr && place.line > 0 && place.length > 0;
    const bool inline_hint = !has_caret && !mistake.hint.empty();
    const std::string where = escape_text(to_string(place), kMessageMax);
    out += where + (where.empty() ? "" : ": ") + "error: " + mistake.message;
    out += (inline_hint ? "; " + mistake.hint : "") + "\n";
    if (!has_caret) continue;
    const bool repeated = place.source.get() == shown_source && place.line == shown_line;
    if (!repeated || !mistake.hint.empty()) show_line(out, mistake);
    shown_source = place.source.get();
    shown_line = place.line;
  }
  if (left_out > 0) out += "and " + std::to_string(left_out) + " more\n";
  return out;
}

// what() of an Error never ends in a newline.
std::string without_last_newline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

std::string to_text(const std::vector<Mistake>& mistakes) { return to_text_and_rest(mistakes, 0); }

std::string to_json(const std::vector<Mistake>& mistakes) {
  nlohmann::ordered_json errors = nlohmann::ordered_json::array();
  for (const Mistake& mistake : mistakes) {
    const Place& place = mistake.place;
    const bool in_file = place.source != nullptr && place.source->kind() == Source::Kind::kFile;
    errors.push_back({{"file", place.source == nullptr ? "" : place.source->name()},
                      {"line", in_file ? place.line : 0},
                      {"column", in_file ? place.column : 0},
                      {"length", in_file ? place.length : 0},
                      {"message", mistake.message},
                      {"hint", mistake.hint}});
  }
  const nlohmann::ordered_json whole = {{"errors", errors}};
  return whole.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

ConfigErrors::ConfigErrors(std::vector<Mistake> mistakes, std::size_t left_out)
    : Error(without_last_newline(to_text_and_rest(mistakes, left_out)), Fault::kConfig),
      mistakes_(std::move(mistakes)) {}

void Mistakes::add(Place place, std::string message, std::string hint) {
  if (all_.size() >= kMistakesMax) {
    ++left_out_;
    return;
  }
  all_.push_back({std::move(place), escape_text(message, kMessageMax), escape_text(hint, kMessageMax)});
}

void Mistakes::add_new(const Mistakes& other) {
  const auto same = [](const Mistake& a, const Mistake& b) {
    return a.place.source == b.place.source && a.place.line == b.place.line &&
           a.place.column == b.place.column && a.message == b.message;
  };
  for (const Mistake& mistake : other.all_) {
    const bool known =
        std::any_of(all_.begin(), all_.end(), [&](const Mistake& each) { return same(each, mistake); });
    if (!known) add(mistake.place, mistake.message, mistake.hint);
  }
}

void Mistakes::throw_if_any() const {
  if (all_.empty()) return;
  std::vector<Mistake> sorted = all_;
  const auto rank = [](const Mistake& mistake) {
    const Place& place = mistake.place;
    return std::pair(place.source == nullptr ? 0 : place.source->order(), place.line);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Mistake& a, const Mistake& b) { return rank(a) < rank(b); });
  throw ConfigErrors(std::move(sorted), left_out_);
}

}  // namespace wisp::config
