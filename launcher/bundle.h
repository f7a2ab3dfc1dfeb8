#pragma once
// Bundle: a program with the shared libraries it needs, as one tar archive for hosts that don't have it.
#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace wisp::launcher {

// bin/wisp, lib/<name>, and last an empty file "complete". Equal contents give equal bytes. The program finds
// its libraries by a DT_RPATH of $ORIGIN/../lib that it was linked with.
struct Bundle {
  std::string sha256;
  Bytes tar;
};

// Throws Error for a file that can't be read.
Bundle make_bundle(const std::filesystem::path& program, const std::vector<std::filesystem::path>& libraries);

// The shared libraries in this process, without those of the C library, which every host has its own of.
std::vector<std::filesystem::path> loaded_libraries();

}  // namespace wisp::launcher
