#include "problems/libsvm_row.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>

#include "base/text.h"

namespace wisp::problems {
namespace {

constexpr std::uint32_t kIndexMax = std::numeric_limits<std::uint32_t>::max() - 1;
constexpr std::size_t kQuotedMax = 40;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// std::from_chars calls too large and too small alike out of range; too small is zero.
bool is_too_small(const char* begin, const char* end) {
  long double wide = 0;
  const auto [stop, code] = std::from_chars(begin, end, wide);
  return code == std::errc() && wide > -1 && wide < 1;
}

// Where the number that begins at `begin` ends; `begin` if there is none. `value` may be infinite or no
// number.
const char* convert(const char* begin, const char* end, double& value) {
  const char* from = begin;
  if (from != end && *from == '+') {
    ++from;  // std::from_chars takes no plus
    if (from == end || !(is_digit(*from) || *from == '.')) return begin;
  }
  const auto [stop, code] = std::from_chars(from, end, value);
  if (code == std::errc::invalid_argument) return begin;
  if (code == std::errc::result_out_of_range) {
    value = is_too_small(from, end) ? 0 : std::numeric_limits<double>::infinity();
  }
  return stop;
}

}  // namespace

bool RowParser::start() {
  const std::string_view line = reader_.line();
  at_ = line.data();
  end_ = at_ + line.size();
  last_ = 0;
  if (!line.empty()) {
    const void* comment = std::memchr(at_, '#', line.size());
    if (comment != nullptr) end_ = static_cast<const char*>(comment);
  }
  return skip_blanks();
}

double RowParser::label() { return number("label", 0); }

bool RowParser::entry(std::uint32_t& index_found, double& value) {
  while (skip_blanks()) {
    index_found = index() - 1;
    if (at_ != end_ && is_digit(*at_) && (at_ + 1 == end_ || is_blank(at_[1]))) {
      value = *at_++ - '0';  // most entries of most files are 1
    } else {
      value = number("value", index_found + 1);
    }
    if (value != 0) return true;
  }
  return false;
}

bool RowParser::skip_blanks() {
  while (at_ != end_ && is_blank(*at_)) ++at_;
  return at_ != end_;
}

std::string RowParser::word() const {
  const char* word_end = std::find_if(at_, end_, is_blank);
  std::string quoted = "'";
  quoted += escape_text(std::string_view(at_, static_cast<std::size_t>(word_end - at_)), kQuotedMax);
  quoted += "'";
  return quoted;
}

double RowParser::number(const char* what, std::uint32_t index_of) {
  double value = 0;
  const char* stop = convert(at_, end_, value);
  const bool whole = stop != at_ && (stop == end_ || is_blank(*stop));
  if (whole && std::isfinite(value)) {
    at_ = stop;
    return value;
  }
  std::string text = std::string(what) + " " + word();
  if (index_of != 0) text += " of index " + std::to_string(index_of);
  text += whole ? " is not a finite number; repair or remove the row"
                : " is not a number; a row is 'label index:value index:value ...'";
  reader_.fail(text);
}

std::uint32_t RowParser::index() {
  const char* from = at_;
  if (from != end_ && *from == '+') ++from;
  std::uint64_t found = 0;
  const char* digit = from;
  while (digit != end_ && is_digit(*digit) && found <= kIndexMax) {
    found = 10 * found + static_cast<std::uint64_t>(*digit++ - '0');
  }
  if (found > kIndexMax)
    reader_.fail("the index of " + word() + " is too large; it may be " + std::to_string(kIndexMax));
  if (digit == end_ || *digit != ':') {
    const std::string each = word();
    if (each.find(':') == std::string::npos) reader_.fail(each + " has no colon; write index:value");
    reader_.fail(each + " has no whole number before its colon; write index:value");
  }
  if (digit == from) reader_.fail(word() + " has no whole number before its colon; write index:value");
  if (found <= last_ || (dim_ != 0 && found > dim_)) fail_index(found);
  at_ = digit + 1;
  last_ = static_cast<std::uint32_t>(found);
  index_max_ = std::max(index_max_, last_);
  return last_;
}

void RowParser::fail_index(std::uint64_t found) const {
  const std::string index = "index " + std::to_string(found);
  if (found == 0) reader_.fail("index 0; indices count from 1");
  if (found == last_) reader_.fail(index + " comes twice in this row; keep one of them");
  if (found < last_)
    reader_.fail(index + " comes after " + std::to_string(last_) + "; indices must increase");
  reader_.fail(index + " is above the dimension " + std::to_string(dim_) +
               "; raise problem.data.dim, or leave it out");
}

}  // namespace wisp::problems
