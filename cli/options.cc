#include "cli/options.h"

#include <unistd.h>

#include <cstdlib>

#include "launcher/job_folder.h"

namespace wisp::cli {

std::filesystem::path state_dir(const GlobalOptions& options) {
  return options.state_dir.empty() ? launcher::default_state_dir() : std::filesystem::path(options.state_dir);
}

bool use_color(const GlobalOptions& options, int fd) {
  if (options.color != "auto") return options.color == "always";
  const char* refused = std::getenv("NO_COLOR");
  return (refused == nullptr || *refused == '\0') && ::isatty(fd) == 1;
}

}  // namespace wisp::cli
