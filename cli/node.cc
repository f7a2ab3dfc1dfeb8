#include "cli/node.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <new>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "cli/inventory.h"

namespace wisp::cli {

namespace {

constexpr int kBrokenLink = 70;
constexpr int kAgentGone = 71;
constexpr int kNoMemory = 72;
constexpr int kFenced = 75;
constexpr int kBadParameters = 78;
constexpr std::uint32_t kInputMax = 64u << 20;
constexpr std::chrono::seconds kJoinDeadline{60};

bool read_exactly(void* target, std::size_t size) {
  auto* next = static_cast<std::byte*>(target);
  while (size > 0) {
    const ssize_t got = ::read(STDIN_FILENO, next, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    next += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

runtime::NodeParameters read_parameters() {
  std::uint32_t size = 0;
  if (!read_exactly(&size, sizeof size) || size > kInputMax) throw DecodeError("no parameters on stdin");
  std::vector<std::byte> bytes(size);
  if (!read_exactly(bytes.data(), bytes.size())) throw DecodeError("the parameters on stdin are cut short");
  return unpack<runtime::NodeParameters>(Bytes(std::move(bytes)));
}

// The end of stdin means that the agent is gone, and with it whoever could end this node.
void end_with_agent() {
  std::byte ignored;
  while (read_exactly(&ignored, 1)) {
  }
  ::_exit(kAgentGone);
}

// Whatever asked for it, without memory there is no way on. The agent takes these last words for the cause.
void end_without_memory() {
  constexpr std::string_view kWords = "out of memory\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kWords.data(), kWords.size());
  ::_exit(kNoMemory);
}

// One without a folder came with the program.
void load_plugins(const std::vector<std::string>& plugins, Inventory& inventory) {
  const std::filesystem::path libraries = self_executable().parent_path().parent_path() / "lib";
  for (const std::string& plugin : plugins) inventory.load(libraries / plugin);
}

int serve(const runtime::NodeParameters& parameters, const Inventory& inventory) {
  const SystemClock clock;
  const auto make_log = [&parameters](const std::string& actor) -> std::unique_ptr<Log> {
    return std::make_unique<LineSink>(STDERR_FILENO, actor, parameters.log_level);
  };
  LineSink log(STDERR_FILENO, parameters.name, parameters.log_level);
  try {
    runtime::ZmqSockets sockets(parameters.network);
    runtime::serve(parameters, inventory.registry(), clock, make_log, sockets.data(), sockets.control(),
                   kJoinDeadline);
    return 0;
  } catch (const runtime::Fenced& error) {
    log.error(error.what());
    return kFenced;
  } catch (const Error& error) {
    log.error(error.what());
    return error.fault() == Fault::kHost ? kNodeHostFault : kBrokenLink;
  }
}

}  // namespace

Bytes node_input(const runtime::NodeParameters& parameters) {
  const Bytes packed = pack(parameters);
  const auto size = static_cast<std::uint32_t>(packed.size());
  std::vector<std::byte> input(sizeof size + packed.size());
  std::memcpy(input.data(), &size, sizeof size);
  std::memcpy(input.data() + sizeof size, packed.data(), packed.size());
  return Bytes(std::move(input));
}

int node_main() {
  keep_freed_memory();
  std::set_new_handler(end_without_memory);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);  // Ctrl-C is the driver's to handle
  runtime::NodeParameters parameters;
  Inventory inventory;
  try {
    parameters = read_parameters();
    load_plugins(parameters.plugins, inventory);
  } catch (const Error& error) {
    LineSink(STDERR_FILENO, "node", Level::kInfo).error(error.what());
    return kBadParameters;
  }
  std::thread(end_with_agent).detach();
  return serve(parameters, inventory);
}

}  // namespace wisp::cli
