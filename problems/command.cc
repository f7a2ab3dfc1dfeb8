#include "problems/command.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/error.h"
#include "problems/dot.h"

namespace wisp::problems {
namespace {

static_assert(std::endian::native == std::endian::little, "what travels is what is in memory");

struct Header {
  char what[4];
  std::uint32_t version;
  std::uint32_t worker;
  std::uint32_t workers;
  std::uint64_t seed;
  std::uint32_t batch;
  std::uint32_t dim;
};
static_assert(sizeof(Header) == 32);

// Which samples they are, as one number: FNV-1a over their numbers.
std::uint64_t seed_of(std::span<const std::uint32_t> samples) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint32_t each : samples) hash = (hash ^ each) * 0x100000001b3;
  return hash;
}

struct CommandParameters {
  ProgramStart start;
  std::uint32_t dim = 0;
  std::uint32_t samples = 0;
  double l2 = 0;
  std::uint32_t worker = 0;
  std::uint32_t workers = 1;
};

template <class T>
class Command final : public Objective<T> {
 public:
  Command(CommandParameters parameters, StartProgram start)
      : parameters_(std::move(parameters)), start_(std::move(start)) {}

  std::uint32_t dim() const override { return parameters_.dim; }
  std::uint64_t rows() const override { return parameters_.samples; }

  double loss(std::span<const T> x) override {
    ask("LOSS", 0, 0, x, 1);
    return answer_[0] + parameters_.l2 / 2 * dot<double, T, T>(x, x);
  }

  void gradient(std::span<const T> x, std::span<T> gradient) override { ask_gradient(0, 0, x, gradient); }

  void sample_gradient(std::span<const std::uint32_t> samples, std::span<const T> x,
                       std::span<T> gradient) override {
    ask_gradient(seed_of(samples), static_cast<std::uint32_t>(samples.size()), x, gradient);
  }

  void random_start(std::uint64_t seed, std::span<T> x) override {
    ask("INIT", seed, 0, {}, dim());
    for (std::size_t j = 0; j < x.size(); ++j) x[j] = static_cast<T>(answer_[j]);
  }

  Smoothness smoothness() override { return {}; }

 private:
  void ask_gradient(std::uint64_t seed, std::uint32_t batch, std::span<const T> x, std::span<T> gradient) {
    WISP_CHECK(gradient.size() == dim(), "gradient has another dimension");
    ask("GRAD", seed, batch, x, std::size_t{1} + dim());
    for (std::size_t j = 0; j < x.size(); ++j) {
      gradient[j] = static_cast<T>(answer_[j + 1] + parameters_.l2 * static_cast<double>(x[j]));
    }
  }

  // Leaves the `count` numbers of the answer in answer_.
  void ask(const char* what, std::uint64_t seed, std::uint32_t batch, std::span<const T> x,
           std::size_t count) {
    WISP_CHECK(x.empty() || x.size() == dim(), "x has another dimension");
    if (!program_) program_ = start_(parameters_.start);
    Header header{{}, 1, parameters_.worker, parameters_.workers, seed, batch, dim()};
    std::memcpy(header.what, what, sizeof header.what);
    numbers_.assign(x.begin(), x.end());
    request_.resize(sizeof header + numbers_.size() * sizeof(double));
    std::memcpy(request_.data(), &header, sizeof header);
    if (!x.empty())
      std::memcpy(request_.data() + sizeof header, numbers_.data(), numbers_.size() * sizeof(double));
    std::uint64_t announced = 0;
    program_->exchange(request_, std::as_writable_bytes(std::span(&announced, 1)));
    if (announced != count) {
      program_->fail(
          fmt::format("announces {} numbers in answer to {}, where {} are expected", announced, what, count));
    }
    answer_.resize(count);
    program_->exchange({}, std::as_writable_bytes(std::span(answer_)));
    for (std::size_t i = 0; i < count; ++i) {
      if (std::isfinite(answer_[i])) continue;
      program_->fail(fmt::format("answers {} with {} as number {} of {}", what, answer_[i], i, count));
    }
  }

  const CommandParameters parameters_;
  const StartProgram start_;
  std::unique_ptr<Program> program_;
  std::vector<double> numbers_;
  std::vector<std::byte> request_;
  std::vector<double> answer_;
};

template <class T>
MakeOfSeed<T> make_with(const StartProgram& start) {
  return [start](const SeedPlace& place) -> std::unique_ptr<Objective<T>> {
    const auto words = place.settings.get<std::vector<std::string>>("command");
    if (words.empty()) {
      throw Error("problem.command: empty; give the program and its arguments, [ python3, model.py ]",
                  Fault::kConfig);
    }
    CommandParameters parameters;
    parameters.start = {words, place.settings.get<double>("answer_seconds")};
    parameters.dim = place.spec.data.dim;
    parameters.samples = place.settings.get<std::uint32_t>("samples");
    parameters.l2 = place.spec.l2;
    parameters.worker = place.worker;
    parameters.workers = place.workers;
    return std::make_unique<Command<T>>(std::move(parameters), start);
  };
}

}  // namespace

Problem command_problem(StartProgram start) {
  Problem problem{.name = "command",
                  .description = "what a program of yours says on pipes: loss and gradient in any language"};
  problem.settings = {
      Setting::of<std::vector<std::string>>("command", "the program and its arguments, for each worker one"),
      Setting::of<std::uint32_t>("samples",
                                 "how many samples each worker has, to draw batches of; 0: no batches", 0U),
      Setting::of<double>("answer_seconds", "an answer that takes longer is an error", 60.0).above(0)};
  problem.convex = false;
  problem.seed32 = make_with<float>(start);
  problem.seed64 = make_with<double>(start);
  problem.mean64 = [](const SeedPlace&) -> std::unique_ptr<Objective<double>> {
    throw Error("problem.kind: what a command says is known of its workers only, not of the whole",
                Fault::kConfig);
  };
  return problem;
}

}  // namespace wisp::problems
