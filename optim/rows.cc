#include "optim/rows.h"

#include "optim/gd.h"
#include "optim/iasgd.h"
#include "optim/ibcd.h"
#include "optim/isaga.h"
#include "optim/isaga_shared.h"
#include "optim/isega.h"
#include "optim/isgd.h"
#include "optim/nesterov.h"

namespace wisp::optim {
namespace {

Method gd() {
  Method gd{.name = "gd",
            .description = "gradient descent; every worker sends its whole gradient",
            .source = "the baseline of P2",
            .sparsifiers = {"identity"},
            .other_sparsifiers = "gd sends whole gradients",
            .theory_step = gd_theory_step,
            .paper_step = gd_paper_step,
            .rate = gd_rate,
            .other_memory = "it leaves nothing out",
            .takes_prox = true,
            .fixed_workers = ""};
  return gd.made_of<GdWorker, GdMaster>();
}

Method ibcd() {
  Method ibcd{
      .name = "ibcd",
      .description = "independent block coordinate descent, for problems that all workers' optima share",
      .source = "P2 Algorithm 1, Theorem 1",
      .sparsifiers = {"random-blocks", "identity"},
      .other_sparsifiers = kBlockRefusal,
      .theory_step = ibcd_theory_step,
      .paper_step = ibcd_paper_step,
      .rate = ibcd_rate,
      .other_memory = "its blocks are right in the mean as they are, and independent only without one",
      .needs_interpolation = true,
      .sparse_steps = true,
      .fixed_workers = ""};
  return ibcd.made_of<IbcdWorker, IbcdMaster>();
}

Method isega() {
  Method isega{
      .name = "isega",
      .description = "independent SEGA: sends blocks of what has changed, converges on any split of the data",
      .source = "P2 Algorithm 2, Theorem 3",
      .sparsifiers = {"random-blocks", "identity"},
      .other_sparsifiers = kBlockRefusal,
      .theory_step = isega_theory_step,
      .paper_step = isega_paper_step,
      .rate = isega_rate,
      .other_memory = "its h_i take that part",
      .takes_prox = true,
      .fixed_workers = "its master keeps the mean of what so many workers know",
      .needs_every_update = true};
  return isega.made_of<IsegaWorker, IsegaMaster>();
}

Method sgd() {
  Method sgd{
      .name = "sgd",
      .description = "stochastic gradient descent; every worker sends the gradient of a batch of its rows",
      .source = "the baseline of P2: Algorithm 6 with tau = 1",
      .sparsifiers = {"identity"},
      .other_sparsifiers = "sgd sends whole gradients",
      .theory_step = isgd_theory_step,
      .paper_step = isgd_paper_step,
      .takes_schedule = true,
      .takes_prox = true,
      .takes_batches = true,
      .theory_decay = isgd_theory_decay,
      .fixed_workers = ""};
  return sgd.made_of<IsgdWorker, IsgdMaster>();
}

Method saga() {
  Method saga{.name = "saga",
              .description = "SAGA on one machine, which keeps the gradient of each of its rows",
              .source = "the baseline of P2: Algorithm 5 with n = 1 and tau = 1",
              .sparsifiers = {"identity"},
              .other_sparsifiers = "saga sends whole vectors",
              .theory_step = isaga_theory_step,
              .paper_step = isaga_theory_step,
              .rate = isaga_rate,
              .takes_prox = true,
              .of_samples = true,
              .one_machine = true,
              .table = Table::kWorkers};
  return saga.made_of<IsagaWorker, GdMaster>();
}

Method nesterov() {
  Method nesterov{.name = "nesterov",
                  .description = "accelerated gradient descent; every worker sends its whole gradient",
                  .source = "the baseline of P2 Algorithm 7",
                  .sparsifiers = {"identity"},
                  .other_sparsifiers = "nesterov sends whole gradients",
                  .theory_step = nesterov_theory_step,
                  .paper_step = nesterov_theory_step,
                  .rate = nesterov_rate,
                  .fixed_workers = "its momentum comes of the constants of so many shards"};
  return nesterov.made_of<GdWorker, NesterovMaster>();
}

// With probability tau the whole gradient, else nothing: that is its sparsifier.
Method ibgd() {
  Method ibgd{.name = "ibgd",
              .description = "independent Bernoulli gradient descent: a whole gradient or nothing, by chance",
              .source = "P2 Algorithm 3, Theorem 4",
              .sparsifiers = {"all-or-nothing", "identity"},
              .other_sparsifiers = "ibgd sends a whole gradient or nothing",
              .theory_step = ibcd_theory_step,
              .paper_step = ibcd_paper_step,
              .rate = ibcd_rate,
              .needs_interpolation = true,
              .sparse_steps = true,
              .fixed_workers = ""};
  return ibgd.made_of<IbcdWorker, IbcdMaster>();
}

Method isaga_shared() {
  Method isaga{.name = "isaga-shared",
               .description = "independent SAGA on data that every worker holds; the master keeps the table",
               .source = "P2 Algorithm 4, Theorem 2",
               .sparsifiers = {"random-blocks", "identity"},
               .other_sparsifiers = kBlockRefusal,
               .theory_step = isaga_theory_step,
               .paper_step = isaga_theory_step,
               .rate = isaga_shared_rate,
               .of_samples = true,
               .shares_data = true,
               .table = Table::kMaster};
  return isaga.made_of<IsagaSharedWorker, IsagaSharedMaster>();
}

Method isaga() {
  Method isaga{.name = "isaga",
               .description = "independent SAGA; each worker keeps the gradient of each of its rows",
               .source = "P2 Algorithm 5, Theorem 5",
               .sparsifiers = {"random-blocks", "identity"},
               .other_sparsifiers = kBlockRefusal,
               .theory_step = isaga_theory_step,
               .paper_step = isaga_theory_step,
               .rate = isaga_rate,
               .needs_interpolation = true,
               .of_samples = true,
               .table = Table::kWorkers};
  return isaga.made_of<IsagaWorker, IbcdMaster>();
}

Method isgd() {
  Method isgd{.name = "isgd",
              .description = "independent SGD: sends blocks of the gradient of a batch of rows",
              .source = "P2 Algorithm 6, Theorems 6 and 7",
              .sparsifiers = {"random-blocks", "identity"},
              .other_sparsifiers = kBlockRefusal,
              .theory_step = isgd_theory_step,
              .paper_step = isgd_paper_step,
              .takes_schedule = true,
              .takes_batches = true,
              .theory_decay = isgd_theory_decay,
              .fixed_workers = ""};
  return isgd.made_of<IsgdWorker, IsgdMaster>();
}

Method iasgd() {
  Method iasgd{.name = "iasgd",
               .description = "independent accelerated SGD, for strongly convex problems",
               .source = "P2 Algorithm 7, Theorem 8",
               .sparsifiers = {"random-blocks", "identity"},
               .other_sparsifiers = kBlockRefusal,
               .theory_step = iasgd_theory_step,
               .rate = iasgd_rate,
               .takes_batches = true,
               .needs_strong_convexity = true,
               .fixed_workers = "its momentum comes of the constants of so many shards"};
  iasgd.settings = {
      Setting::of<double>("rho",
                          "constant of the strong growth condition: the step is 1/(rho L); 0: Lemma 1's", 0)
          .from(0)};
  return iasgd.made_of<IsgdWorker, IasgdMaster>();
}

}  // namespace

std::vector<Method> synchronous_methods() {
  return {gd(), ibcd(), isega(), sgd(), saga(), nesterov(), ibgd(), isaga_shared(), isaga(), isgd(), iasgd()};
}

}  // namespace wisp::optim
