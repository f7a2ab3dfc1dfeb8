#include "cli/program.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "launcher/child.h"
#include "launcher/lines.h"

namespace wisp::cli {
namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr std::size_t kLastLines = 10;
constexpr std::size_t kLineMax = 500;
constexpr std::chrono::seconds kLastWords{1};  // what a program that has ended may still have in its pipe

class PipedProgram final : public problems::Program {
 public:
  explicit PipedProgram(const problems::ProgramStart& start)
      : name_(join(start.words, " ")),
        limit_(std::chrono::duration_cast<std::chrono::nanoseconds>(
            std::chrono::duration<double>(start.seconds_max))) {
    launcher::Command command;
    command.argv = start.words;
    child_ = launcher::start_child(command);
    end_ = watch_process(child_.pid);
  }

  ~PipedProgram() override {
    child_.in.reset();
    if (!ended_within(std::chrono::seconds(1))) {
      ::kill(-child_.pid, SIGKILL);
      ::kill(child_.pid, SIGKILL);
      ended_within(std::chrono::seconds(10));
    }
  }

  void exchange(std::span<const std::byte> request, std::span<std::byte> reply) override {
    const Time until = std::chrono::steady_clock::now() + limit_;
    while (!request.empty() || !reply.empty()) {
      std::array<pollfd, 3> fds{{{request.empty() ? -1 : child_.in.get(), POLLOUT, 0},
                                 {reply.empty() ? -1 : child_.out.get(), POLLIN, 0},
                                 {child_.err ? child_.err.get() : -1, POLLIN, 0}}};
      wait(fds, until);
      if (fds[2].revents != 0) take_stderr();
      if (fds[0].revents != 0) send(request);
      if (fds[1].revents != 0) receive(reply);
    }
  }

  [[noreturn]] void fail(const std::string& text) override {
    drain(std::chrono::steady_clock::now());
    std::string message = fmt::format("the command '{}' {}", name_, text);
    message += lines_.empty() ? "; it wrote nothing to stderr" : "; the last lines of its stderr:";
    for (const std::string& line : lines_) message += "\n    " + line;
    throw Error(message);
  }

 private:
  void wait(std::array<pollfd, 3>& fds, Time until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      fail(fmt::format("has not answered within {:g} s; speed it up, or raise problem.answer_seconds",
                       std::chrono::duration<double>(limit_).count()));
    }
    const int ready =
        ::poll(fds.data(), fds.size(), static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000)));
    if (ready < 0 && errno != EINTR) throw Error(fmt::format("poll: {}", std::strerror(errno)));
    if (ready <= 0) {
      for (pollfd& each : fds) each.revents = 0;
    }
  }

  void send(std::span<const std::byte>& request) {
    const ssize_t count = ::write(child_.in.get(), request.data(), request.size());
    if (count >= 0) {
      request = request.subspan(static_cast<std::size_t>(count));
    } else if (errno != EAGAIN && errno != EINTR) {
      fail_ended();
    }
  }

  void receive(std::span<std::byte>& reply) {
    const ssize_t count = ::read(child_.out.get(), reply.data(), reply.size());
    if (count > 0) {
      reply = reply.subspan(static_cast<std::size_t>(count));
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      fail_ended();
    }
  }

  [[noreturn]] void fail_ended() {
    drain(std::chrono::steady_clock::now() + kLastWords);
    child_.in.reset();
    if (!ended_within(kLastWords)) fail("has closed its stdin or stdout instead of answering");
    fail(fmt::format("has ended ({}) instead of answering", launcher::describe(*ended_)));
  }

  // Reads what there is of stderr, and until `until` what comes before its end.
  void drain(Time until) {
    while (child_.err) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd fd{child_.err.get(), POLLIN, 0};
      if (::poll(&fd, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0) return;
      take_stderr();
    }
  }

  void take_stderr() {
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(child_.err.get(), bytes.data(), bytes.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const auto keep = [this](std::string_view line) {
      lines_.push_back(escape_text(line, kLineMax));
      if (lines_.size() > kLastLines) lines_.pop_front();
    };
    if (count <= 0) {
      splitter_.finish(keep);
      child_.err.reset();
      return;
    }
    const std::string_view text(bytes.data(), static_cast<std::size_t>(count));
    static_cast<void>(
        write_all(STDERR_FILENO, text));  // nobody there to read it is no failure of the program
    splitter_.feed(std::as_bytes(std::span(text)), keep);
  }

  bool ended_within(std::chrono::nanoseconds most) {
    const Time until = std::chrono::steady_clock::now() + most;
    pollfd fd{end_.get(), POLLIN, 0};
    for (int ready = -1; !ended_ && ready < 0;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      ready = ::poll(&fd, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (ready < 0 && errno != EINTR) break;
    }
    if (!ended_) ended_ = launcher::reap(child_.pid);
    return ended_.has_value();
  }

  const std::string name_;
  const std::chrono::nanoseconds limit_;
  launcher::Child child_;
  Descriptor end_;  // can be read when it has ended
  launcher::LineSplitter splitter_;
  std::deque<std::string> lines_;
  std::optional<launcher::Ended> ended_;
};

}  // namespace

std::unique_ptr<problems::Program> start_program(const problems::ProgramStart& start) {
  return std::make_unique<PipedProgram>(start);
}

}  // namespace wisp::cli
