#pragma once
// What texts look like, as regular expressions: convert.cc's rules for readers that know no other.
#include <cstdint>
#include <string>
#include <vector>

#include "config/keys.h"

namespace wisp::config {

// Of the dialect that ECMA-262 (in its `u` mode) and Python share, anchored where that is meant. A text with
// a variable, ${NAME}, fits every one of them: what will stand there is not known.

// What a text must match to be a value of the key, or an item of it where it is a list. It matches all that
// convert() takes, and more where spelling is not all: sizes and percentages out of range. Not for sections
// and words.
std::string pattern_of(const Key& key);
// The same for one of some words.
std::string pattern_of_words(const std::vector<std::string>& words);
// For a text that must hold a variable.
std::string pattern_of_variable();
// For any text: a '$' that stands alone is refused.
std::string pattern_of_text();

// Names stand as they are, so these have no variables: of hosts or patterns of them; of an actor or a job; of
// a variable; of an option of ssh.
std::string pattern_of_host_key();
std::string pattern_of_name_key();
std::string pattern_of_variable_key();
std::string pattern_of_option_key();

// The whole numbers from `low` to `high`, without leading zeros and without anchors: 8 to 12 is
// "[89]|1[0-2]".
std::string pattern_of_range(std::uint64_t low, std::uint64_t high);

}  // namespace wisp::config
