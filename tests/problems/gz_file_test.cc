#include "problems/gz_file.h"

#include <string>
#include <vector>

#include <zlib.h>

#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

std::string read_all(const std::string& path, std::size_t piece) {
  GzFile file(path, "key");
  std::string text;
  std::vector<char> bytes(piece);
  while (const std::size_t got = file.read(bytes)) text.append(bytes.data(), got);
  return text;
}

std::string zipped(const test::Scratch& scratch, const std::string& name, const std::string& text) {
  gzFile out = gzopen(scratch.path(name).c_str(), "wb");
  gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
  gzclose(out);
  return scratch.path(name);
}

TEST(GzFile, reads_the_same_bytes_plain_and_zipped) {
  const test::Scratch scratch;
  std::string text(100'000, 'x');
  for (std::size_t i = 0; i < text.size(); i += 7) text[i] = static_cast<char>(i);
  for (const std::size_t piece : {1000U, 65536U, 200'000U}) {
    EXPECT_EQ(read_all(scratch.write("plain", text), piece), text);
    EXPECT_EQ(read_all(zipped(scratch, "zipped.gz", text), piece), text);
  }
}

TEST(GzFile, names_the_file_and_what_to_do) {
  const test::Scratch scratch;
  EXPECT_EQ(test::file_error([&] { GzFile(scratch.path("none"), "problem.data.path"); }),
            "none: error: No such file or directory; set problem.data.path to a file that can be read");
  EXPECT_EQ(test::file_error([&] { read_all(scratch.write("no.gz", "plain"), 10); }),
            "no.gz: error: no gzip data, though the name ends in .gz; rename or compress the file");
  const std::string whole = zipped(scratch, "whole.gz", std::string(5000, 'a') + "b");
  std::ifstream in(whole, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THROW(read_all(scratch.write("cut.gz", bytes.substr(0, bytes.size() - 6)), 100), Error);
}

}  // namespace
}  // namespace wisp::problems
