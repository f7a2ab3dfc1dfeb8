#pragma once
// DataStore: files on a host, kept by what is in them: <workdir>/data/<sha256>.
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "base/hash.h"
#include "base/process.h"
#include "launcher/messages.h"

namespace wisp::launcher {

// Folders have mode 0700, files 0600. A file appears whole and verified under its name or not at all; several
// stores may share a folder. Not thread-safe.
class DataStore {
 public:
  // `workdir` is absolute. Folders are made with the first file.
  explicit DataStore(std::filesystem::path workdir) : folder_(std::move(workdir) / "data") {}
  ~DataStore();  // removes what is incomplete
  DataStore(const DataStore&) = delete;
  DataStore& operator=(const DataStore&) = delete;

  // Whether it is there, by name and size.
  message::File find(const message::AskFile& ask) const;
  // Where the content of this hash is, if it is there. Throws Error if that is no hash.
  std::filesystem::path path_of(const std::string& sha256) const;
  // The answer when the file is complete or has failed; then nothing of it is left but, if complete, the
  // file.
  std::optional<message::File> put(const message::PutFile& piece);

 private:
  struct Incoming {
    std::filesystem::path temporary;
    Descriptor fd;
    Sha256 hash;
    std::uint64_t size = 0;
  };
  void open(const std::string& sha256);
  bool write(Incoming& incoming, const message::PutFile& piece);  // whether it was the last one
  std::string finish(Incoming& incoming, const message::PutFile& piece);

  const std::filesystem::path folder_;
  std::map<std::string, std::unique_ptr<Incoming>> incoming_;
};

// `~` and `~/...` with this user's home folder, as an absolute path. Throws Error if there is none.
std::filesystem::path expand_home(const std::string& path);

}  // namespace wisp::launcher
