#pragma once
// What a program or library asks of the GNU C library that it meets.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace wisp::launcher {

// "2.36": the newest version that the ELF files of this machine's kind ask for; "" if none asks for any.
// Throws Error for a file that can't be read.
std::string needed_libc(const std::vector<std::filesystem::path>& files);

// "2.4" is older than "2.36": part by part, as numbers.
bool older(std::string_view version, std::string_view than);

}  // namespace wisp::launcher
