#pragma once
// Words, names, durations and sizes as people write and read them.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wisp {

// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`, no part edited twice.
std::size_t edit_distance(std::string_view a, std::string_view b);
// The candidate that was probably meant: the first of those nearest by edit distance, upper case as lower, if
// at most a third of the longer word differs.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

// "500ms" "10s" "5m" "2h": whole numbers with a unit; nothing for anything else or what doesn't fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// In the largest of these units that is exact; at least 0.
std::string format_duration(std::chrono::milliseconds duration);

// "512B" "64MiB" "1GB": whole numbers with B, kB MB GB TB (powers of 1000) or KiB MiB GiB TiB (powers of
// 1024).
std::optional<std::uint64_t> parse_size(std::string_view text);
// In the largest unit that is exact, powers of 1024 before those of 1000.
std::string format_size(std::uint64_t bytes);

// Safe to print on one line of a terminal: a newline as \n, a tab as \t, other control characters (C1 too)
// and bytes that are no UTF-8 as \xNN. At most `max` bytes; a longer text is cut at a whole character and
// ends in "...". Applied to its own result it changes nothing.
std::string escape_text(std::string_view text, std::size_t max);

// ^[A-Za-z0-9_-]{1,64}$: jobs, actors, environment.
bool is_name(std::string_view text);
// ^[A-Za-z0-9._-]+$, not beginning with '-' or '.', at most 255: hosts and users as ssh takes them.
bool is_host_name(std::string_view text);

// One word of a POSIX shell, whatever is in it.
std::string shell_quote(std::string_view text);

std::string join(const std::vector<std::string>& parts, std::string_view separator);
// Empty parts are kept: n separators make n+1 parts.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace wisp
