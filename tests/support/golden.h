#pragma once
// Texts that are kept in tests/golden: what other implementations, and later versions, have to give too.
#include <string>
#include <string_view>

namespace wisp::test {

// Expects the file tests/golden/<name> to hold `text`. With WISP_UPDATE_GOLDEN in the environment it is
// written anew instead; `git diff` then shows what has changed.
void expect_golden(const std::string& name, std::string_view text);

}  // namespace wisp::test
