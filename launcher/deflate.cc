#include "launcher/deflate.h"

#include <zlib.h>

#include <vector>

#include "base/check.h"
#include "base/error.h"

namespace wisp::launcher {
namespace {

constexpr int kLevel = 6;         // of pieces: what came as .gz stays as small
constexpr int kProgramLevel = 3;  // nearly as small in less than half the time, and everybody waits for it
constexpr int kGzipWindow = 15 + 16;  // zlib's word for its format
constexpr int kMemoryLevel = 8;
constexpr std::size_t kRatioMax = 1032;  // no byte of deflate is more bytes than this

Bytef* input(std::span<const std::byte> bytes) {  // zlib does not write there
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

}  // namespace

Bytes gzip(std::span<const std::byte> bytes) {
  z_stream stream{};
  WISP_CHECK(
      deflateInit2(&stream, kProgramLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK,
      "zlib starts");
  std::vector<std::byte> out(deflateBound(&stream, bytes.size()));
  stream.next_in = input(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  WISP_CHECK(end == Z_STREAM_END && stream.avail_in == 0, "deflateBound() is a bound");
  return Bytes(std::move(out));
}

std::optional<Bytes> deflate(std::span<const std::byte> bytes) {
  uLongf size = compressBound(bytes.size());
  std::vector<std::byte> out(size);
  const int done = compress2(reinterpret_cast<Bytef*>(out.data()), &size, input(bytes), bytes.size(), kLevel);
  if (done != Z_OK || size > bytes.size() - bytes.size() / 10) return std::nullopt;
  out.resize(size);
  return Bytes(std::move(out));
}

Bytes inflate(std::span<const std::byte> bytes, std::size_t size) {
  const Error damaged("a piece of the file arrived damaged", Fault::kHost);
  if (size / kRatioMax > bytes.size()) throw damaged;
  std::vector<std::byte> out(size);
  uLongf there = size;
  const int done = uncompress(reinterpret_cast<Bytef*>(out.data()), &there, input(bytes), bytes.size());
  if (done != Z_OK || there != size) throw damaged;
  return Bytes(std::move(out));
}

}  // namespace wisp::launcher
