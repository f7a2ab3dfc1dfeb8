#include "cli/progress_line.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"

namespace wisp::cli {

namespace {
constexpr std::chrono::milliseconds kTerminalEvery{100};
constexpr std::chrono::milliseconds kPlainEvery{2000};

std::size_t columns_of(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}
}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 999.5 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  const int decimals = unit == 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", amount, decimals, kUnits[unit]);
}

std::string progress_text(const actors::Progress& progress) {
  std::string text = fmt::format("round {}  loss {:.8g}", progress.round, progress.loss);
  if (progress.gap) text += fmt::format("  gap {:.2e}", *progress.gap);
  if (progress.test_accuracy) text += fmt::format("  test {:.2f} %", 100 * *progress.test_accuracy);
  text += "  up " + size_text(progress.uplink_bytes);
  if (progress.seconds > 0)
    text += fmt::format("  {:.4g} rounds/s", static_cast<double>(progress.round) / progress.seconds);
  return text;
}

void Display::say(const std::string& text) {
  std::lock_guard lock(mutex_);
  if (style_.quiet) return;
  clear_line();
  write(text + "\n");
}

void Display::warn(const std::string& text) {
  std::lock_guard lock(mutex_);
  clear_line();
  write(text + "\n");
}

void Display::progress(const actors::Progress& progress) {
  std::lock_guard lock(mutex_);
  if (style_.quiet) return;
  const auto now = std::chrono::steady_clock::now();
  if (progress.round != 0 && now - shown_at_ < (style_.terminal ? kTerminalEvery : kPlainEvery)) return;
  shown_at_ = now;
  clear_line();
  std::string text = progress_text(progress);
  // A line that wraps can't be taken back.
  if (style_.terminal) text.resize(std::min(text.size(), columns_of(style_.fd)));
  write(text + (style_.terminal ? "" : "\n"));
  line_open_ = style_.terminal;
}

void Display::finish() {
  std::lock_guard lock(mutex_);
  clear_line();
}

void Display::redirect(int fd) {
  std::lock_guard lock(mutex_);
  style_.fd = fd;
}

void Display::clear_line() {
  if (line_open_) write("\r\x1b[K");
  line_open_ = false;
}

void Display::write(const std::string& text) {
  bool read = false;
  try {
    read = style_.fd < 0 || write_all(style_.fd, text);
  } catch (const Error&) {  // a terminal that was closed, a full disk: the run goes on, or ends by its signal
  }
  if (!read) style_.fd = -1;
}

}  // namespace wisp::cli
