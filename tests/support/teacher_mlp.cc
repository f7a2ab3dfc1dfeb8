#include "tests/support/teacher_mlp.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/rng.h"

namespace wisp::test {
namespace {

// The parameters of a network, in the order W1, b1, W2, b2; matrices by rows.
template <class T>
struct Layers {
  Layers(const MlpSize& size, std::span<T> x)
      : w1(x.data()),
        b1(w1 + size.hidden * size.inputs),
        w2(b1 + size.hidden),
        b2(w2 + size.classes * size.hidden) {}
  T* w1;
  T* b1;
  T* w2;
  T* b2;
};

std::vector<double> random_network(const MlpSize& size, double gain, Rng& rng) {
  std::vector<double> x(size.dim());
  const Layers<double> layers(size, std::span(x));
  const double first = gain / std::sqrt(static_cast<double>(size.inputs));
  const double second = gain / std::sqrt(static_cast<double>(size.hidden));
  for (double* w = layers.w1; w != layers.b1; ++w) *w = first * rng.normal();
  for (double* w = layers.w2; w != layers.b2; ++w) *w = second * rng.normal();
  return x;
}

}  // namespace

MlpRows teacher_rows(const MlpSize& size, std::size_t rows, std::uint64_t seed) {
  Rng rng(seed, 0, 0, Purpose::kData);
  const std::vector<double> teacher = random_network(size, 2, rng);
  MlpRows all;
  all.x.resize(rows * size.inputs);
  for (double& each : all.x) each = rng.normal();
  all.label.assign(rows, 0);
  for (std::size_t row = 0; row < rows; ++row) {
    std::size_t best = 0;
    double least = 0;
    for (std::size_t label = 0; label < size.classes; ++label) {
      all.label[row] = label;
      const double loss = TeacherMlp(size, all, row, 1).loss(teacher);
      if (label == 0 || loss < least) {
        best = label;
        least = loss;
      }
    }
    all.label[row] = best;
  }
  return all;
}

std::vector<double> mlp_start(const MlpSize& size, std::uint64_t seed) {
  Rng rng(seed, 0, 0, Purpose::kInit);
  return random_network(size, 1, rng);
}

TeacherMlp::TeacherMlp(const MlpSize& size, const MlpRows& rows, std::size_t first, std::size_t count)
    : size_(size),
      rows_(rows),
      first_(first),
      count_(count),
      hidden_(size.hidden),
      probability_(size.classes),
      back_(size.hidden) {}

void TeacherMlp::forward(std::size_t row, std::span<const double> x) {
  const Layers<const double> p(size_, x);
  const double* a = &rows_.x[(first_ + row) * size_.inputs];
  for (std::size_t h = 0; h < size_.hidden; ++h) {
    double z = p.b1[h];
    for (std::size_t j = 0; j < size_.inputs; ++j) z += p.w1[h * size_.inputs + j] * a[j];
    hidden_[h] = std::tanh(z);
  }
  for (std::size_t c = 0; c < size_.classes; ++c) {
    probability_[c] = p.b2[c];
    for (std::size_t h = 0; h < size_.hidden; ++h) probability_[c] += p.w2[c * size_.hidden + h] * hidden_[h];
  }
  const double largest = *std::max_element(probability_.begin(), probability_.end());
  double sum = 0;
  for (double& each : probability_) sum += each = std::exp(each - largest);
  for (double& each : probability_) each /= sum;
}

double TeacherMlp::loss(std::span<const double> x) {
  double sum = 0;
  for (std::size_t row = 0; row < count_; ++row) {
    forward(row, x);
    sum -= std::log(std::max(probability_[rows_.label[first_ + row]], 1e-300));
  }
  return sum / static_cast<double>(count_);
}

double TeacherMlp::accuracy(std::span<const double> x) {
  std::size_t right = 0;
  for (std::size_t row = 0; row < count_; ++row) {
    forward(row, x);
    const auto likely = std::max_element(probability_.begin(), probability_.end()) - probability_.begin();
    if (static_cast<std::size_t>(likely) == rows_.label[first_ + row]) ++right;
  }
  return static_cast<double>(right) / static_cast<double>(count_);
}

void TeacherMlp::add_row(std::size_t row, std::span<const double> x, double weight,
                         std::span<double> gradient) {
  forward(row, x);
  const Layers<const double> p(size_, x);
  const Layers<double> g(size_, gradient);
  const double* a = &rows_.x[(first_ + row) * size_.inputs];
  std::fill(back_.begin(), back_.end(), 0.0);
  for (std::size_t c = 0; c < size_.classes; ++c) {
    const double out = weight * (probability_[c] - (rows_.label[first_ + row] == c ? 1 : 0));
    g.b2[c] += out;
    for (std::size_t h = 0; h < size_.hidden; ++h) {
      g.w2[c * size_.hidden + h] += out * hidden_[h];
      back_[h] += out * p.w2[c * size_.hidden + h];
    }
  }
  for (std::size_t h = 0; h < size_.hidden; ++h) {
    const double in = back_[h] * (1 - hidden_[h] * hidden_[h]);
    g.b1[h] += in;
    for (std::size_t j = 0; j < size_.inputs; ++j) g.w1[h * size_.inputs + j] += in * a[j];
  }
}

void TeacherMlp::gradient(std::span<const double> x, std::span<double> gradient) {
  std::fill(gradient.begin(), gradient.end(), 0.0);
  for (std::size_t row = 0; row < count_; ++row) add_row(row, x, 1 / static_cast<double>(count_), gradient);
}

void TeacherMlp::sample_gradient(std::span<const std::uint32_t> samples, std::span<const double> x,
                                 std::span<double> gradient) {
  std::fill(gradient.begin(), gradient.end(), 0.0);
  for (const std::uint32_t row : samples) {
    add_row(row, x, 1 / static_cast<double>(samples.size()), gradient);
  }
}

}  // namespace wisp::test
