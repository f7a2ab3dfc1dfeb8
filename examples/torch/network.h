#pragma once
// Any torch::nn::Module as a problem of wisp: f_i is the mean cross-entropy of a worker's rows.
//
// x holds the module's parameters one after another, in the order of parameters(). torch computes in float32,
// in one thread, by algorithms that it calls deterministic: the same bits in every run on one kind of
// processor. On another kind its libraries choose other instructions, and the last bits differ.
#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "actors/plugin.h"
#include "base/error.h"

namespace torch_problem {

// A module that gives each row of a batch its scores, one a class.
class Network : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(torch::Tensor rows) = 0;
};

// What makes a problem of networks: a name, the shape of one row, as 1 x 28 x 28, and how one is made.
struct Family {
  std::string name;
  std::string description;
  std::vector<std::int64_t> shape;
  std::int64_t classes = 0;
  std::shared_ptr<Network> (*make)() = nullptr;
};

inline std::uint32_t size_of(Network& network) {
  std::int64_t size = 0;
  for (const torch::Tensor& each : network.parameters()) size += each.numel();
  return static_cast<std::uint32_t>(size);
}

template <class T>
class Objective final : public wisp::problems::Objective<T> {
 public:
  Objective(const Family& family, wisp::problems::RowsPlace<T> place)
      : family_(family),
        network_(family.make()),
        dim_(size_of(*network_)),
        weight_(static_cast<double>(place.workers) / static_cast<double>(place.info.rows)),
        l2_(place.l2) {
    at::set_num_threads(1);
    at::globalContext().setDeterministicAlgorithms(true, false);
    const auto rows = static_cast<std::int64_t>(place.rows.count());
    rows_ = torch::zeros({rows, static_cast<std::int64_t>(place.info.dim)});
    labels_ = torch::empty({rows}, torch::kInt64);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto number = static_cast<std::size_t>(row);
      float* to = rows_.template data_ptr<float>() + row * place.info.dim;
      const auto index = place.rows.indices(number);
      const auto value = place.rows.values(number);
      for (std::size_t i = 0; i < index.size(); ++i) to[index[i]] = static_cast<float>(value[i]);
      labels_.template data_ptr<std::int64_t>()[row] =
          place.info.class_of(static_cast<double>(place.rows.label[number]));
    }
    std::vector<std::int64_t> shape = {rows};
    shape.insert(shape.end(), family.shape.begin(), family.shape.end());
    rows_ = rows_.view(shape);
  }

  std::uint32_t dim() const override { return dim_; }
  std::uint64_t rows() const override { return static_cast<std::uint64_t>(labels_.numel()); }

  double loss(std::span<const T> x) override {
    const torch::NoGradGuard guard;
    set(x);
    double sum = 0;
    for_pieces([&](const torch::Tensor& rows, const torch::Tensor& labels) {
      sum += cross_entropy(network_->forward(rows), labels).template item<double>();
    });
    double squares = 0;
    for (const T each : x) squares += static_cast<double>(each) * static_cast<double>(each);
    return weight_ * sum + l2_ / 2 * squares;
  }

  void gradient(std::span<const T> x, std::span<T> gradient) override {
    set(x);
    network_->zero_grad();
    for_pieces([&](const torch::Tensor& rows, const torch::Tensor& labels) {
      cross_entropy(network_->forward(rows), labels).backward();  // adds to what is there
    });
    take(weight_, x, gradient);
  }

  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const T> x,
                       std::span<T> gradient) override {
    set(x);
    network_->zero_grad();
    torch::Tensor chosen = torch::empty({static_cast<std::int64_t>(samples.size())}, torch::kInt64);
    std::copy(samples.begin(), samples.end(), chosen.template data_ptr<std::int64_t>());
    cross_entropy(network_->forward(rows_.index_select(0, chosen)), labels_.index_select(0, chosen))
        .backward();
    take(weight_ * static_cast<double>(rows()) / static_cast<double>(samples.size()), x, gradient);
  }

  std::optional<std::uint64_t> correct(std::span<const T> x) override {
    const torch::NoGradGuard guard;
    set(x);
    std::int64_t count = 0;
    for_pieces([&](const torch::Tensor& rows, const torch::Tensor& labels) {
      count += network_->forward(rows).argmax(1).eq(labels).sum().template item<std::int64_t>();
    });
    return static_cast<std::uint64_t>(count);
  }

  // What the module's own initialisation makes of the seed.
  void random_start(std::uint64_t seed, std::span<T> x) override {
    torch::manual_seed(seed);
    const std::shared_ptr<Network> fresh = family_.make();
    std::size_t begin = 0;
    for (const torch::Tensor& each : fresh->parameters()) {
      const float* from = each.template data_ptr<float>();
      for (std::int64_t i = 0; i < each.numel(); ++i) x[begin++] = static_cast<T>(from[i]);
    }
  }

  wisp::problems::Smoothness smoothness() override { return {}; }  // has no L

 private:
  static torch::Tensor cross_entropy(const torch::Tensor& scores, const torch::Tensor& labels) {
    return torch::nn::functional::cross_entropy(
        scores, labels, torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kSum));
  }

  template <class Act>
  void for_pieces(Act act) {
    constexpr std::int64_t kPiece = 500;  // so that what forward() keeps for backward() stays small
    for (std::int64_t begin = 0; begin < labels_.numel(); begin += kPiece) {
      const std::int64_t end = std::min(begin + kPiece, labels_.numel());
      act(rows_.slice(0, begin, end), labels_.slice(0, begin, end));
    }
  }

  void set(std::span<const T> x) {
    const torch::NoGradGuard guard;
    std::size_t begin = 0;
    for (torch::Tensor& each : network_->parameters()) {
      float* to = each.template data_ptr<float>();
      for (std::int64_t i = 0; i < each.numel(); ++i) to[i] = static_cast<float>(x[begin++]);
    }
  }

  void take(double factor, std::span<const T> x, std::span<T> gradient) {
    std::size_t begin = 0;
    for (const torch::Tensor& each : network_->parameters()) {
      const torch::Tensor grad = each.grad().contiguous();
      const float* from = grad.template data_ptr<float>();
      for (std::int64_t i = 0; i < each.numel(); ++i, ++begin) {
        gradient[begin] = static_cast<T>(factor * from[i] + l2_ * static_cast<double>(x[begin]));
      }
    }
  }

  const Family family_;
  const std::shared_ptr<Network> network_;
  const std::uint32_t dim_;
  const double weight_;  // n/N
  const double l2_;
  torch::Tensor rows_;
  torch::Tensor labels_;
};

// Throws Error (kConfig) for rows of another shape, and for more classes than the network has scores.
inline void check(const Family& family, const wisp::problems::DataInfo& info) {
  std::int64_t features = 1;
  for (const std::int64_t each : family.shape) features *= each;
  if (features != info.dim || info.classes() > static_cast<std::uint64_t>(family.classes)) {
    throw wisp::Error("problem.kind: " + family.name + " is for rows of " + std::to_string(features) +
                          " numbers and at most " + std::to_string(family.classes) +
                          " classes, but the data have " + std::to_string(info.dim) + " and " +
                          std::to_string(info.classes()),
                      wisp::Fault::kConfig);
  }
}

inline wisp::problems::Problem problem_of(const Family& family) {
  wisp::problems::Problem problem{.name = family.name, .description = family.description};
  problem.classes = true;
  problem.convex = false;
  problem.starts_random = true;
  problem.dim = [family](const wisp::problems::DataInfo& info, const wisp::Settings&) {
    check(family, info);
    return size_of(*family.make());
  };
  problem.rows32 = [family](wisp::problems::RowsPlace<float> place) {
    return std::make_unique<Objective<float>>(family, std::move(place));
  };
  problem.rows64 = [family](wisp::problems::RowsPlace<double> place) {
    return std::make_unique<Objective<double>>(family, std::move(place));
  };
  return problem;
}

}  // namespace torch_problem
