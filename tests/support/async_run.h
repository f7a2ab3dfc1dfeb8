#pragma once
// A method run as an asynchronous master runs it, in one thread without any actor: which update arrives next,
// and at which x it was made, follows from a law of staleness and the seed.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "optim/rule.h"
#include "optim/spec.h"
#include "problems/objective.h"

namespace wisp::test {

// The mean is n - 1 for all three.
enum class Staleness {
  kEvents,     // workers take exponential times for a round each, and are sent x when their update has come
  kGeometric,  // any worker is next, at the x of geometrically many updates ago
  kUniform,    // any worker is next, at the x of 0 .. 2 (n - 1) updates ago
};

struct AsyncLaw {
  Staleness staleness = Staleness::kEvents;
  std::vector<double> round_times = {};  // kEvents: the mean time of a round, by worker; empty: all alike
};

// An update that came: whose, and after how many updates the x was sent that it was made at.
struct Arrival {
  std::size_t worker = 0;
  std::size_t read = 0;
};

template <class T>
using Objectives = std::vector<std::unique_ptr<problems::Objective<T>>>;

template <class T>
class AsyncRun {
 public:
  // Worker i has objectives[i], which outlive this.
  AsyncRun(const Objectives<T>& objectives, const optim::MethodSpec& spec, std::uint64_t seed,
           problems::Smoothness constants, std::vector<T> start, AsyncLaw law = {},
           problems::RegulariserSpec regulariser = {});

  // One arrival: the worker's step, as bytes to the master, which absorbs it and advances.
  void step();
  // Puts every rule's state, as bytes, into new rules and goes on with those.
  void restart();

  const std::vector<T>& x() const { return history_.back(); }
  const Arrival& last() const { return last_; }
  const optim::WorkerRule<T>& worker(std::size_t i) const { return *workers_[i]; }
  std::size_t updates() const { return updates_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  double staleness_mean() const { return staleness_sum_ / static_cast<double>(updates_); }
  std::size_t staleness_max() const { return staleness_max_; }

 private:
  void make_rules();
  void send(std::size_t worker);
  Arrival next();
  const std::vector<T>& iterate_after(std::size_t updates) const;

  const Objectives<T>& objectives_;
  optim::MethodSpec spec_;
  std::uint64_t seed_;
  problems::Smoothness constants_;
  AsyncLaw law_;
  problems::RegulariserSpec regulariser_;
  std::vector<std::unique_ptr<optim::WorkerRule<T>>> workers_;
  std::unique_ptr<optim::MasterRule<T>> master_;
  std::deque<std::vector<T>> history_;   // the latest iterates, the last one last
  std::vector<std::vector<T>> sent_;     // kEvents: by worker
  std::vector<std::size_t> sent_after_;  // kEvents: by worker, how many updates
  std::vector<double> due_;              // kEvents: by worker, when its update comes
  std::vector<std::uint64_t> rounds_;    // by worker
  Arrival last_;
  std::size_t updates_ = 0;
  std::uint64_t bytes_sent_ = 0;
  double staleness_sum_ = 0;
  std::size_t staleness_max_ = 0;
};

}  // namespace wisp::test
