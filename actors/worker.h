#pragma once
// Worker: owns a shard of the data and answers models with updates.
#include <chrono>
#include <memory>

#include "actors/catalogs.h"
#include "actors/messages.h"
#include "optim/rule.h"
#include "problems/objective.h"
#include "runtime/actor.h"
#include "sparse/metered.h"

namespace wisp::actors {

// T is float or double ("worker/float32", "worker/float64").
template <class T>
class Worker : public runtime::Actor {
 public:
  using Constructor = void(WorkerParameters);
  // `catalogs` know the problem and the method, and outlive it.
  Worker(WorkerParameters parameters, const Catalogs& catalogs)
      : parameters_(std::move(parameters)), catalogs_(catalogs) {}

  // Reads its rows; the first call. Throws Error (kConfig) that names file and line.
  Shard set_up();
  // The method's update at `model`. A model of another dimension is refused.
  Update<T> step(Model<T> model);
  // f_i(model), and what was measured of the steps so far. The next step is measured for the next evaluation.
  Evaluation evaluate(Model<T> model);
  // The same on its share of the test rows, of which there are some.
  TestResult test(Model<T> model);
  // The random first iterate that suits the function; the same from every worker.
  std::vector<T> random_start();

 private:
  void check(const Model<T>& model) const;
  sparse::Vector<T> checked_step(const Model<T>& model);
  void log_progress(std::uint64_t round, std::size_t values, std::size_t bytes);

  const WorkerParameters parameters_;
  const Catalogs& catalogs_;
  std::unique_ptr<problems::Objective<T>> objective_;
  std::unique_ptr<problems::Objective<T>> test_;  // null: no rows are held back
  std::unique_ptr<optim::WorkerRule<T>> rule_;
  sparse::Meter meter_;
  bool measure_next_ = true;
  std::chrono::nanoseconds gradient_time_{0};
  std::uint64_t rows_used_ = 0;
  std::uint64_t steps_ = 0;
  std::chrono::nanoseconds logged_at_{0};
};

extern template class Worker<float>;
extern template class Worker<double>;

}  // namespace wisp::actors
