#include "config/hosts.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "config/numbers.h"

namespace wisp::config {
namespace {

std::optional<std::size_t> number(std::string_view digits) {
  const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  if (digits.empty() || digits.size() > 9 || !std::all_of(digits.begin(), digits.end(), is_digit))
    return std::nullopt;
  return std::stoul(std::string(digits));
}

// "01-16" or "7", appended with the leading zeros of its first number.
bool expand_range(std::string_view range, std::vector<std::string>& out) {
  const std::size_t dash = range.find('-');
  const std::string_view low = range.substr(0, dash);
  const std::string_view high = dash == std::string_view::npos ? low : range.substr(dash + 1);
  const auto first = number(low);
  const auto last = number(high);
  if (!first || !last || *first > *last || *last - *first >= kHostsMax) return false;
  for (std::size_t i = *first; i <= *last; ++i) {
    std::string digits = std::to_string(i);
    if (digits.size() < low.size()) digits.insert(0, low.size() - digits.size(), '0');
    out.push_back(std::move(digits));
  }
  return true;
}

std::optional<std::vector<std::string>> expand_brackets(std::string_view inside) {
  std::vector<std::string> values;
  for (const std::string& range : split(inside, ',')) {
    if (!expand_range(range, values) || values.size() > kHostsMax) return std::nullopt;
  }
  return values;
}

std::optional<std::vector<std::string>> expand(std::string_view pattern) {
  const std::size_t open = pattern.find('[');
  if (open == std::string_view::npos) return std::vector<std::string>{std::string(pattern)};
  const std::size_t close = pattern.find(']', open);
  if (close == std::string_view::npos) return std::nullopt;
  const auto middles = expand_brackets(pattern.substr(open + 1, close - open - 1));
  const auto tails = expand(pattern.substr(close + 1));
  if (!middles || !tails || middles->size() * tails->size() > kHostsMax) return std::nullopt;
  std::vector<std::string> names;
  for (const std::string& middle : *middles) {
    for (const std::string& tail : *tails)
      names.push_back(std::string(pattern.substr(0, open)) + middle + tail);
  }
  return names;
}

}  // namespace

std::optional<std::vector<std::string>> expand_hosts(std::string_view pattern) {
  if (pattern.size() > 255) return std::nullopt;
  auto names = expand(pattern);
  if (!names ||
      !std::all_of(names->begin(), names->end(), [](const auto& name) { return is_host_name(name); })) {
    return std::nullopt;
  }
  return names;
}

bool is_ssh_target(std::string_view text) {
  const bool ipv6 = std::count(text.begin(), text.end(), ':') >= 2 && text.size() <= 64 &&
                    text.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
  return ipv6 || is_host_name(text);
}

bool is_jump(std::string_view text) {
  if (text.empty() || text.size() > 1024) return false;
  for (const std::string& hop : split(text, ',')) {
    const std::size_t at = hop.find('@');
    const std::string user = at == std::string::npos ? "" : hop.substr(0, at);
    const std::string target = at == std::string::npos ? hop : hop.substr(at + 1);
    const std::size_t colon = target.find(':');
    const auto port = colon == std::string::npos ? 22 : parse_integer(target.substr(colon + 1));
    if (at != std::string::npos && !is_host_name(user)) return false;
    if (!is_host_name(target.substr(0, colon)) || !port || *port == 0 || *port > 65535) return false;
  }
  return true;
}

}  // namespace wisp::config
