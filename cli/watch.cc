#include "cli/watch.h"

#include <unistd.h>

#include <chrono>
#include <thread>

#include "cli/output.h"
#include "launcher/jobs.h"

namespace wisp::cli {
namespace {

constexpr std::chrono::seconds kEvery{1};
constexpr const char* kFromTheTop = "\x1b[H\x1b[J";

}  // namespace

void watch(const std::filesystem::path& folder, const std::function<std::string()>& text) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  for (;;) {
    const bool driven = launcher::driver_of(folder).has_value();  // asked first: its last word is then shown
    print((terminal ? kFromTheTop : "") + text());
    if (!driven) return;
    std::this_thread::sleep_for(kEvery);
  }
}

}  // namespace wisp::cli
