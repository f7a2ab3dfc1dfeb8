#include "cli/host_list.h"

#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/text.h"
#include "config/hosts.h"
#include "config/numbers.h"

namespace wisp::cli {
namespace {

constexpr std::uint64_t kSlotsMax = 65535;
constexpr std::string_view kBlanks = " \t\r";

// By host: its slots; 0 for its cores.
using Slots = std::map<std::string, std::uint64_t>;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// "h1:4" or "h1 slots=4"; whether it is.
bool add(std::string_view item, Slots& slots) {
  std::string_view name = item;
  std::optional<std::uint64_t> count;
  const std::size_t blank = item.find_first_of(kBlanks);
  const std::size_t colon = item.rfind(':');
  if (blank != std::string_view::npos) {
    name = item.substr(0, blank);
    std::string_view word = trimmed(item.substr(blank));
    constexpr std::string_view kWord = "slots=";
    if (!word.starts_with(kWord)) return false;
    count = config::parse_integer(word.substr(kWord.size()));
  } else if (colon != std::string_view::npos) {
    name = item.substr(0, colon);
    count = config::parse_integer(item.substr(colon + 1));
  } else {
    count = 0;
  }
  const bool counted = name.size() < item.size();
  if (!count || *count > kSlotsMax || (counted && *count == 0)) return false;
  const auto names = config::expand_hosts(name);
  if (!names) return false;
  for (const std::string& each : *names) slots[each] += *count;
  return true;
}

// By commas, but for those in brackets.
std::vector<std::string_view> items_of(std::string_view list) {
  std::vector<std::string_view> items;
  std::size_t begin = 0;
  bool inside = false;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size() && list[i] != ',') {
      inside = list[i] == '[' || (inside && list[i] != ']');
    } else if (i == list.size() || !inside) {
      items.push_back(list.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  return items;
}

std::vector<std::string> sets_of(const Slots& slots) {
  std::string map;
  for (const auto& [name, count] : slots) {
    map += map.empty() ? "" : ", ";
    map += "\"" + name + "\": " + (count == 0 ? "{}" : fmt::format("{{slots: {}}}", count));
  }
  return {"hosts=null", "hosts={" + map + "}"};
}

}  // namespace

std::vector<std::string> sets_of_hosts(std::string_view list) {
  Slots slots;
  for (const std::string_view item : items_of(list)) {
    if (!add(trimmed(item), slots))
      throw Error(fmt::format("--hosts: '{}' is no host; write h1:4,h2:4 or node[01-16]:4",
                              escape_text(std::string(item), 80)),
                  Fault::kUsage);
  }
  return sets_of(slots);
}

std::vector<std::string> sets_of_hostfile(const std::string& path) {
  std::string text;
  try {
    text = SystemDisk().read_text(path);
  } catch (const Error& error) {
    throw Error(std::string("--hostfile: ") + error.what(), Fault::kUsage);
  }
  Slots slots;
  std::size_t number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    const std::string_view item = trimmed(std::string_view(line).substr(0, line.find('#')));
    if (item.empty() || add(item, slots)) continue;
    throw Error(
        fmt::format("{}:{}: error: '{}' is no host; write 'h1 slots=4', 'h1:4' or 'node[01-16] slots=4'",
                    path, number, escape_text(std::string(item), 80)),
        Fault::kUsage);
  }
  if (slots.empty()) throw Error(fmt::format("--hostfile: there is no host in {}", path), Fault::kUsage);
  return sets_of(slots);
}

}  // namespace wisp::cli
