#include "launcher/capture.h"

#include <poll.h>
#include <signal.h>

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "launcher/wire.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kReadSize = 64u << 10;
constexpr std::size_t kTextMax = 4u << 20;
constexpr int kTick = 10;  // milliseconds: between two looks for the end of what has closed its pipes

void read(Descriptor& from, std::string& into) {
  if (!from) return;
  std::vector<std::byte> bytes;
  if (read_some(from.get(), bytes, kReadSize) == ReadResult::kEnd) from.reset();
  if (into.size() < kTextMax) into.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

Captured run_and_capture(const std::vector<std::string>& argv, std::chrono::milliseconds limit) {
  Command command;
  command.argv = argv;
  command.group = Group::kSession;
  Child child = start_child(command);
  child.in.reset();
  Captured captured;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  bool late = false;
  for (;;) {
    std::array<pollfd, 2> fds{{{child.out.get(), POLLIN, 0}, {child.err.get(), POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), kTick);
    read(child.out, captured.out);
    read(child.err, captured.err);
    if (!late && std::chrono::steady_clock::now() >= deadline) {
      late = true;
      ::kill(-child.pid, SIGKILL);
      child.out.reset();  // what left its group may still hold them
      child.err.reset();
    }
    if (child.out || child.err) continue;
    if (const auto ended = reap(child.pid)) {
      captured.ended = *ended;
      break;
    }
  }
  if (late)
    throw Error(fmt::format("{} has not ended within {}", argv.front(), format_duration(limit)),
                Fault::kHost);
  return captured;
}

}  // namespace wisp::launcher
