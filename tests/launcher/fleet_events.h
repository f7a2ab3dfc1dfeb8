#pragma once
// What a fleet reports, kept for a test to wait for and look at.
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "launcher/fleet.h"

namespace wisp::test {

using namespace std::chrono_literals;

class FleetEvents {
 public:
  launcher::Fleet::EventHandler handler() {
    return [this](const launcher::Event& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    };
  }

  // The first event of kind T that fits; fails by throwing after 30 s.
  template <class T>
  T wait(std::function<bool(const T&)> fits = [](const T&) { return true; }) {
    std::unique_lock lock(mutex_);
    const T* found = nullptr;
    const bool there = changed_.wait_for(lock, 30s, [&] { return (found = find(fits)) != nullptr; });
    if (!there) throw std::runtime_error("the event did not come");
    return *found;
  }

  launcher::Started started(const std::string& process) {
    return wait<launcher::Started>([&](const auto& each) { return each.process == process; });
  }
  launcher::Exited exited(const std::string& process) {
    return wait<launcher::Exited>([&](const auto& each) { return each.process == process; });
  }
  launcher::Line line(const std::string& text) {
    return wait<launcher::Line>([&](const auto& each) { return each.text == text; });
  }

  template <class T>
  std::vector<T> all() {
    const std::lock_guard lock(mutex_);
    std::vector<T> found;
    for (const launcher::Event& each : events_) {
      if (const T* event = std::get_if<T>(&each)) found.push_back(*event);
    }
    return found;
  }

 private:
  template <class T>
  const T* find(const std::function<bool(const T&)>& fits) const {
    for (const launcher::Event& each : events_) {
      const T* event = std::get_if<T>(&each);
      if (event != nullptr && fits(*event)) return event;
    }
    return nullptr;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<launcher::Event> events_;
};

// Whether a process runs; one that has ended and waits to be reaped does not.
inline bool alive(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  const char state = line[line.rfind(')') + 2];
  return state != 'Z' && state != 'X';
}

// Waits for the end of a process that need not be our child. False if it still runs after `patience`.
bool ends_within(std::int64_t pid, std::chrono::milliseconds patience);

// A shell command as a process of a fleet.
inline launcher::Process shell(const std::string& name, const std::string& script) {
  launcher::Process process;
  process.name = name;
  process.program = "/bin/sh";
  process.arguments = {"-c", script};
  return process;
}

// The agent of the tests, on this machine.
inline launcher::FleetOptions test_options() {
  launcher::FleetOptions options;
  options.local_agent = {WISP_TEST_AGENT};
  options.program = WISP_TEST_AGENT;
  return options;
}

}  // namespace wisp::test
