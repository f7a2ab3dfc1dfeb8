#include "problems/command.h"

#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

using testing::HasSubstr;

// What a program is asked, and what it answers: f(x) = sum (x_j - worker)^2 / 2, shifted by the batch.
struct Script {
  int started = 0;
  std::vector<std::string> words;
  std::vector<std::string> asked;
  std::set<std::uint64_t> seeds;
  std::uint64_t more = 0;  // announced beyond what is right
  double first = 0;        // added to the first number
};

class FakeProgram : public Program {
 public:
  explicit FakeProgram(Script& script) : script_(script) {}

  void exchange(std::span<const std::byte> request, std::span<std::byte> reply) override {
    if (!request.empty()) answer(request);
    ASSERT_LE(reply.size(), answer_.size());
    std::memcpy(reply.data(), answer_.data(), reply.size());
    answer_.erase(answer_.begin(), answer_.begin() + static_cast<std::ptrdiff_t>(reply.size()));
  }
  [[noreturn]] void fail(const std::string& text) override { throw Error("the program " + text); }

 private:
  template <class N>
  static N at(std::span<const std::byte> bytes, std::size_t offset) {
    N number{};
    std::memcpy(&number, bytes.data() + offset, sizeof number);
    return number;
  }

  void answer(std::span<const std::byte> request) {
    const std::string what(reinterpret_cast<const char*>(request.data()), 4);
    EXPECT_EQ(at<std::uint32_t>(request, 4), 1U);
    const auto worker = at<std::uint32_t>(request, 8);
    const auto workers = at<std::uint32_t>(request, 12);
    const auto seed = at<std::uint64_t>(request, 16);
    const auto batch = at<std::uint32_t>(request, 24);
    const auto dim = at<std::uint32_t>(request, 28);
    EXPECT_EQ(request.size(), 32 + (what == "INIT" ? 0 : 8 * dim));
    script_.asked.push_back(what + " " + std::to_string(worker) + "/" + std::to_string(workers) + " " +
                            std::to_string(batch));
    script_.seeds.insert(seed);
    std::vector<double> numbers(what == "GRAD" ? 1 : 0, 0.0);
    double loss = 0;
    for (std::uint32_t j = 0; j < dim; ++j) {
      const double d = what == "INIT" ? 7.0 + j : at<double>(request, 32 + 8 * j) - worker;
      loss += d * d / 2;
      numbers.push_back(d);
    }
    if (what == "LOSS") numbers.clear();
    if (what == "LOSS") numbers.push_back(loss);
    if (what == "GRAD") numbers[0] = loss;
    numbers[0] += script_.first;
    const std::uint64_t count = numbers.size() + script_.more;
    answer_.resize(8 + 8 * numbers.size());
    std::memcpy(answer_.data(), &count, 8);
    std::memcpy(answer_.data() + 8, numbers.data(), 8 * numbers.size());
  }

  Script& script_;
  std::vector<std::byte> answer_;
};

struct Bench {
  Script script;
  Catalog catalog;
  ProblemSpec spec;

  Bench() {
    catalog.add(command_problem([this](const ProgramStart& start) {
      ++script.started;
      script.words = start.words;
      EXPECT_EQ(start.seconds_max, 60);
      return std::make_unique<FakeProgram>(script);
    }));
    spec.kind = "command";
    spec.l2 = 0.5;
    spec.data.format = "synthetic";
    spec.data.dim = 2;
    spec.settings.set("command", std::vector<std::string>{"python3", "model.py"});
    spec.settings.set("samples", 10U);
  }

  std::unique_ptr<Objective<double>> make(std::uint32_t worker = 1) {
    return catalog.make_objective<double>(spec, catalog.prepare(spec), worker, 3, 0);
  }
};

TEST(Command, asks_a_program_that_it_starts_when_it_first_needs_it) {
  Bench bench;
  const auto f = bench.make();
  EXPECT_EQ(f->dim(), 2U);
  EXPECT_EQ(f->rows(), 10U);
  EXPECT_EQ(f->smoothness().L, 0);
  EXPECT_EQ(bench.script.started, 0);
  const std::vector<double> x{3, -1};
  EXPECT_DOUBLE_EQ(f->loss(x), (4.0 + 4.0) / 2 + 0.25 * 10);
  EXPECT_EQ(test::gradient_at<double>(*f, x), (std::vector<double>{2 + 1.5, -2 - 0.5}));
  std::vector<double> start(2);
  f->random_start(99, start);
  EXPECT_EQ(start, (std::vector<double>{7, 8}));
  EXPECT_EQ(bench.script.started, 1);
  EXPECT_EQ(bench.script.words, (std::vector<std::string>{"python3", "model.py"}));
  EXPECT_EQ(bench.script.asked, (std::vector<std::string>{"LOSS 1/3 0", "GRAD 1/3 0", "INIT 1/3 0"}));
}

TEST(Command, a_batch_is_a_seed_and_a_size) {
  Bench bench;
  const auto f = bench.make();
  const std::vector<double> x{3, -1};
  std::vector<double> gradient(2);
  f->sample_gradient(std::vector<std::uint32_t>{1, 2, 3}, x, gradient);
  f->sample_gradient(std::vector<std::uint32_t>{1, 2, 4}, x, gradient);
  f->sample_gradient(std::vector<std::uint32_t>{1, 2, 3}, x, gradient);
  EXPECT_EQ(bench.script.asked.back(), "GRAD 1/3 3");
  EXPECT_EQ(bench.script.seeds.size(), 2U);
}

TEST(Command, in_float_the_same_travels) {
  Bench bench;
  const auto f = bench.catalog.make_objective<float>(bench.spec, bench.catalog.prepare(bench.spec), 0, 3, 0);
  const std::vector<float> x{3, -1};
  EXPECT_EQ(test::gradient_at<float>(*f, std::span<const float>(x)), (std::vector<float>{4.5F, -1.5F}));
}

std::string message(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Command, takes_no_wrong_length_and_nothing_that_is_no_number) {
  Bench bench;
  const std::vector<double> x{3, -1};
  bench.script.more = 1;
  EXPECT_EQ(message([&] { bench.make()->loss(x); }),
            "the program announces 2 numbers in answer to LOSS, where 1 are expected");
  bench.script.more = std::numeric_limits<std::uint64_t>::max() - 1;
  EXPECT_THAT(message([&] { test::gradient_at<double>(*bench.make(), x); }),
              HasSubstr("where 3 are expected"));
  bench.script.more = 0;
  bench.script.first = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message([&] { test::gradient_at<double>(*bench.make(), x); }),
            "the program answers GRAD with nan as number 0 of 3");
}

TEST(Command, has_no_whole_and_needs_words) {
  Bench bench;
  EXPECT_THROW(bench.catalog.make_whole(bench.spec, bench.catalog.prepare(bench.spec), 3, 0), Error);
  bench.spec.settings.set("command", std::vector<std::string>{});
  EXPECT_THAT(message([&] { bench.make(); }), HasSubstr("problem.command: empty"));
}

}  // namespace
}  // namespace wisp::problems
