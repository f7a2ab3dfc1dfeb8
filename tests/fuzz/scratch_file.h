#pragma once
// A file whose content a target writes anew for each input, for decoders that open files by their path.
#include <filesystem>
#include <string>

#include "base/process.h"
#include "tests/fuzz/fuzz.h"

namespace wisp::fuzz {

// In memory, in a folder of its own that goes with it.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& name = "file");
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path path() const { return folder_ / name_; }
  void write(Data content);

 private:
  const std::string name_;
  std::filesystem::path folder_;
  Descriptor file_;
};

}  // namespace wisp::fuzz
