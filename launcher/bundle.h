#pragma once
// Bundle: a program with the shared libraries it needs, as one tar archive for hosts that don't have it.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "launcher/spec.h"

namespace wisp::launcher {

// bin/wisp, lib/<name>, and last an empty file "complete". Equal contents give equal bytes. The program finds
// its libraries by a DT_RPATH of $ORIGIN/../lib that it was linked with.
struct Bundle {
  std::string sha256;
  Bytes tar;
  std::string libc;  // the version of the GNU C library that it needs; empty: any
  std::map<std::string, std::filesystem::path> files;  // by their names in it
};

// Throws Error for a file that can't be read.
Bundle make_bundle(const std::filesystem::path& program, const std::vector<std::filesystem::path>& libraries);

// Of the program that deploy.binary names, with the libraries of ../lib beside it; "self" is `program` with
// `libraries`, or if they are empty this program with those it has loaded. Throws Error.
Bundle make_bundle(const DeploySpec& deploy, const std::filesystem::path& program,
                   const std::vector<std::filesystem::path>& libraries);

// Unpacks it where the hosts see it, too: <workdir>/bundles/<sha256>, whole or not at all. Nothing to do if
// it is there. Throws Error.
void install_bundle(const Bundle& bundle, const std::filesystem::path& workdir);

// The shared libraries in this process, without those of the C library, which every host has its own of.
std::vector<std::filesystem::path> loaded_libraries();

}  // namespace wisp::launcher
