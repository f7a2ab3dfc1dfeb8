#pragma once
// A small network to train, and rows to train it on: a non-convex problem for tests of stochastic methods.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "problems/objective.h"

namespace wisp::test {

struct MlpSize {
  std::size_t inputs = 16;
  std::size_t hidden = 32;
  std::size_t classes = 5;

  std::size_t dim() const { return hidden * inputs + hidden + classes * hidden + classes; }
};

struct MlpRows {
  std::vector<double> x;  // rows, one after another
  std::vector<std::size_t> label;
};

// Gaussian rows, labelled by a random network of the same size.
MlpRows teacher_rows(const MlpSize& size, std::size_t rows, std::uint64_t seed);

// Where training begins: weights with variance one over the number of their inputs, biases 0.
std::vector<double> mlp_start(const MlpSize& size, std::uint64_t seed);

// The mean over the rows [first, first + count) of -log softmax(W2 tanh(W1 a + b1) + b2)_label. Its constants
// are not known: L and mu are 0. `rows` outlives it.
class TeacherMlp : public problems::Objective<double> {
 public:
  TeacherMlp(const MlpSize& size, const MlpRows& rows, std::size_t first, std::size_t count);
  std::uint32_t dim() const override { return static_cast<std::uint32_t>(size_.dim()); }
  std::uint64_t rows() const override { return count_; }
  double loss(std::span<const double> x) override;
  void gradient(std::span<const double> x, std::span<double> gradient) override;
  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const double> x,
                       std::span<double> gradient) override;
  problems::Smoothness smoothness() override { return {}; }
  // The share of the rows whose most likely class is theirs.
  double accuracy(std::span<const double> x);

 private:
  // Fills hidden_ and the classes' probabilities.
  void forward(std::size_t row, std::span<const double> x);
  void add_row(std::size_t row, std::span<const double> x, double weight, std::span<double> gradient);

  MlpSize size_;
  const MlpRows& rows_;
  std::size_t first_;
  std::size_t count_;
  std::vector<double> hidden_;
  std::vector<double> probability_;
  std::vector<double> back_;
};

}  // namespace wisp::test
