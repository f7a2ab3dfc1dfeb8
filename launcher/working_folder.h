#pragma once
// The working folder of a job on a host: the files of deploy.files, from whom sends them to whom they are
// for.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "launcher/messages.h"

namespace wisp::launcher {

// A file that is to be in the working folder.
struct FileToPlace {
  std::string name;              // there: "conf/a.yaml"
  std::filesystem::path source;  // here
  std::uint64_t size = 0;
  std::string sha256;
  bool executable = false;
};

// The files of deploy.files: each file by its own name, each folder with all that is in it, by its name. In
// the order of their names. Throws Error (kConfig): one that can't be read or is no file or folder, two of
// one name, more than 10,000.
std::vector<FileToPlace> gather_files(const std::vector<std::string>& paths);

// Makes the folder, on the host: all files, verified by their sha256, or nothing. `workdir` is absolute.
// Never throws: File::error says what went wrong.
message::File make_working_folder(const std::filesystem::path& workdir, const message::Place& wanted);

}  // namespace wisp::launcher
