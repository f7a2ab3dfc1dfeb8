#include "cli/waiting.h"

#include <fmt/format.h>

namespace wisp::cli {

std::string waited_text(const std::string& what, std::chrono::steady_clock::time_point since) {
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - since;
  return fmt::format("{} ({:.0f} s)", what, waited.count());
}

}  // namespace wisp::cli
