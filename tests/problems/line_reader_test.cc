#include "problems/line_reader.h"

#include <string>
#include <vector>

#include <zlib.h>

#include "tests/problems/support.h"

namespace wisp::problems {
namespace {

using test::file_error;
using test::Scratch;

std::vector<std::string> lines_of(const std::string& path) {
  LineReader reader(path);
  std::vector<std::string> lines;
  while (reader.next()) {
    lines.emplace_back(reader.line());
    EXPECT_EQ(reader.number(), lines.size());
  }
  EXPECT_FALSE(reader.next());
  return lines;
}

std::string gzipped(const std::string& path, const std::string& text) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return path;
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

TEST(LineReader, gives_each_line_and_needs_no_last_newline) {
  const Scratch scratch;
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lines_of(scratch.write("a", "one\ntwo\n")), (Lines{"one", "two"}));
  EXPECT_EQ(lines_of(scratch.write("b", "one\n\ntwo")), (Lines{"one", "", "two"}));
  EXPECT_EQ(lines_of(scratch.write("c", "")), Lines{});
  EXPECT_EQ(lines_of(scratch.write("d", "\n")), Lines{""});
}

TEST(LineReader, reads_lines_longer_than_its_buffer_and_lines_across_its_end) {
  const Scratch scratch;
  std::vector<std::string> lines;
  std::string text;
  for (const std::size_t size : {3u, 262'143u, 262'144u, 1u, 1'500'000u, 5u, 0u, 300'000u}) {
    lines.emplace_back(size, static_cast<char>('a' + lines.size()));
    text += lines.back() + "\n";
  }
  EXPECT_EQ(lines_of(scratch.write("plain", text)), lines);
  EXPECT_EQ(lines_of(gzipped(scratch.path("packed.gz"), text)), lines);
}

TEST(LineReader, takes_gzip_under_any_name_and_several_members) {
  const Scratch scratch;
  gzipped(scratch.path("one.gz"), "a\nb\n");
  const std::string both =
      bytes_of(scratch.path("one.gz")) + bytes_of(gzipped(scratch.path("two.gz"), "c\n"));
  EXPECT_EQ(lines_of(scratch.write("cached", both)), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(LineReader, says_what_is_wrong_with_a_file) {
  const Scratch scratch;
  EXPECT_EQ(file_error([&] { lines_of(scratch.path("none")); }),
            "none: error: No such file or directory; set problem.data.path to a file that can be read");
  std::filesystem::create_directory(scratch.path("folder"));
  EXPECT_EQ(file_error([&] { lines_of(scratch.path("folder")); }),
            "folder: error: Is a directory; set problem.data.path to a file that can be read");
  EXPECT_EQ(file_error([&] { lines_of(scratch.write("plain.gz", "1 1:1\n")); }),
            "plain.gz: error: no gzip data, though the name ends in .gz; rename or compress the file");
}

TEST(LineReader, notices_gzip_data_that_is_cut_or_changed) {
  const Scratch scratch;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string whole = bytes_of(gzipped(scratch.path("whole.gz"), text));
  for (const std::size_t size :
       {std::size_t{5}, std::size_t{12}, whole.size() / 2, whole.size() - 9, whole.size() - 1}) {
    scratch.write("cut.gz", whole.substr(0, size));
    EXPECT_NE(file_error([&] { lines_of(scratch.path("cut.gz")); }).find("cut.gz: error: broken gzip data ("),
              std::string::npos)
        << size;
  }
  std::string changed = whole;
  changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 0x10);
  scratch.write("changed.gz", changed);
  EXPECT_NE(file_error([&] { lines_of(scratch.path("changed.gz")); }).find("broken gzip data"),
            std::string::npos);
}

TEST(LineReader, errors_name_the_line) {
  const Scratch scratch;
  LineReader reader(scratch.write("file", "a\nb\n"));
  reader.next();
  reader.next();
  EXPECT_EQ(file_error([&] { reader.fail("no good"); }), "file:2: error: no good");
  EXPECT_EQ(file_error([&] { reader.fail_file("no good"); }), "file: error: no good");
}

}  // namespace
}  // namespace wisp::problems
