// wisp's own side of the whole paths: actors on several nodes exchange what workers and masters do.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/messages.h"
#include "base/process.h"
#include "bench/runtime/measure.h"
#include "bench/actors/paths.h"
#include "bench/runtime/serving.h"
#include "runtime/handle.h"

namespace wisp::bench {
namespace {

using runtime::Handle;
using runtime::Task;
using sparse::IndexChoice;
using Model = actors::Model<float>;
using Update = actors::Update<float>;

constexpr runtime::NodeId kParent = 1, kFirstChild = 2;

Update packable(const sparse::Vector<float>& vector, IndexChoice indices) {
  Update update;
  update.vector = sparse::encode(vector, indices);
  return update;
}

// A master that is pushed to.
class Receiver : public runtime::Actor {
 public:
  using Constructor = void();
  // Answers when it has been added.
  void push(Update update) {
    if (!sums_) sums_.emplace(update.vector.dim);
    sums_->apply(update.vector);
    count();
  }
  void take(Update update) {
    bytes_ += update.vector.values.size();
    count();
  }
  // Since the first one.
  double seconds() { return watch_ ? watch_->seconds() : 0; }

 private:
  void count() {
    if (!watch_) watch_.emplace();
  }
  std::optional<Sums> sums_;
  std::uint64_t bytes_ = 0;
  std::optional<Stopwatch> watch_;
};

class Sender : public runtime::Actor {
 public:
  using Constructor = void();

  template <auto M>
  Task<double> round_trips(Handle<Receiver> to, std::uint64_t count, IndexChoice indices) {
    const sparse::Vector<float> vector = update_of(kDimension, kPairs);
    std::optional<Stopwatch> watch;
    for (std::uint64_t i = 0; i < kWarmUpPaths + count; ++i) {
      if (i == kWarmUpPaths) watch.emplace();
      auto answer = to.call<M>(packable(vector, indices));
      co_await answer;
    }
    co_return watch->seconds();
  }

  template <auto M>
  Task<double> one_way(Handle<Receiver> to, std::uint64_t count, IndexChoice indices, std::uint32_t pairs) {
    const sparse::Vector<float> vector = update_of(kDimension, pairs);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Update update = packable(vector, indices);
      if (!to.tell<M>(update)) co_await to.send<M>(update);
    }
    const double seconds = co_await to.call<&Receiver::seconds>();
    co_return seconds;
  }
};

class Worker : public runtime::Actor {
 public:
  using Constructor = void();
  Update step(Model model) {
    sparse::decode(model.vector, kModelDimension, kNobody, model_);
    return packable(vector_, IndexChoice::kAuto);
  }

 private:
  const sparse::Vector<float> vector_ = update_of(kModelDimension, kPairs);
  sparse::Vector<float> model_;
};

class Master : public runtime::Actor {
 public:
  using Constructor = void();
  Task<double> rounds(std::vector<Handle<Worker>> workers, std::uint64_t count) {
    for (std::uint64_t i = 0; i < kWarmUpPaths; ++i) co_await round(workers);
    const Stopwatch watch;
    for (std::uint64_t i = 0; i < count; ++i) co_await round(workers);
    co_return watch.seconds();
  }

 private:
  Task<void> round(const std::vector<Handle<Worker>>& workers) {
    const Model model(round_++, sums_.model());
    const std::vector<Update> updates = co_await runtime::call<&Worker::step>(workers, model);
    for (const Update& update : updates) sums_.apply(update.vector);
  }
  std::uint64_t round_ = 0;
  Sums sums_{kModelDimension};
};

void register_all(runtime::Registry& registry) {
  registry.actor<Receiver>("receiver")
      .method<&Receiver::push>("push")
      .method<&Receiver::take>("take")
      .method<&Receiver::seconds>("seconds");
  registry.actor<Worker>("worker").method<&Worker::step>("step");
}

template <class Measure>
double to_receiver(const Measure& measure) {
  Child child([](Line& line) { serve<Receiver>(line, kFirstChild, register_all); });
  double seconds = 0;
  {
    Serving serving(kParent, 0, listen(kParent), register_all);
    const auto receiver = meet<Receiver>(serving, child.line(), kFirstChild);
    seconds = measure(serving.adopt<Sender>("sender"), receiver);
  }
  child.line().tell("end");
  child.join();
  return seconds;
}

template <auto M>
Figure round_trips(std::uint64_t count, IndexChoice indices) {
  return time_each(count, to_receiver([&](const Handle<Sender>& sender, const Handle<Receiver>& receiver) {
                     return sender.call<&Sender::round_trips<M>>(receiver, count, indices).get();
                   }));
}

template <auto M>
Figure one_way(std::uint64_t count, IndexChoice indices, std::uint32_t pairs) {
  return rate(count - 1, to_receiver([&](const Handle<Sender>& sender, const Handle<Receiver>& receiver) {
                return sender.call<&Sender::one_way<M>>(receiver, count, indices, pairs).get();
              }));
}

Figure rounds(std::uint64_t count, runtime::NodeId workers) {
  const Children children(workers, [](Line& line, std::size_t child) {
    serve<Worker>(line, static_cast<runtime::NodeId>(kFirstChild + child), register_all);
  });
  double seconds = 0;
  {
    Serving serving(kParent, 0, listen(kParent), register_all);
    std::vector<Handle<Worker>> handles;
    for (runtime::NodeId i = 0; i < workers; ++i) {
      handles.push_back(meet<Worker>(serving, children.line(i), kFirstChild + i));
    }
    seconds = serving.adopt<Master>("master").call<&Master::rounds>(handles, count).get();
  }
  children.end();
  return time_each(count, seconds);
}

const Cases kCases = {
    {"push-raw", [](std::uint64_t n) { return round_trips<&Receiver::push>(n, IndexChoice::kRaw); }},
    {"push-rice", [](std::uint64_t n) { return round_trips<&Receiver::push>(n, IndexChoice::kRice); }},
    {"push-bare", [](std::uint64_t n) { return round_trips<&Receiver::take>(n, IndexChoice::kRaw); }},
    {"rounds-1", [](std::uint64_t n) { return rounds(n, 1); }},
    {"rounds-4", [](std::uint64_t n) { return rounds(n, 4); }},
    {"dense", [](std::uint64_t n) { return one_way<&Receiver::push>(n, IndexChoice::kAuto, kDimension); }},
    {"dense-bare",
     [](std::uint64_t n) { return one_way<&Receiver::take>(n, IndexChoice::kAuto, kDimension); }},
    {"sparse-raw", [](std::uint64_t n) { return one_way<&Receiver::push>(n, IndexChoice::kRaw, kPairs); }},
    {"sparse-rice", [](std::uint64_t n) { return one_way<&Receiver::push>(n, IndexChoice::kRice, kPairs); }},
    {"sparse-bare", [](std::uint64_t n) { return one_way<&Receiver::take>(n, IndexChoice::kRaw, kPairs); }},
};

}  // namespace
}  // namespace wisp::bench

int main(int argc, char** argv) {
  wisp::keep_freed_memory();  // as every node does
  return wisp::bench::run_case(argc, argv, wisp::bench::kCases);
}
