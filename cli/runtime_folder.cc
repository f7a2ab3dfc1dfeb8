#include "cli/runtime_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"

namespace wisp::cli {

namespace {

constexpr std::size_t kSocketPathMax = 107;
constexpr std::size_t kSocketNameMax = 19;  // "/", a node's number and ".control"

void make_private(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    throw Error("cannot make the folder for sockets " + folder.string() + ": " + std::strerror(errno) +
                "; set WISP_RUNTIME_DIR to a folder of yours");
  }
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::getuid() ||
      (status.st_mode & 077) != 0) {
    throw Error("the folder for sockets " + folder.string() +
                " must be yours alone (mode 0700); remove it or set WISP_RUNTIME_DIR to another");
  }
}

}  // namespace

RuntimeFolder::RuntimeFolder(const std::filesystem::path& base, const std::string& job_id)
    : base_(base.empty() ? base : std::filesystem::absolute(base)) {
  std::error_code none;
  const std::filesystem::path temporary = std::filesystem::temp_directory_path(none);
  path_ = base.empty() ? (none ? "/tmp" : temporary) / fmt::format("wisp-{}-{}", ::getuid(), job_id)
                       : base_ / job_id;
  if (path_.string().size() + kSocketNameMax > kSocketPathMax) {
    throw Error("the path of the sockets' folder is too long: " + path_.string() +
                "; set WISP_RUNTIME_DIR to a shorter one");
  }
}

void RuntimeFolder::make() {
  if (!base_.empty()) make_private(base_);
  make_private(path_);
  made_ = true;
}

RuntimeFolder::~RuntimeFolder() {
  std::error_code ignored;
  if (made_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace wisp::cli
