// A method: gradient descent with momentum (heavy ball), in its two halves.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optim/state.h"
#include "plugin.h"

namespace mine {
namespace {

// At a worker: model -> update. Sends the whole gradient of its f_i.
template <class T>
class HeavyBallWorker : public wisp::optim::WorkerRule<T> {
 public:
  explicit HeavyBallWorker(const wisp::optim::WorkerPlace& place)
      : everything_(place.make_sparsifier<T>()), gradient_(place.dim) {}
  wisp::sparse::Vector<T> step(std::uint64_t round, std::span<const T> x,
                               wisp::problems::Objective<T>& f) override {
    f.gradient(x, gradient_);
    return everything_->select(gradient_, round);  // rounded, if the job says so
  }

 private:
  std::unique_ptr<wisp::sparse::Sparsifier<T>> everything_;
  std::vector<T> gradient_;
};

// At the master: updates -> model. v <- beta v + (1 - beta) grad f(x), x <- x - gamma v.
template <class T>
class HeavyBallMaster : public wisp::optim::MasterRule<T> {
 public:
  explicit HeavyBallMaster(const wisp::optim::MasterPlace& place)
      : beta_(static_cast<T>(place.settings.get<double>("momentum"))),
        share_((1 - beta_) / static_cast<T>(place.workers)),
        gamma_(static_cast<T>(place.step)),
        velocity_(place.dim),
        sum_(place.dim, place.workers) {}

  void absorb(std::uint32_t, const wisp::sparse::VectorView<T>& update) override { sum_.add(update); }
  void advance(std::span<T> iterate) override {
    const std::span<const T> sum = sum_.whole();
    for (std::size_t j = 0; j < iterate.size(); ++j) {
      velocity_[j] = beta_ * velocity_[j] + share_ * sum[j];
      iterate[j] -= gamma_ * velocity_[j];
    }
    sum_.clear();
  }
  // What a restart needs.
  void save(wisp::Packer& packer) const override { pack(packer, velocity_); }
  void restore(wisp::Unpacker& unpacker) override { wisp::optim::restore_state(unpacker, velocity_); }

 private:
  const T beta_;
  const T share_;
  const T gamma_;
  std::vector<T> velocity_;
  wisp::optim::UpdateSum<T> sum_;
};

}  // namespace

void add_method(wisp::optim::Catalog& methods) {
  wisp::optim::Method method;
  method.name = "heavy-ball";
  method.description = "gradient descent with momentum";
  method.source = "Polyak 1964";
  method.sparsifiers = {"identity"};
  method.other_sparsifiers = "its velocity is of whole gradients";
  method.theory_step = wisp::optim::gd_theory_step;
  method.settings = {
      wisp::Setting::of<double>("momentum", "share of the velocity that is kept", 0.9).from(0).up_to(0.999)};
  methods.add(method.made_of<HeavyBallWorker, HeavyBallMaster>());
}

}  // namespace mine
