#include "optim/async_isega.h"
#include "optim/async_isgd.h"
#include "optim/async_sgd.h"
#include "optim/isgd.h"
#include "optim/rows.h"

namespace wisp::optim {

std::vector<Method> asynchronous_methods() {
  std::vector<Method> methods;
  const Setting scaled = Setting::of<bool>(
      "scaled", "what is drawn at random counts 1/tau times: right in the mean, noisier", false);
  Method async_sgd{
      .name = "async-sgd",
      .description = "SGD without rounds: the master takes each worker's update as it comes; any sparsifier",
      .source = "P1",
      .sparsifiers = {"identity"},
      .any_sparsifier = true,
      .theory_step = async_sgd_theory_step,
      .takes_error_feedback = true,
      .takes_schedule = true,
      .takes_batches = true,
      .sparse_steps = true,
      .settings = {scaled, Setting::of<double>("momentum",
                                               "of the master's heavy ball; lengthens the mean step by "
                                               "1 / (1 - momentum)",
                                               0.0)
                               .from(0)
                               .up_to(0.999)},
      .consistencies = {"async", "ssp"},
      .fixed_workers = "a checkpoint has updates on their way from so many workers"};
  methods.push_back(async_sgd.made_of<AsyncSgdWorker, AsyncSgdMaster>());
  Method async_isgd{
      .name = "async-isgd",
      .description = "asynchronous ISGD: every worker counts alike however fast; master keeps 2 n d numbers",
      .source = "P2 Algorithm 8, Theorem 9",
      .sparsifiers = {"random-blocks", "identity"},
      .other_sparsifiers = kBlockRefusal,
      .theory_step = async_isgd_step,
      .paper_step = async_isgd_step,
      .memory = async_isgd_memory,
      .other_memory = "its blocks are right in the mean as they are, and independent only without one",
      .takes_prox = true,
      .takes_batches = true,
      .consistencies = {"async", "ssp"},
      .fixed_workers = "its master keeps a model of every worker"};
  methods.push_back(async_isgd.made_of<IsgdWorker, AsyncIsgdMaster>());
  Method async_isega{
      .name = "async-isega",
      .description = "our extension, not of the paper: isega without rounds, exact at any workers' speeds",
      .source = "derived from P2 Algorithms 2 and 8; no proof of its rate",
      .sparsifiers = {"random-blocks", "identity"},
      .other_sparsifiers = kBlockRefusal,
      .theory_step = async_isega_theory_step,
      .other_memory = "its h_i take that part",
      .takes_prox = true,
      .consistencies = {"async", "ssp"},
      .fixed_workers = "its master keeps the mean of what so many workers know",
      .needs_every_update = true};
  methods.push_back(async_isega.made_of<AsyncIsegaWorker, AsyncIsegaMaster>());
  return methods;
}

}  // namespace wisp::optim
