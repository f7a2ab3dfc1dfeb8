#include "launcher/elf.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/process.h"
#include "launcher/bundle.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

TEST(NeededLibc, this_program_asks_for_some_version) {
  std::vector<std::filesystem::path> files = loaded_libraries();
  files.push_back(self_executable());
  EXPECT_THAT(needed_libc(files), testing::ContainsRegex("^2\\.[0-9]+"));
}

TEST(NeededLibc, files_that_are_not_programs_ask_for_nothing) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "file";
  std::ofstream(file) << "text";
  EXPECT_EQ(needed_libc({file}), "");
  EXPECT_THROW(needed_libc({folder.path() / "none"}), Error);
}

TEST(NeededLibc, a_program_cut_anywhere_is_no_danger) {
  std::ifstream stream(loaded_libraries().front(), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(stream), {}};
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "file";
  for (std::size_t size = 16; size < whole.size(); size += size / 2) {
    std::ofstream(file, std::ios::binary) << whole.substr(0, size);
    EXPECT_NO_THROW(needed_libc({file})) << size;
  }
}

TEST(NeededLibc, versions_compare_part_by_part) {
  EXPECT_TRUE(older("2.4", "2.36"));
  EXPECT_TRUE(older("2.36", "2.36.1"));
  EXPECT_FALSE(older("2.36", "2.36"));
  EXPECT_FALSE(older("3.0", "2.36"));
}

}  // namespace
}  // namespace wisp::launcher
