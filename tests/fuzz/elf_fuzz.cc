// Files that may be programs: what they ask of the C library is a version, and found in no time.
#include "launcher/elf.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {

void fuzz_elf(Data data) {
  static ScratchFile file;
  file.write(data);
  const std::string version = launcher::needed_libc({file.path()});
  WISP_CHECK(version.find_first_not_of("0123456789.") == std::string::npos, "a version is numbers");
  WISP_CHECK(!launcher::older(version, version), "a version is not older than itself");
  const std::string text = text_of(data);
  WISP_CHECK(!(launcher::older(text, version) && launcher::older(version, text)), "one of two is older");
}

}  // namespace wisp::fuzz
