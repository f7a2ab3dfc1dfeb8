#pragma once
// Asynchronous SGD with sparsified updates: P1, each worker by itself at whatever x it was last sent.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "optim/batch.h"
#include "optim/rule.h"
#include "optim/state.h"
#include "optim/step_size.h"
#include "sparse/memory.h"
#include "sparse/sparsifier.h"

namespace wisp::optim {

// With g a stochastic gradient at the x that it was sent and C the sparsifier, worker i in its round t:
//
//   u = m_i + eta_t g;   s = C(u);   m_i <- u - s;   sends s        with error feedback, from m_i = 0
//   sends s = C(eta_t g)                                            without
//
// The learning rate is inside the memory, so what was left out keeps the step that it was made with. All of
// this is here divided by the first step, which is the master's: a constant factor changes no choice of
// coordinates. (A threshold is therefore one for gradients, not for steps.) Either sends everything in the
// end: sent and kept add up to the sum of the eta_t g.
template <class T>
class AsyncSgdWorker : public WorkerRule<T> {
 public:
  explicit AsyncSgdWorker(const WorkerPlace& place);
  sparse::Vector<T> step(std::uint64_t round, std::span<const T> x, problems::Objective<T>& f) override;
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;
  // What m_i has at the coordinates that were sent has left it. What later gradients added elsewhere is not
  // known.
  void recall(const sparse::VectorView<T>& sent) override;

 private:
  std::unique_ptr<sparse::Sparsifier<T>> sparsifier_;
  BatchGradient<T> gradient_;
  Steps steps_;  // as shares of the first
  std::optional<sparse::Memory<T>> memory_;
  std::vector<T> scaled_;  // eta_t g; empty with a memory
};

// x <- x - s for the s of one worker, whichever it is. With `momentum` beta, which P1 has not, the heavy ball
// v <- beta v + s; x <- x - v: its mean step is 1 / (1 - beta) times the one that is given. With `scaled`
// what is drawn at random counts 1/tau times, and is right in the mean.
template <class T>
class AsyncSgdMaster : public MasterRule<T> {
 public:
  explicit AsyncSgdMaster(const MasterPlace& place);
  void absorb(std::uint32_t worker, const sparse::VectorView<T>& update) override;
  void advance(std::span<T> iterate) override;
  bool keeps_to_updates() const override { return velocity_.empty(); }
  void save(Packer& packer) const override;
  void restore(Unpacker& unpacker) override;

 private:
  T step_;      // eta_0, or eta_0 / tau
  T momentum_;  // beta
  OneUpdate<T> update_;
  std::vector<T> velocity_;  // v / step; empty without momentum
};

}  // namespace wisp::optim
