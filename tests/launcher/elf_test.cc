#include "launcher/elf.h"

#include <elf.h>

#include <cstring>
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

// Sections: none, names, needs. One library that asks for one version; `next` is where the lists say that
// they go on.
std::string program(std::uint32_t next) {
  const std::string names("\0GLIBC_2.34", 12);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_shoff = sizeof header;
  header.e_shnum = 3;
  Elf64_Shdr sections[3] = {};
  sections[1].sh_offset = sizeof header + sizeof sections;
  sections[2].sh_type = SHT_GNU_verneed;
  sections[2].sh_link = 1;
  sections[2].sh_info = UINT32_MAX;
  sections[2].sh_offset = sections[1].sh_offset + names.size();
  const Elf64_Verneed library{1, UINT16_MAX, 0, sizeof(Elf64_Verneed), next};
  const Elf64_Vernaux version{0, 0, 0, 1, next};
  const auto bytes = [](const auto& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
  };
  return bytes(header) + bytes(sections) + names + bytes(library) + bytes(version);
}

TEST(NeededLibc, lists_without_an_end_have_one) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "file";
  for (const std::uint32_t next : {0u, 1u, 16u, UINT32_MAX}) {
    std::ofstream(file, std::ios::binary) << program(next);
    EXPECT_EQ(needed_libc({file}), "2.34") << next;
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
