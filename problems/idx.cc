#include "problems/idx.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ostream>

#include <fmt/format.h>

#include "problems/gz_file.h"

namespace wisp::problems {
namespace {

constexpr std::uint64_t kPixelsMax = std::uint64_t{1} << 31;  // of an image: indices are 32 bits
constexpr std::size_t kChunk = std::size_t{1} << 16;
constexpr std::uint8_t kUnsignedBytes = 0x08;

// One idx file behind its header: `count` items of `size` bytes.
class IdxFile {
 public:
  IdxFile(const std::string& path, const char* key, bool labels) : file_(path, key), chunk_(kChunk) {
    std::array<char, 4> magic{};
    take(magic);
    const auto dimensions = static_cast<std::uint8_t>(magic[3]);
    if (magic[0] != 0 || magic[1] != 0 || dimensions == 0) {
      file_.fail("no idx file: it begins with other bytes; is it the file that " + std::string(key) +
                 " means?");
    }
    if (static_cast<std::uint8_t>(magic[2]) != kUnsignedBytes) {
      file_.fail(fmt::format("has values of type {:#04x}; only unsigned bytes, 0x08, are read",
                             static_cast<unsigned>(static_cast<std::uint8_t>(magic[2]))));
    }
    if (labels != (dimensions == 1)) {
      file_.fail(labels ? "holds more than one number a row, so these are no labels"
                        : "holds one number a row, so these are no images but labels");
    }
    count_ = take_number();
    for (int i = 1; i < dimensions; ++i) {
      size_ *= take_number();
      if (size_ == 0 || size_ > kPixelsMax) file_.fail("has images of no pixels, or of more than 2^31");
    }
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t size() const { return size_; }

  // The next item's bytes: visit(first, bytes) for one piece after another.
  template <class Visit>
  void next(Visit visit) {
    for (std::uint64_t done = 0; done < size_;) {
      const std::span<char> piece =
          std::span(chunk_).first(static_cast<std::size_t>(std::min<std::uint64_t>(size_ - done, kChunk)));
      take(piece);
      visit(done, piece);
      done += piece.size();
    }
    ++taken_;
  }
  std::uint8_t next_label() {
    char label = 0;
    next([&](std::uint64_t, std::span<const char> bytes) { label = bytes[0]; });
    return static_cast<std::uint8_t>(label);
  }

  void expect_end() {
    char more = 0;
    if (file_.read(std::span(&more, 1)) != 0) file_.fail("is longer than its header says");
  }
  [[noreturn]] void fail(const std::string& text) const { file_.fail(text); }

 private:
  void take(std::span<char> bytes) {
    std::size_t got = 0;
    while (got < bytes.size()) {
      const std::size_t more = file_.read(bytes.subspan(got));
      if (more == 0) {
        file_.fail(count_ == 0 ? "ends within its header"
                               : fmt::format("ends within row {} of the {} that its header promises; make or "
                                             "fetch it again",
                                             taken_ + 1, count_));
      }
      got += more;
    }
  }

  std::uint32_t take_number() {  // big-endian
    std::array<char, 4> bytes{};
    take(bytes);
    std::uint32_t number = 0;
    for (const char each : bytes) number = number << 8 | static_cast<std::uint8_t>(each);
    return number;
  }

  GzFile file_;
  std::vector<char> chunk_;
  std::uint64_t count_ = 0;
  std::uint64_t size_ = 1;
  std::uint64_t taken_ = 0;
};

IdxFile open_labels(const IdxFiles& files) { return {files.labels, "problem.data.labels", true}; }

struct Pair {
  explicit Pair(const IdxFiles& files)
      : images(files.images, "problem.data.path", false), labels(open_labels(files)) {
    if (images.count() != labels.count()) {
      images.fail(fmt::format("has {} images, but {} has {} labels; take the files that belong together",
                              images.count(), files.labels, labels.count()));
    }
  }

  // The next row: pixel(index, byte) for those that are not zero, then its label.
  template <class Pixel>
  double next(Pixel pixel) {
    images.next([&](std::uint64_t first, std::span<const char> bytes) {
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] != 0) pixel(static_cast<std::uint32_t>(first + i), static_cast<std::uint8_t>(bytes[i]));
      }
    });
    return labels.next_label();
  }

  IdxFile images;
  IdxFile labels;
};

// Before each selected row begin(), behind it end(label); pixel() between them.
template <class Pixel, class End>
void for_selected(const IdxFiles& files, std::span<const std::uint64_t> selection, Pixel pixel, End end) {
  Pair pair(files);
  std::uint64_t row = 0;
  for (const std::uint64_t wanted : selection) {
    if (wanted >= pair.images.count()) pair.images.fail("has fewer rows than when it was first read");
    for (; row < wanted; ++row) pair.next([](std::uint32_t, std::uint8_t) {});
    end(pair.next(pixel));
    ++row;
  }
}

double brightness(std::uint8_t byte) { return static_cast<double>(byte) / 255; }

}  // namespace

DataInfo scan_idx(const IdxFiles& files, std::uint32_t dim, std::uint64_t rows_max) {
  Pair pair(files);
  const std::uint64_t count = pair.images.count();
  if (count == 0) pair.images.fail("has no rows");
  if (count < rows_max) {
    pair.images.fail(fmt::format("has {} rows of the {} asked for; lower problem.data.rows, or leave it out",
                                 count, rows_max));
  }
  DataInfo info;
  info.dim = static_cast<std::uint32_t>(pair.images.size());
  if (dim != 0 && dim != info.dim) {
    pair.images.fail(fmt::format("has images of {} pixels where {} are expected; leave out problem.data.dim",
                                 info.dim, dim));
  }
  const std::uint64_t rows = rows_max == 0 ? count : rows_max;
  while (info.rows < rows) {
    info.count_row(pair.next([&](std::uint32_t, std::uint8_t) { ++info.nnz; }));
  }
  if (rows == count) {
    pair.images.expect_end();
    pair.labels.expect_end();
  }
  return info;
}

std::vector<double> read_idx_labels(const IdxFiles& files, std::uint64_t rows) {
  IdxFile file = open_labels(files);
  if (file.count() < rows) file.fail("has fewer rows than when it was first read");
  std::vector<double> labels;
  while (labels.size() < rows) labels.push_back(file.next_label());
  return labels;
}

template <class T>
Rows<T> read_idx(const IdxFiles& files, const DataInfo& info, std::span<const std::uint64_t> selection) {
  Rows<T> rows;
  for_selected(
      files, selection,
      [&](std::uint32_t index, std::uint8_t byte) {
        rows.index.push_back(index);
        rows.value.push_back(static_cast<T>(brightness(byte)));
      },
      [&](double label) { rows.finish_row(static_cast<T>(info.label(label))); });
  rows.shrink();
  return rows;
}

void write_idx_rows(const IdxFiles& files, std::span<const std::uint64_t> selection, std::ostream& out) {
  std::string entries;
  for_selected(
      files, selection,
      [&](std::uint32_t index, std::uint8_t byte) {
        entries += fmt::format(" {}:{}", std::uint64_t{index} + 1, brightness(byte));
      },
      [&](double label) {
        out << label << entries << '\n';
        entries.clear();
      });
}

template Rows<float> read_idx(const IdxFiles&, const DataInfo&, std::span<const std::uint64_t>);
template Rows<double> read_idx(const IdxFiles&, const DataInfo&, std::span<const std::uint64_t>);

}  // namespace wisp::problems
