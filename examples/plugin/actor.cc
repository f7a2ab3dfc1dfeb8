// Two actors: counters that are added to, and a teller that adds to each of them and tells the sum.
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "plugin.h"
#include "runtime/system.h"

namespace mine {
namespace {

using wisp::runtime::Actor;
using wisp::runtime::Task;

class Counter : public Actor {
 public:
  using Constructor = void(std::int64_t);  // what it is made from, here and on other hosts
  explicit Counter(std::int64_t start) : value_(start) {}
  std::int64_t add(std::int64_t amount) { return value_ += amount; }

 private:
  std::int64_t value_;
};

class Teller : public Actor {
 public:
  using Constructor = void(std::vector<std::string>, std::int64_t, bool);
  Teller(std::vector<std::string> counters, std::int64_t rounds, bool verbose)
      : counters_(std::move(counters)), rounds_(rounds), verbose_(verbose) {}

  // The job ends when this returns; what it throws is the job's failure.
  Task<void> run() {
    std::int64_t sum = 0;
    for (const std::string& name : counters_) {
      const auto counter = co_await wisp::runtime::get_actor<Counter>(context(), name);
      std::int64_t value = 0;
      for (std::int64_t round = 0; round < rounds_ && !stopped_; ++round) {
        auto answer = counter.call<&Counter::add>(1);
        value = co_await answer;  // others have their turn meanwhile: stop() too
      }
      if (verbose_) context().log().info(name + " is at " + std::to_string(value));
      sum += value;
    }
    if (sum < 0) throw wisp::Error("the counters sum up to " + std::to_string(sum));
    context().log().info("the counters sum up to " + std::to_string(sum));
  }

  // Ctrl-C asks the actor that is main, if it has such a method.
  void stop() { stopped_ = true; }

 private:
  const std::vector<std::string> counters_;
  const std::int64_t rounds_;
  const bool verbose_;
  bool stopped_ = false;
};

}  // namespace

void add_actors(wisp::runtime::Registry& registry) {
  registry.actor<Counter>("mine::Counter").parameters({{"start", 0}}).method<&Counter::add>("add");
  registry.actor<Teller>("mine::Teller")
      .parameters({"counters", {"rounds", 10}, {"verbose", false}})
      .method<&Teller::run>("run")
      .method<&Teller::stop>("stop");
}

}  // namespace mine
