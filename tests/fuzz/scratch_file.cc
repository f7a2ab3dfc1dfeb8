#include "tests/fuzz/scratch_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

namespace wisp::fuzz {

namespace fs = std::filesystem;

ScratchFile::ScratchFile(const std::string& name) : name_(name) {
  const fs::path memory = "/dev/shm";
  std::error_code ignored;
  const fs::path above = fs::is_directory(memory, ignored) ? memory : fs::temp_directory_path();
  std::string pattern = (above / "wisp-fuzz-XXXXXX").string();
  WISP_CHECK(::mkdtemp(pattern.data()) != nullptr, "there is a place for files");
  folder_ = pattern;
  file_.reset(::open(path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  WISP_CHECK(file_, "a new folder takes a file");
}

ScratchFile::~ScratchFile() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void ScratchFile::write(Data content) {
  const bool emptied = ::ftruncate(file_.get(), 0) == 0 && ::lseek(file_.get(), 0, SEEK_SET) == 0;
  WISP_CHECK(emptied && write_all(file_.get(), content), "there is room for an input");
}

}  // namespace wisp::fuzz
