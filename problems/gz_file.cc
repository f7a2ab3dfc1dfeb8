#include "problems/gz_file.h"

#include <cerrno>
#include <system_error>

#include <zlib.h>

#include "base/error.h"

namespace wisp::problems {
namespace {

constexpr unsigned kBuffer = 1U << 18;

}  // namespace

struct GzFile::Handle {
  explicit Handle(gzFile opened) : gz(opened) {}
  ~Handle() { gzclose(gz); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  gzFile gz;
};

GzFile::GzFile(const std::string& path, const std::string& key)
    : path_(path), remedy_("; set " + key + " to a file that can be read") {
  errno = 0;
  gzFile gz = gzopen(path.c_str(), "rbe");  // e: not for the children of this process
  if (gz == nullptr) fail(std::generic_category().message(errno == 0 ? ENOMEM : errno) + remedy_);
  handle_ = std::make_unique<Handle>(gz);
  gzbuffer(gz, kBuffer);
}

GzFile::~GzFile() = default;

std::size_t GzFile::read(std::span<char> bytes) {
  const int got = gzread(handle_->gz, bytes.data(), static_cast<unsigned>(bytes.size()));
  int code = Z_OK;
  const char* message = gzerror(handle_->gz, &code);
  if (code == Z_ERRNO) fail(std::generic_category().message(errno) + remedy_);
  if (got < 0 || code != Z_OK) {  // a stream that is cut short still gives its beginning
    fail("broken gzip data (" + std::string(message) + "); make or fetch the file again");
  }
  if (path_.ends_with(".gz") && gzdirect(handle_->gz) != 0) {
    fail("no gzip data, though the name ends in .gz; rename or compress the file");
  }
  return static_cast<std::size_t>(got);
}

void GzFile::fail(const std::string& text) const { throw Error(path_ + ": error: " + text, Fault::kConfig); }

}  // namespace wisp::problems
