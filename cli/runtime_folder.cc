#include "cli/runtime_folder.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "launcher/jobs.h"

namespace wisp::cli {

namespace {

constexpr std::size_t kSocketPathMax = 107;
// "/", then a node's number and ".control"; or "ssh4095" and what ssh appends while it makes its socket.
constexpr std::size_t kSocketNameMax = 25;

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

bool is_ours(const std::filesystem::path& folder) {
  struct stat status {};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::getuid();
}

// What comes before the job's id in the name of its folder.
std::string name_prefix(const std::filesystem::path& base) {
  return base.empty() ? fmt::format("wisp-{}-", ::getuid()) : "";
}

// A socket whose listener has ended refuses; one that can't be asked counts as listened on.
bool is_listened_on(const std::filesystem::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket.string();
  if (path.size() > kSocketPathMax) return true;
  std::memcpy(address.sun_path, path.data(), path.size());
  const Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return true;
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  return errno != ECONNREFUSED && errno != ENOENT;
}

struct Content {
  std::vector<std::filesystem::path> sockets;
  std::vector<std::filesystem::path> locks;  // beside the sockets; empty files
  bool others = false;                       // or it can't be read
};

// As the transport makes them.
bool is_lock(const std::filesystem::directory_entry& file) {
  std::error_code error;
  return file.path().extension() == ".lock" &&
         file.symlink_status(error).type() == std::filesystem::file_type::regular &&
         file.file_size(error) == 0;
}

Content content_of(const std::filesystem::path& folder) {
  Content content;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(folder, error)) {
    if (each.symlink_status(error).type() == std::filesystem::file_type::socket) {
      content.sockets.push_back(each.path());
    } else if (is_lock(each)) {
      content.locks.push_back(each.path());
    } else {
      content.others = true;
    }
  }
  content.others = content.others || error;
  return content;
}

bool is_in_use(const Content& content) {
  return std::any_of(content.sockets.begin(), content.sockets.end(), is_listened_on);
}

}  // namespace

RuntimeFolder::RuntimeFolder(const std::filesystem::path& base, const std::string& job_id)
    : base_(base.empty() ? base : std::filesystem::absolute(base)),
      path_(runtime_folders_in(base) / (name_prefix(base) + job_id)) {
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

std::filesystem::path runtime_folders_in(const std::filesystem::path& base) {
  if (!base.empty()) return std::filesystem::absolute(base);
  std::error_code none;
  const std::filesystem::path temporary = std::filesystem::temp_directory_path(none);
  return none ? "/tmp" : temporary;
}

std::vector<FoundFolder> find_runtime_folders(const std::filesystem::path& base) {
  const std::string prefix = name_prefix(base);
  std::vector<FoundFolder> found;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(runtime_folders_in(base), error)) {
    const std::string name = each.path().filename().string();
    if (!name.starts_with(prefix) || !launcher::is_job_id(name.substr(prefix.size()))) continue;
    if (!is_ours(each.path())) continue;
    const Content content = content_of(each.path());
    if (content.others) continue;
    found.push_back({each.path(), name.substr(prefix.size()), is_in_use(content)});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return found;
}

void remove_runtime_folder(const std::filesystem::path& folder) {
  const Content content = content_of(folder);
  if (content.others) throw Error(folder.string() + ": it holds more than sockets");
  if (is_in_use(content)) throw Error(folder.string() + ": somebody listens in it");
  std::error_code error;
  for (const auto& files : {content.sockets, content.locks}) {
    for (const std::filesystem::path& each : files) {
      if (!error) std::filesystem::remove(each, error);
    }
  }
  if (!error) std::filesystem::remove(folder, error);
  if (error) throw Error(fmt::format("{}: {}", folder.string(), error.message()));
}

}  // namespace wisp::cli
