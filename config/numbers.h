#pragma once
// Numbers as a job file may write them: one reading for every YAML reader, so none of YAML's other spellings.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wisp::config {

// JSON's numbers. Nothing for 010, .5, 0x1F, 1_000, nan, inf, and for what no double can hold (1e400,
// 1e-400).
std::optional<double> parse_number(std::string_view text);
// Digits only, below 2^64.
std::optional<std::uint64_t> parse_integer(std::string_view text);
// "did you mean 10?" where it can be guessed what someone meant who wrote this for a number; else empty.
std::string number_hint(std::string_view text);
std::string integer_hint(std::string_view text);

}  // namespace wisp::config
