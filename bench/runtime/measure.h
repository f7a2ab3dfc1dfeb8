#pragma once
// What the programs of bench/runtime share: placement on cores, a limit in time, a stopwatch, a child
// process, the line that is printed.
//
// Such a program is run as `<program> <case> <count>`, measures that one case with `count` messages (or round
// trips), prints one JSON object on stdout, and exits with 0. A case of two processes forks the second one
// itself.
//
// Two processes keep to half of the cores each, as if on two hosts, and two threads that wake each other to a
// core each: a wake on the same core costs a tenth of one across, and left alone the kernel chooses anew in
// each run. With
// "-one-core" behind its name every case runs on one core, where wakes are cheap and its own work shows.

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace wisp::bench {

constexpr unsigned kSecondsMax = 60;  // of a whole program; what is late is ended by SIGALRM
constexpr std::size_t kSmall = 64;    // bytes of a small message

/// The cores that the calling thread may use.
inline std::vector<int> cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof(set), &set);
  std::vector<int> all;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(static_cast<std::size_t>(core), &set)) all.push_back(core);
  }
  return all;
}

/// Keeps the calling thread, and threads it makes from now on, to these cores.
inline void keep_to(const std::vector<int>& chosen) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : chosen) CPU_SET(static_cast<std::size_t>(core), &set);
  if (::sched_setaffinity(0, sizeof(set), &set) != 0) throw std::runtime_error("sched_setaffinity failed");
}

inline void keep_to_first_core() { keep_to({cores().front()}); }
inline void keep_to_last_core() { keep_to({cores().back()}); }

inline void keep_to_first_half() {
  const std::vector<int> all = cores();
  keep_to({all.begin(), all.begin() + static_cast<std::ptrdiff_t>((all.size() + 1) / 2)});
}
inline void keep_to_second_half() {
  const std::vector<int> all = cores();
  keep_to({all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end()});
}

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// One figure: its unit is "1/s", "us" or "MB/s".
struct Figure {
  double value;
  const char* unit;
};

inline Figure rate(std::uint64_t count, double seconds) {
  return {static_cast<double>(count) / seconds, "1/s"};
}
inline Figure time_each(std::uint64_t count, double seconds) {
  return {1e6 * seconds / static_cast<double>(count), "us"};
}
inline Figure throughput(std::uint64_t bytes, double seconds) {
  return {static_cast<double>(bytes) / 1e6 / seconds, "MB/s"};
}

/// One end of a stream of short lines between two processes that measure together.
class Line {
 public:
  explicit Line(int descriptor) : descriptor_(descriptor) {}
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { ::close(descriptor_); }

  void tell(std::string_view text) {
    const std::string line = std::string(text) + "\n";
    if (::send(descriptor_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
      throw std::runtime_error("the other process is gone");
    }
  }

  /// Waits for the next line. Throws std::runtime_error if the other process is gone.
  std::string hear() {
    std::string text;
    for (char byte = 0; ::read(descriptor_, &byte, 1) == 1; text += byte) {
      if (byte == '\n') return text;
    }
    throw std::runtime_error("the other process is gone");
  }

 private:
  int descriptor_;
};

/// A second process, forked from this one, that runs `work` and exits; it ends when this process does, and
/// each keeps to its half of the cores. Made before this process has threads.
class Child {
 public:
  explicit Child(const std::function<void(Line&)>& work) : Child(pair(), work) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Ends it if it has not been joined.
  ~Child() {
    if (process_ == 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  Line& line() { return line_; }

  /// Waits for its end. Throws std::runtime_error if it failed.
  void join() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    if (status != 0) throw std::runtime_error("the other process failed");
  }

 private:
  struct Pair {
    int mine, its;
  };

  static Pair pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw std::runtime_error("socketpair failed");
    return {ends[0], ends[1]};
  }

  Child(Pair ends, const std::function<void(Line&)>& work) : line_(ends.mine) {
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ > 0) {
      ::close(ends.its);
      keep_to_first_half();
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::alarm(kSecondsMax);
    ::close(ends.mine);
    ::_exit(run(work, ends.its));
  }

  static int run(const std::function<void(Line&)>& work, int descriptor) {
    try {
      Line line(descriptor);
      keep_to_second_half();
      work(line);
      return 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "child: %s\n", error.what());
      return 1;
    }
  }

  Line line_;
  pid_t process_ = 0;
};

/// Several of them, each of which is told its number, from 0 on.
class Children {
 public:
  Children(std::size_t count, const std::function<void(Line&, std::size_t)>& work) {
    const std::vector<int> all = cores();
    for (std::size_t i = 0; i < count; ++i) {
      keep_to(all);
      children_.push_back(std::make_unique<Child>([&work, i](Line& line) { work(line, i); }));
    }
  }

  Line& line(std::size_t number) const { return children_[number]->line(); }

  /// Tells all of them, and waits for their ends.
  void end() const {
    for (const auto& each : children_) each->line().tell("end");
    for (const auto& each : children_) each->join();
  }

 private:
  std::vector<std::unique_ptr<Child>> children_;
};

/// Tells the driver that this process is in the state it wants to look at, and waits until it has looked.
inline void show_state(const char* state) {
  std::printf("{\"state\": \"%s\"}\n", state);
  std::fflush(stdout);
  for (int byte = 0; byte != '\n' && byte != EOF;) byte = std::getchar();
}

using Cases = std::map<std::string, std::function<Figure(std::uint64_t count)>, std::less<>>;

/// The main() of a program with these cases. Exit status 2: called wrongly.
inline int run_case(int argc, char** argv, const Cases& cases) {
  constexpr std::string_view kOneCore = "-one-core";
  std::string_view name = argc == 3 ? argv[1] : "";
  const bool one_core = name.ends_with(kOneCore);
  if (one_core) name.remove_suffix(kOneCore.size());
  const auto found = cases.find(name);
  const std::uint64_t count = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (found == cases.end() || count == 0) {
    std::fprintf(stderr, "usage: %s CASE COUNT; its cases:", argv[0]);
    for (const auto& each : cases) std::fprintf(stderr, " %s", each.first.c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  ::alarm(kSecondsMax);
  try {
    if (one_core) keep_to_first_core();
    const Figure figure = found->second(count);
    std::printf("{\"case\": \"%s\", \"count\": %llu, \"value\": %.9g, \"unit\": \"%s\"}\n", argv[1],
                static_cast<unsigned long long>(count), figure.value, figure.unit);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s %s: %s\n", argv[0], argv[1], error.what());
    return 1;
  }
}

}  // namespace wisp::bench
