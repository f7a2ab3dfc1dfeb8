#pragma once
// Hosts as people write them: names, ways to reach them, and patterns as Slurm has them.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wisp::config {

inline constexpr std::size_t kHostsMax = 4096;

// The names that a pattern such as "node[01-16]" or "rack[1-2]n[1,3-5]" stands for, in its order; the name
// itself if it has no brackets. Nothing if it is no pattern, stands for more than kHostsMax names, or for one
// that is no host name.
std::optional<std::vector<std::string>> expand_hosts(std::string_view pattern);

// A host name, or an IPv6 address.
bool is_ssh_target(std::string_view text);
// [user@]host[:port], several with commas, as ssh's -J takes them.
bool is_jump(std::string_view text);

}  // namespace wisp::config
