#include "problems/catalog.h"

#include <fstream>
#include <string>
#include <vector>

#include "base/hash.h"
#include "problems/shard.h"
#include "problems/least_squares.h"
#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

const Catalog kCatalog;

using test::Scratch;

ProblemSpec synthetic(const std::string& kind, std::uint64_t rows = 103, std::uint32_t dim = 37) {
  ProblemSpec spec;
  spec.kind = kind;
  spec.l2 = 0.01;
  spec.data.format = "synthetic";
  spec.data.rows = kind == "quadratic" ? 0 : rows;
  spec.data.dim = dim;
  if (kind == "mlp") spec.init = "random";
  return spec;
}

// A file with 23 rows, labels 1 and 2, some rows empty.
std::string some_rows() {
  std::string text;
  for (int row = 0; row < 23; ++row) {
    text += std::to_string(1 + row * row % 3 % 2);
    for (int index = 1 + row % 3; index < 12 && row % 7 != 6; index += 1 + row % 4) {
      text += " " + std::to_string(index) + ":" + std::to_string(0.1 * index - 0.03 * row);
    }
    text += row % 5 == 0 ? " \r\n" : "\n";
  }
  return text;
}

ProblemSpec from_file(const std::string& kind, const std::string& path) {
  ProblemSpec spec;
  spec.kind = kind;
  spec.l2 = 0.01;
  spec.data.path = path;
  return spec;
}

template <class T>
std::string bits(Objective<T>& f) {
  std::vector<T> x(f.dim());
  for (std::uint32_t i = 0; i < f.dim(); ++i) x[i] = static_cast<T>(0.125 * (i % 7) - 0.3);
  const std::vector<T> gradient = test::gradient_at<T>(f, x);
  const double numbers[] = {f.loss(x), f.smoothness().L, f.smoothness().mu};
  Sha256 sha;
  sha.update(std::as_bytes(std::span(gradient)));
  sha.update(std::as_bytes(std::span(numbers)));
  return sha.hex().substr(0, 16);
}

TEST(ProblemCatalog, describes_each_problem_in_one_line) {
  EXPECT_EQ(kCatalog.names(),
            (std::vector<std::string>{"logistic", "least-squares", "quadratic", "softmax", "mlp"}));
  for (const std::string& name : kCatalog.names()) {
    EXPECT_FALSE(kCatalog.find(name)->description.empty());
    EXPECT_EQ(kCatalog.find(name)->description.find('\n'), std::string::npos);
  }
}

TEST(ProblemCatalog, mean_of_the_workers_is_the_whole) {
  for (const std::string& kind : kCatalog.names()) {
    for (const std::string& shard : shard_names()) {
      for (const std::uint32_t workers : {1u, 2u, 7u, 10u}) {
        ProblemSpec spec = synthetic(kind);
        spec.data.shard = shard;
        const Source source = kCatalog.prepare(spec);
        const auto whole = kCatalog.make_whole(spec, source, workers, 3);
        const std::vector<double> x = test::random_vector(whole->dim(), 8);
        double loss = 0;
        std::uint64_t rows = 0;
        std::vector<double> gradient(whole->dim(), 0.0);
        for (std::uint32_t worker = 0; worker < workers; ++worker) {
          const auto f = kCatalog.make_objective<double>(spec, source, worker, workers, 3);
          loss += f->loss(x) / workers;
          rows += f->rows();
          const std::vector<double> each = test::gradient_at<double>(*f, x);
          for (std::size_t i = 0; i < each.size(); ++i) gradient[i] += each[i] / workers;
        }
        EXPECT_EQ(rows, whole->rows());
        EXPECT_EQ(whole->dim(), kCatalog.dim(spec, source.info));
        EXPECT_NEAR(loss, whole->loss(x), 1e-13 * loss) << kind << " " << shard << " " << workers;
        EXPECT_LT(test::distance(gradient, test::gradient_at<double>(*whole, x)), 1e-13)
            << kind << " " << shard;
      }
    }
  }
}

// With shard `all`, where there may be more workers than rows.
TEST(ProblemCatalog, every_worker_may_have_the_whole) {
  ProblemSpec spec = synthetic("logistic");
  spec.data.shard = "all";
  const Source source = kCatalog.prepare(spec);
  const auto whole = kCatalog.make_whole(spec, source, 2, 3);
  const auto many = static_cast<std::uint32_t>(source.info.rows + 1);
  EXPECT_NO_THROW(kCatalog.check_workers(spec, source, many));
  for (const std::uint32_t worker : {0u, 1u, many - 1}) {
    EXPECT_EQ(bits(*kCatalog.make_objective<double>(spec, source, worker, many, 3)), bits(*whole));
  }
}

TEST(ProblemCatalog, a_shard_sent_to_a_host_gives_the_same_bits) {
  const Scratch scratch;
  std::vector<std::string> shards = shard_names();
  shards.emplace_back("all");
  for (const std::string kind : {"logistic", "least-squares"}) {
    for (const std::string& shard : shards) {
      ProblemSpec spec = from_file(kind, scratch.write("all", some_rows()));
      spec.data.shard = shard;
      const Source source = kCatalog.prepare(spec);
      for (std::uint32_t worker = 0; worker < 4; ++worker) {
        Source remote{scratch.path("shard"), true, source.info};
        std::ofstream out(remote.path, std::ios::binary);
        kCatalog.write_shard(spec, source, worker, 4, 5, out);
        out.close();
        EXPECT_EQ(bits(*kCatalog.make_objective<double>(spec, remote, worker, 4, 5)),
                  bits(*kCatalog.make_objective<double>(spec, source, worker, 4, 5)));
        EXPECT_EQ(bits(*kCatalog.make_objective<float>(spec, remote, worker, 4, 5)),
                  bits(*kCatalog.make_objective<float>(spec, source, worker, 4, 5)));
      }
    }
  }
}

TEST(ProblemCatalog, labels_are_those_of_the_whole_file) {
  const Scratch scratch;  // sorted by label: each worker sees one label only
  const ProblemSpec spec = from_file("logistic", scratch.write("f", "1 1:1\n1 1:2\n2 1:3\n2 1:4\n"));
  const Source source = kCatalog.prepare(spec);
  const std::vector<double> zero = {0};
  EXPECT_EQ(test::gradient_at<double>(*kCatalog.make_objective<double>(spec, source, 0, 2, 0), zero)[0],
            0.5 * 3 / 2);
  EXPECT_EQ(test::gradient_at<double>(*kCatalog.make_objective<double>(spec, source, 1, 2, 0), zero)[0],
            -0.5 * 7 / 2);
}

TEST(ProblemCatalog, l2_may_be_one_over_the_rows) {
  ProblemSpec spec = synthetic("logistic", 50);
  spec.l2 = 0;
  spec.l2_inverse_rows = true;
  const Source source = kCatalog.prepare(spec);
  EXPECT_EQ(Catalog::l2_weight(spec, source.info), 1.0 / 50);
  EXPECT_EQ(kCatalog.make_objective<double>(spec, source, 0, 5, 0)->smoothness().mu, 1.0 / 50);
}

TEST(ProblemCatalog, only_the_first_rows_are_used_where_that_is_asked) {
  const Scratch scratch;
  ProblemSpec spec = from_file("least-squares", scratch.write("f", "1 1:1\n2 1:1\n5 1:1\nrubbish\n"));
  spec.data.rows = 2;
  const Source source = kCatalog.prepare(spec);
  EXPECT_EQ(source.info.distinct_labels, 2u);
  const std::vector<double> zero = {0};
  EXPECT_DOUBLE_EQ(kCatalog.make_objective<double>(spec, source, 0, 1, 0)->loss(zero), 0.5 + 0.01 * 0);
}

TEST(ProblemCatalog, logistic_refuses_labels_that_are_no_two_classes) {
  const Scratch scratch;
  EXPECT_EQ(
      test::file_error(
          [&] { kCatalog.prepare(from_file("logistic", scratch.write("f", "1 1:1\n2 1:1\n3 1:1\n"))); }),
      "f: error: there are more than two labels, but logistic needs two classes; use kind: least-squares, or "
      "other data");
  EXPECT_EQ(test::file_error(
                [&] { kCatalog.prepare(from_file("logistic", scratch.write("f", "0 1:1\n0 1:1\n"))); }),
            "f: error: all rows have one and the same label, but logistic needs two classes; use kind: "
            "least-squares, "
            "or other data");
  EXPECT_NO_THROW(kCatalog.prepare(from_file("logistic", scratch.write("f", "-1 1:1\n-1 1:1\n"))));
  EXPECT_NO_THROW(kCatalog.prepare(from_file("least-squares", scratch.write("f", "1 1:1\n2 1:1\n3 1:1\n"))));
}

TEST(ProblemCatalog, more_workers_than_rows_is_an_error) {
  const Scratch scratch;
  const ProblemSpec spec = from_file("logistic", scratch.write("f", "1 1:1\n2 1:1\n"));
  const Source source = kCatalog.prepare(spec);
  const std::string text =
      "3 workers, but the data has only 2 rows, and each worker needs one; lower actors.worker.replicas";
  EXPECT_EQ(test::config_error([&] { kCatalog.check_workers(spec, source, 3); }), text);
  EXPECT_EQ(test::config_error([&] { kCatalog.make_objective<double>(spec, source, 0, 3, 0); }), text);
  EXPECT_NO_THROW(kCatalog.check_workers(spec, source, 2));
  const ProblemSpec quadratic = synthetic("quadratic");
  EXPECT_NO_THROW(kCatalog.check_workers(quadratic, kCatalog.prepare(quadratic), 1000));
}

TEST(ProblemCatalog, bits_never_change) {
  const Scratch scratch;
  const auto worker = [](const ProblemSpec& spec) {
    return kCatalog.make_objective<double>(spec, kCatalog.prepare(spec), 1, 3, 7);
  };
  const auto narrow = [](const ProblemSpec& spec) {
    return kCatalog.make_objective<float>(spec, kCatalog.prepare(spec), 1, 3, 7);
  };
  EXPECT_EQ(bits(*worker(synthetic("logistic", 1000))), "daaac28c16f60f57");
  EXPECT_EQ(bits(*narrow(synthetic("logistic", 1000))), "8905d382e9bea39d");
  EXPECT_EQ(bits(*worker(synthetic("least-squares", 1000))), "11821c9ea66dd726");
  EXPECT_EQ(bits(*narrow(synthetic("least-squares", 1000))), "f005eed40dc2c9bc");
  EXPECT_EQ(bits(*worker(synthetic("quadratic"))), "f5e4681dbf0bfc80");
  EXPECT_EQ(bits(*narrow(synthetic("quadratic"))), "f391907d5fda7cc9");
  EXPECT_EQ(bits(*worker(from_file("logistic", scratch.write("f", some_rows())))), "cccdb4b3a9559927");
}

TEST(Catalog, takes_more_problems_with_settings_of_their_own) {
  Catalog catalog;
  Problem scaled = *catalog.find("least-squares");
  EXPECT_THROW(catalog.add(scaled), Error);
  scaled.name = "scaled";
  scaled.rows32 = nullptr;
  EXPECT_THROW(catalog.add(scaled), Error);
  scaled.rows32 = catalog.find("least-squares")->rows32;
  scaled.settings = {Setting::of<double>("l2_more", "", 2.0)};
  scaled.rows64 = [](RowsPlace<double> place) {
    return make_least_squares<double>(std::move(place.rows), place.info, place.workers,
                                      place.l2 + place.settings.get<double>("l2_more"));
  };
  catalog.add(scaled);
  ProblemSpec spec;
  spec.kind = "scaled";
  spec.l2 = 0.5;
  spec.data.format = "synthetic";
  spec.data.rows = 10;
  spec.data.dim = 3;
  EXPECT_EQ(catalog.make_objective<double>(spec, catalog.prepare(spec), 0, 2, 1)->smoothness().mu, 2.5);
  spec.settings.set("l2_more", 1.0);
  EXPECT_EQ(catalog.make_objective<double>(spec, catalog.prepare(spec), 0, 2, 1)->smoothness().mu, 1.5);
  spec.settings.set("unknown", 1.0);
  EXPECT_THROW(catalog.prepare(spec), Error);
}

}  // namespace
}  // namespace wisp::problems
