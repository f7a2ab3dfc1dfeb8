#include "base/disk.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/process.h"

namespace wisp {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const char* what, const fs::path& path, int code) {
  throw Error(std::string("can't ") + what + " " + path.string() + ": " + std::strerror(code));
}

void write_descriptor(int fd, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail("write", path, errno);
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// The folder that holds `file`, as something that open() takes.
fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

void sync_folder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor) fail("open", folder, errno);
  // Some file systems have no fsync of folders; the file itself is safe there by other means.
  if (::fsync(descriptor.get()) < 0 && errno != EINVAL) fail("sync", folder, errno);
}

// A file that is removed again unless it is renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& beside) : name_(beside.string() + ".XXXXXX") {
    descriptor_.reset(::mkostemp(name_.data(), O_CLOEXEC));
    if (!descriptor_) fail("write", beside, errno);
  }
  ~TemporaryFile() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int fd() const { return descriptor_.get(); }
  void rename_to(const fs::path& file) {
    if (::rename(name_.c_str(), file.c_str()) < 0) fail("write", file, errno);
    name_.clear();
  }

 private:
  std::string name_;
  Descriptor descriptor_;
};

std::size_t size_of(int fd, const fs::path& file) {
  struct stat facts {};
  if (::fstat(fd, &facts) < 0) fail("read", file, errno);
  if (S_ISDIR(facts.st_mode)) fail("read", file, EISDIR);
  return static_cast<std::size_t>(facts.st_size);
}

}  // namespace

std::string Disk::read_text(const fs::path& file) const {
  const Bytes bytes = read(file);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void Disk::write_text(const fs::path& file, std::string_view text, unsigned mode) {
  write(file, std::as_bytes(std::span(text)), mode);
}

void Disk::append_text(const fs::path& file, std::string_view text) {
  append(file, std::as_bytes(std::span(text)));
}

Bytes SystemDisk::read(const fs::path& file) const {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) fail("read", file, errno);
  // One byte more than the file says it has, so that its end is seen; files of /proc say 0.
  std::vector<std::byte> bytes(size_of(descriptor.get(), file) + 1);
  std::size_t filled = 0;
  while (true) {
    const ssize_t found = ::read(descriptor.get(), bytes.data() + filled, bytes.size() - filled);
    if (found < 0 && errno != EINTR) fail("read", file, errno);
    if (found == 0) break;
    if (found > 0) filled += static_cast<std::size_t>(found);
    if (filled == bytes.size()) bytes.resize(2 * bytes.size());
  }
  bytes.resize(filled);
  return Bytes(std::move(bytes));
}

void SystemDisk::write_pieces(const fs::path& file, std::span<const std::span<const std::byte>> pieces,
                              unsigned mode) {
  const std::string kind = file.extension().string();
  TemporaryFile temporary(file);
  failpoint("disk.begun" + kind, file.native());
  if (::fchmod(temporary.fd(), static_cast<mode_t>(mode)) < 0) fail("write", file, errno);
  for (const std::span<const std::byte> each : pieces) write_descriptor(temporary.fd(), each, file);
  failpoint("disk.written" + kind, file.native());
  if (::fsync(temporary.fd()) < 0) fail("write", file, errno);
  failpoint("disk.synced" + kind, file.native());
  temporary.rename_to(file);
  failpoint("disk.renamed" + kind, file.native());
  sync_folder(folder_of(file));
}

void SystemDisk::append(const fs::path& file, std::span<const std::byte> bytes) {
  const Descriptor descriptor(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kPrivateFile));
  if (!descriptor) fail("append to", file, errno);
  write_descriptor(descriptor.get(), bytes, file);
}

bool SystemDisk::exists(const fs::path& path) const {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail("look at", path, errno);
  return false;
}

std::vector<fs::path> SystemDisk::list(const fs::path& folder) const {
  std::vector<fs::path> names;
  std::error_code code;
  fs::directory_iterator each(folder.empty() ? fs::path(".") : folder, code);
  for (; !code && each != fs::directory_iterator(); each.increment(code)) {
    names.push_back(each->path().filename());
  }
  if (code && code.value() != ENOENT) fail("list", folder, code.value());
  std::sort(names.begin(), names.end());
  return names;
}

void SystemDisk::make_folders(const fs::path& folder) {
  if (folder.empty() || fs::path(folder).relative_path().empty()) return;
  if (::mkdir(folder.c_str(), 0700) == 0) return;
  if (errno == ENOENT && folder.has_parent_path()) {
    make_folders(folder.parent_path());
    if (::mkdir(folder.c_str(), 0700) == 0) return;
  }
  const int code = errno;
  std::error_code ignored;
  if (code != EEXIST || !fs::is_directory(folder, ignored)) fail("make folder", folder, code);
}

bool SystemDisk::remove(const fs::path& path) {
  if (::remove(path.c_str()) == 0) return true;
  if (errno != ENOENT) fail("remove", path, errno);
  return false;
}

}  // namespace wisp
