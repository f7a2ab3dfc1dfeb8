#pragma once
// RuntimeFolder: the private folder in which the nodes of one job on this host have their sockets.
#include <filesystem>
#include <string>
#include <vector>

namespace wisp::cli {

// <temporary folder>/wisp-<uid>-<job id>, or <job id> in WISP_RUNTIME_DIR where that is set: 0700, owned by
// this user, and gone with this object. Jobs that come and go share no folder that one of them could remove
// from under another.
class RuntimeFolder {
 public:
  // `base`: WISP_RUNTIME_DIR, or empty. Throws Error if a socket's path would not fit the system's 107 bytes.
  RuntimeFolder(const std::filesystem::path& base, const std::string& job_id);
  ~RuntimeFolder();
  RuntimeFolder(const RuntimeFolder&) = delete;
  RuntimeFolder& operator=(const RuntimeFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }  // absolute
  // Makes it. Throws Error for a folder or a `base` that is another user's or open to others.
  void make();

 private:
  const std::filesystem::path base_;
  std::filesystem::path path_;
  bool made_ = false;  // what make() refused is not ours to remove
};

// A folder that a RuntimeFolder has made, in this process or another.
struct FoundFolder {
  std::filesystem::path path;
  std::string job_id;
  bool in_use = false;  // somebody listens on a socket in it
};

// The folder in which RuntimeFolder(base, ...) makes them.
std::filesystem::path runtime_folders_in(const std::filesystem::path& base);
// Those in there that are this user's and hold nothing but sockets and their locks, by path.
std::vector<FoundFolder> find_runtime_folders(const std::filesystem::path& base);
// With its sockets. Throws Error, and removes nothing, if it holds anything else or somebody listens in it.
void remove_runtime_folder(const std::filesystem::path& folder);

}  // namespace wisp::cli
