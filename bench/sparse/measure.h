#pragma once
// What the programs of bench/sparse share: a race of kernels, and the row that is printed.
//
// The machine may be busy with other things, so times of one kernel are compared only with those of another
// in the same process: all of them run by turns, each turn is timed in processor time of this thread, and the
// lower quartile of a kernel's turns stands beside that of its floor. The minimum is printed too, for whoever
// wonders how far the two are apart.

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace wisp::bench {

/// Processor time of this thread, in nanoseconds.
inline double thread_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Keeps a value that nobody reads from being optimised away.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

/// Kernels that run by turns. Times are nanoseconds a run.
class Race {
 public:
  using Number = std::size_t;

  /// One turn of `kernel` is `repeats` runs: enough of them to be far longer than a look at the clock.
  Number enter(std::function<void()> kernel, int repeats = 1) {
    entries_.push_back({std::move(kernel), repeats, {}});
    return entries_.size() - 1;
  }

  /// The first turn of each, which finds memory and code cold, is not counted.
  void run(int turns) {
    for (int turn = 0; turn <= turns; ++turn) {
      for (Entry& entry : entries_) {
        const double begin = thread_time();
        for (int i = 0; i < entry.repeats; ++i) entry.kernel();
        if (turn > 0) entry.times.push_back((thread_time() - begin) / entry.repeats);
      }
    }
    for (Entry& entry : entries_) std::sort(entry.times.begin(), entry.times.end());
  }

  double minimum(Number number) const { return entries_[number].times.front(); }
  double quartile(Number number) const {
    const auto& times = entries_[number].times;
    return times[times.size() / 4];
  }

 private:
  struct Entry {
    std::function<void()> kernel;
    int repeats;
    std::vector<double> times;
  };
  std::vector<Entry> entries_;
};

/// What a row is held against; 0: no such bound.
struct Goal {
  double most = 0;
  double least = 0;
};

inline void print_row(const std::string& name, double value, const char* unit, double reference, Goal goal) {
  const double ratio = value / reference;
  std::printf("{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"reference\": %.6g, \"ratio\": %.4g, ",
              name.c_str(), value, unit, reference, ratio);
  if (goal.most == 0 && goal.least == 0) {
    std::printf("\"goal\": null, \"holds\": null}\n");
  } else {
    const bool holds = goal.most != 0 ? ratio <= goal.most : ratio >= goal.least;
    std::printf("\"goal\": \"ratio %s %g\", \"holds\": %s}\n",
                goal.most != 0 ? "<=" : ">=", goal.most != 0 ? goal.most : goal.least,
                holds ? "true" : "false");
  }
  std::fflush(stdout);
}

/// The lower quartiles of a kernel and its floor, and the minima without a goal. `per`: elements a run.
inline void print_race(const std::string& name, const Race& race, Race::Number kernel, Race::Number floor,
                       double per, const char* unit, Goal goal) {
  print_row(name, race.quartile(kernel) / per, unit, race.quartile(floor) / per, goal);
  print_row(name + ", minimum", race.minimum(kernel) / per, unit, race.minimum(floor) / per, {});
}

}  // namespace wisp::bench
