#include "problems/idx.h"

#include <sstream>
#include <string>
#include <vector>

#include <zlib.h>

#include "problems/catalog.h"
#include "problems/libsvm.h"
#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

using test::file_error;
using test::Scratch;

std::string number(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::string header(int dimensions, const std::vector<std::uint32_t>& sizes, int type = 8) {
  std::string bytes{0, 0, static_cast<char>(type), static_cast<char>(dimensions)};
  for (const std::uint32_t size : sizes) bytes += number(size);
  return bytes;
}

// Five images of 2 x 3 pixels, with labels 0 .. 4.
std::string images() {
  std::string bytes = header(3, {5, 2, 3});
  for (int i = 0; i < 30; ++i) bytes += static_cast<char>(i % 4 == 0 ? 0 : 255 - 8 * i);
  return bytes;
}
std::string labels() { return header(1, {5}) + std::string("\0\1\2\3\4", 5); }

struct Files {
  Scratch scratch;
  IdxFiles files{scratch.write("images", images()), scratch.write("labels", labels())};
};

TEST(Idx, reads_pixels_and_labels) {
  const Files f;
  const DataInfo info = scan_idx(f.files, 0, 0);
  EXPECT_EQ(info.rows, 5U);
  EXPECT_EQ(info.dim, 6U);
  EXPECT_EQ(info.nnz, 22U);
  EXPECT_EQ(info.classes(), 5U);
  EXPECT_EQ(read_idx_labels(f.files, 3), (std::vector<double>{0, 1, 2}));
  const std::vector<std::uint64_t> selection = {1, 4};
  const Rows<double> rows = read_idx<double>(f.files, info, selection);
  ASSERT_EQ(rows.count(), 2U);
  EXPECT_EQ(rows.label, (std::vector<double>{1, 4}));
  EXPECT_EQ(rows.indices(0)[0], 0U);  // pixel 6 of the file; 8 is black
  EXPECT_EQ(rows.values(0)[0], (255.0 - 48) / 255);
  EXPECT_EQ(rows.indices(0)[2], 3U);
  EXPECT_EQ(scan_idx(f.files, 6, 2).rows, 2U);
}

TEST(Idx, reads_them_zipped) {
  const Files f;
  const auto zip = [&](const std::string& name, const std::string& bytes) {
    gzFile out = gzopen(f.scratch.path(name).c_str(), "wb");
    gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(out);
    return f.scratch.path(name);
  };
  const IdxFiles zipped{zip("images.gz", images()), zip("labels.gz", labels())};
  EXPECT_EQ(scan_idx(zipped, 0, 0), scan_idx(f.files, 0, 0));
}

TEST(Idx, a_shard_has_the_same_bits) {
  const Files f;
  const DataInfo info = scan_idx(f.files, 0, 0);
  const std::vector<std::uint64_t> selection = {0, 2, 3};
  std::ostringstream text;
  write_idx_rows(f.files, selection, text);
  const std::string path = f.scratch.write("shard", text.str());
  const auto same = [&](const auto& direct, const auto& sent) {
    EXPECT_EQ(direct.start, sent.start);
    EXPECT_EQ(direct.index, sent.index);
    EXPECT_EQ(direct.value, sent.value);
    EXPECT_EQ(direct.label, sent.label);
  };
  same(read_idx<double>(f.files, info, selection), read_shard<double>(path, info, 3));
  same(read_idx<float>(f.files, info, selection), read_shard<float>(path, info, 3));
}

TEST(Idx, says_what_is_wrong) {
  const Files f;
  const auto error = [&](const std::string& some_images, const std::string& some_labels) {
    const IdxFiles files{f.scratch.write("i", some_images), f.scratch.write("l", some_labels)};
    return file_error([&] { scan_idx(files, 0, 0); });
  };
  EXPECT_EQ(
      error("1 1:2\n", labels()),
      "i: error: no idx file: it begins with other bytes; is it the file that problem.data.path means?");
  EXPECT_EQ(error("", labels()), "i: error: ends within its header");
  EXPECT_EQ(error(header(3, {5}), labels()),
            "i: error: ends within row 1 of the 5 that its header promises; "
            "make or fetch it again");
  EXPECT_EQ(error(labels(), labels()), "i: error: holds one number a row, so these are no images but labels");
  EXPECT_EQ(error(images(), images()), "l: error: holds more than one number a row, so these are no labels");
  EXPECT_EQ(error(header(3, {5, 2, 3}, 13), labels()),
            "i: error: has values of type 0x0d; only unsigned bytes, 0x08, are read");
  EXPECT_EQ(error(images().substr(0, 40), labels()),
            "i: error: ends within row 5 of the 5 that its header promises; make or fetch it again");
  EXPECT_EQ(error(images() + "x", labels()), "i: error: is longer than its header says");
  EXPECT_NE(error(images(), header(1, {4}) + "1234").find("has 5 images, but "), std::string::npos);
  EXPECT_EQ(error(header(3, {1, 0, 3}), header(1, {1}) + "1"),
            "i: error: has images of no pixels, or of more than 2^31");
  EXPECT_EQ(error(header(4, {1, 1U << 31, 1U << 31, 1U << 31}), header(1, {1}) + "1"),
            "i: error: has images of no pixels, or of more than 2^31");
  EXPECT_EQ(error(header(3, {0, 2, 3}), header(1, {0})), "i: error: has no rows");
  EXPECT_EQ(file_error([&] { scan_idx(f.files, 7, 0); }),
            "images: error: has images of 6 pixels where 7 are expected; leave out problem.data.dim");
  EXPECT_EQ(file_error([&] { scan_idx(f.files, 0, 6); }),
            "images: error: has 5 rows of the 6 asked for; lower problem.data.rows, or leave it out");
}

TEST(Idx, is_a_format_of_the_catalog_whose_test_rows_have_the_classes_of_the_training_rows) {
  const Files f;
  const Catalog catalog;
  ProblemSpec spec;
  spec.kind = "softmax";
  spec.l2 = 0.1;
  spec.data.format = "idx";
  spec.data.path = f.files.images;
  spec.data.labels = f.files.labels;
  spec.test.path = f.scratch.write("test", header(3, {2, 2, 3}) + std::string(12, 'x'));
  spec.test.labels = f.scratch.write("test_labels", header(1, {2}) + std::string("\0\3", 2));
  const Source source = catalog.prepare(spec);
  EXPECT_EQ(catalog.dim(spec, source.info), 5U * 7);
  spec.data.shard = "by-label";
  EXPECT_EQ(catalog.make_objective<double>(spec, source, 1, 2, 0)->rows(), 2U);
  const Source test = catalog.prepare_test(spec, source.info);
  EXPECT_EQ(test.info.rows, 2U);
  EXPECT_EQ(test.info.classes(), 5U);
  const auto measured = catalog.make_objective<double>(Catalog::test_spec(spec), test, 0, 2, 0);
  EXPECT_EQ(measured->rows(), 1U);
  const std::vector<double> x(35, 0.0);
  EXPECT_NEAR(measured->loss(x), std::log(5.0), 1e-15);  // without l2, of the mean over the workers
  EXPECT_EQ(measured->correct(x), 1U);                   // of equal scores the first class
  spec.test.labels = f.scratch.write("test_labels", header(1, {2}) + std::string("\0\7", 2));
  EXPECT_NE(file_error([&] { catalog.prepare_test(spec, source.info); }).find("test: error: has labels that"),
            std::string::npos);
}

}  // namespace
}  // namespace wisp::problems
