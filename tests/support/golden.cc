#include "tests/support/golden.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace wisp::test {

void expect_golden(const std::string& name, std::string_view text) {
  const std::filesystem::path file = std::filesystem::path(WISP_GOLDEN) / name;
  if (std::getenv("WISP_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file, std::ios::binary) << text;
    return;
  }
  std::ostringstream kept;
  kept << std::ifstream(file, std::ios::binary).rdbuf();
  EXPECT_EQ(kept.str(), text) << file << "; WISP_UPDATE_GOLDEN=1 in the environment writes it anew";
}

}  // namespace wisp::test
