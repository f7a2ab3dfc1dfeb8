#include "launcher/data_store.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "launcher/deflate.h"

namespace wisp::launcher {
namespace {

constexpr std::uint32_t kPieceMax = 4u << 20;

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)), Fault::kHost);
}

void check_sha256(const std::string& text) {
  if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw Error("not a sha256", Fault::kHost);
  }
}

}  // namespace

DataStore::~DataStore() {
  for (const auto& [sha256, incoming] : incoming_) ::unlink(incoming->temporary.c_str());
}

std::filesystem::path DataStore::path_of(const std::string& sha256) const {
  check_sha256(sha256);
  return folder_ / sha256;
}

message::File DataStore::find(const message::AskFile& ask) const {
  const std::filesystem::path path = path_of(ask.sha256);
  struct stat status {};
  const bool there = ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
                     static_cast<std::uint64_t>(status.st_size) == ask.size;
  return message::File{ask.sha256, there, path.string(), ""};
}

std::optional<message::File> DataStore::put(const message::PutFile& piece) {
  try {
    check_sha256(piece.sha256);
    if (piece.offset == 0) open(piece.sha256);
    const auto found = incoming_.find(piece.sha256);
    if (found == incoming_.end()) return std::nullopt;  // it has failed already
    if (!write(*found->second, piece)) return std::nullopt;
    const std::string path = finish(*found->second, piece);
    incoming_.erase(found);
    return message::File{piece.sha256, true, path, ""};
  } catch (const Error& error) {  // the driver hears of it; the agent goes on
    const auto found = incoming_.find(piece.sha256);
    if (found != incoming_.end()) {
      ::unlink(found->second->temporary.c_str());
      incoming_.erase(found);
    }
    return message::File{piece.sha256, false, "", error.what()};
  }
}

void DataStore::open(const std::string& sha256) {
  SystemDisk().make_folders(folder_);
  auto incoming = std::make_unique<Incoming>();
  incoming->temporary = folder_ / fmt::format(".{}.{}", sha256.substr(0, 16), random_hex(8));
  incoming->fd.reset(
      ::open(incoming->temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!incoming->fd) fail(incoming->temporary);
  if (const auto old = incoming_.find(sha256); old != incoming_.end())
    ::unlink(old->second->temporary.c_str());
  incoming_[sha256] = std::move(incoming);
}

bool DataStore::write(Incoming& incoming, const message::PutFile& piece) {
  if (piece.offset != incoming.size) throw Error("a piece of the file is missing", Fault::kHost);
  if (piece.plain_size > kPieceMax) throw Error("a piece of the file is too large", Fault::kHost);
  const Bytes content =
      piece.plain_size > 0 ? inflate(piece.content.span(), piece.plain_size) : piece.content;
  incoming.hash.update(content.span());
  incoming.size += content.size();
  std::span<const std::byte> rest = content.span();
  while (!rest.empty()) {
    const ssize_t count = ::write(incoming.fd.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(folder_ / piece.sha256);
    rest = rest.subspan(static_cast<std::size_t>(count));
  }
  return incoming.size >= piece.size;
}

std::string DataStore::finish(Incoming& incoming, const message::PutFile& piece) {
  if (incoming.hash.hex() != piece.sha256)
    throw Error("the file arrived damaged, or changed while sent", Fault::kHost);
  const std::filesystem::path path = folder_ / piece.sha256;
  if (::fsync(incoming.fd.get()) != 0) fail(path);
  if (::rename(incoming.temporary.c_str(), path.c_str()) != 0) fail(path);
  return path.string();
}

std::filesystem::path expand_home(const std::string& path) {
  if (path.empty() || path.front() != '~') return std::filesystem::absolute(path);
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') {
    const passwd* user = ::getpwuid(::getuid());
    if (user == nullptr) throw Error(fmt::format("{}: HOME is not set", path), Fault::kHost);
    home = user->pw_dir;
  }
  return path.size() > 2 ? std::filesystem::path(home) / path.substr(2) : std::filesystem::path(home);
}

}  // namespace wisp::launcher
