#include "config/patterns.h"

#include <string_view>

#include "base/check.h"
#include "base/text.h"

namespace wisp::config {
namespace {

using enum KeyType;

constexpr std::string_view kVariable = R"(\$\{[A-Za-z_])";
constexpr std::string_view kWhole = "(?:0|[1-9][0-9]*)";
constexpr std::string_view kNumberText = R"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)";
constexpr std::string_view kDurationText = "0*[1-9][0-9]*(?:ms|s|m|h)";
constexpr std::string_view kNameText = "[A-Za-z0-9_-]{1,64}";
constexpr std::string_view kHost = "[A-Za-z0-9_][A-Za-z0-9._-]{0,254}";
constexpr std::string_view kIpv4 = R"([0-9]{1,3}(?:\.[0-9]{1,3}){3})";
constexpr std::string_view kIpv6 = "[0-9a-fA-F:.%]*:[0-9a-fA-F:.%]*:[0-9a-fA-F:.%]*";
constexpr std::string_view kHostPattern = R"((?:[A-Za-z0-9_]|\[[0-9,-]+\])(?:[A-Za-z0-9._-]|\[[0-9,-]+\])*)";
constexpr std::string_view kLine = R"((?:[^$\x00-\x1f]|\$[${])+)";  // not empty, no control characters

std::string whole(std::string_view pattern) { return "^(?:" + std::string(pattern) + ")$"; }

// The whole text, or one that a variable is in.
std::string with_variables(std::string_view pattern) { return whole(pattern) + "|" + std::string(kVariable); }

std::string jump() {
  const std::string host(kHost);
  const std::string hop = "(?:" + host + "@)?" + host + "(?::[0-9]{1,5})?";
  return hop + "(?:," + hop + ")*";
}

std::string ports(const Range& range) {
  const std::string port =
      "(?:" +
      pattern_of_range(static_cast<std::uint64_t>(range.low), static_cast<std::uint64_t>(range.high)) + ")";
  return port + "-" + port;
}

std::string digits_between(char low, char high) {
  if (low == high) return std::string(1, low);
  return std::string("[") + low + (high == low + 1 ? "" : "-") + high + "]";
}

std::string any_digits(std::size_t count) {
  if (count == 0) return "";
  return count == 1 ? "[0-9]" : "[0-9]{" + std::to_string(count) + "}";
}

// Appends what matches the numbers of as many digits as both have, from `low` to `high`.
void add_same_length(const std::string& begin, const std::string& low, const std::string& high,
                     std::vector<std::string>& out) {
  const std::size_t rest = low.empty() ? 0 : low.size() - 1;
  const bool all = low == std::string(low.size(), '0') && high == std::string(high.size(), '9');
  if (all) {
    out.push_back(begin + any_digits(low.size()));
  } else if (low[0] == high[0]) {
    add_same_length(begin + low[0], low.substr(1), high.substr(1), out);
  } else if (rest == 0) {
    out.push_back(begin + digits_between(low[0], high[0]));
  } else {
    const bool from_zeros = low.substr(1) == std::string(rest, '0');
    const bool to_nines = high.substr(1) == std::string(rest, '9');
    const char first = static_cast<char>(from_zeros ? low[0] : low[0] + 1);
    const char last = static_cast<char>(to_nines ? high[0] : high[0] - 1);
    if (!from_zeros) add_same_length(begin + low[0], low.substr(1), std::string(rest, '9'), out);
    if (first <= last) out.push_back(begin + digits_between(first, last) + any_digits(rest));
    if (!to_nines) add_same_length(begin + high[0], std::string(rest, '0'), high.substr(1), out);
  }
}

}  // namespace

std::string pattern_of_range(std::uint64_t low, std::uint64_t high) {
  WISP_CHECK(low <= high, "a range holds a number");
  std::vector<std::string> parts;
  std::string from = std::to_string(low);
  const std::string to = std::to_string(high);
  while (from.size() < to.size()) {
    add_same_length("", from, std::string(from.size(), '9'), parts);
    from = "1" + std::string(from.size(), '0');
  }
  add_same_length("", from, to, parts);
  return join(parts, "|");
}

std::string pattern_of(const Key& key) {
  switch (key.type) {
    case kName:
      return with_variables(kNameText);
    case kPath:
    case kTexts:
      return whole(kLine);
    case kRemotePath:
      return with_variables((key.words.empty() ? "" : std::string(key.words) + "|") +
                            "~?/(?:" + std::string(kLine) + ")?");
    case kHostName:
      return with_variables(kHost);
    case kAddress:
      return with_variables(std::string(kIpv4) + "|" + std::string(kIpv6));
    case kSubnet:
      return with_variables("(?:" + std::string(kIpv4) + "|" + std::string(kIpv6) + ")/[0-9]{1,3}");
    case kSshTarget:
      return with_variables(std::string(kHost) + "|" + std::string(kIpv6));
    case kJump:
      return with_variables(jump());
    case kBool:
      return with_variables("true|false");
    case kInteger:
      return with_variables((key.range.low < 0 ? "-?" : "") + std::string(kWhole));
    case kNumber:
    case kStepSize:
      return with_variables(kNumberText);
    case kDuration:
      return with_variables(kDurationText);
    case kSize:
      return with_variables("[0-9]+(?:B|[kMGT]B|[KMGT]iB)");
    case kDensity:
      return with_variables("1/n|" + std::string(kNumberText) + "%?");
    case kEvery:
      return with_variables((key.words.empty() ? "" : std::string(key.words) + "|") +
                            "[1-9][0-9]{0,8} (?:round|update|second)s?|" + std::string(kDurationText));
    case kBitRate:
      return with_variables("[1-9][0-9]{0,5}[kMG]?bit");
    case kPorts:
      return with_variables(ports(key.range));
    case kHosts:
    case kHostNames:
      return with_variables(kHostPattern);
    default:
      return pattern_of_text();
  }
}

std::string pattern_of_words(const std::vector<std::string>& words) {
  std::string pattern;
  for (const std::string& word : words) {
    if (!pattern.empty()) pattern += '|';
    for (const char c : word) {
      if (std::string_view("^$\\.*+?()[]{}|/").find(c) != std::string_view::npos) pattern += '\\';
      pattern += c;
    }
  }
  return with_variables(pattern);
}

std::string pattern_of_variable() { return std::string(kVariable); }
std::string pattern_of_text() { return R"(^(?:[^$]|\$[${])*$)"; }
std::string pattern_of_host_key() { return whole(kHostPattern); }
std::string pattern_of_name_key() { return whole(kNameText); }
std::string pattern_of_variable_key() { return "^[A-Za-z_][A-Za-z0-9_]{0,63}$"; }
std::string pattern_of_option_key() { return "^[A-Za-z0-9]+$"; }

}  // namespace wisp::config
