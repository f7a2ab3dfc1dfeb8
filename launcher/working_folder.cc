#include "launcher/working_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/text.h"

namespace wisp::launcher {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 10'000;
constexpr std::size_t kNameMax = 1024;

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw Error(fmt::format("{}: {}", path.string(), why), Fault::kConfig);
}

[[noreturn]] void fail(const fs::path& path) {
  throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)), Fault::kHost);
}

void add_file(const fs::path& path, const std::string& name, std::vector<FileToPlace>& files) {
  if (files.size() == kFilesMax) refuse(path, fmt::format("deploy.files has more than {} files", kFilesMax));
  if (name.size() > kNameMax) refuse(path, "its name is too long");
  FileToPlace file;
  file.name = name;
  file.source = path;
  try {
    file.size = fs::file_size(path);
    file.sha256 = sha256_file_hex(path);
    file.executable = (fs::status(path).permissions() & fs::perms::owner_exec) != fs::perms::none;
  } catch (const std::exception& error) {  // filesystem_error and Error alike name the path
    throw Error(error.what(), Fault::kConfig);
  }
  files.push_back(std::move(file));
}

// Links are followed to files, not to folders: those may lead in circles.
void add(const fs::path& path, const std::string& name, bool follow, std::vector<FileToPlace>& files) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) refuse(path, "no such file or folder");
  if (fs::is_regular_file(status)) return add_file(path, name, files);
  if (!fs::is_directory(status)) refuse(path, "it is neither a file nor a folder");
  if (!follow && fs::is_symlink(fs::symlink_status(path))) refuse(path, "it is a link to a folder");
  fs::directory_iterator entries(path, error);
  if (error) refuse(path, error.message());
  for (const fs::directory_entry& each : entries)
    add(each.path(), name + "/" + each.path().filename().string(), false, files);
}

bool is_relative_name(const std::string& name) {
  if (name.empty() || name.size() > kNameMax || name.find('\0') != std::string::npos) return false;
  const std::vector<std::string> parts = split(name, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](const std::string& part) { return part.empty() || part == "." || part == ".."; });
}

void copy(const message::PlacedFile& file, const fs::path& target) {
  const Descriptor from(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from) fail(file.path);
  const Descriptor to(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                             file.executable ? 0700 : 0600));
  if (!to) fail(target);
  Sha256 hash;
  std::array<std::byte, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(file.path);
    if (got == 0) break;
    const std::span<const std::byte> bytes(buffer.data(), static_cast<std::size_t>(got));
    hash.update(bytes);
    if (!write_all(to.get(), bytes)) fail(target);
  }
  if (hash.hex() != file.sha256)
    throw Error(fmt::format("{}: it has changed while it was on its way", file.name), Fault::kHost);
}

void fill(const fs::path& folder, const std::vector<message::PlacedFile>& files) {
  SystemDisk disk;
  disk.make_folders(folder);
  for (const message::PlacedFile& each : files) {
    if (!is_relative_name(each.name)) throw Error("a name leads out of the working folder", Fault::kHost);
    disk.make_folders((folder / each.name).parent_path());
    copy(each, folder / each.name);
  }
}

}  // namespace

std::vector<FileToPlace> gather_files(const std::vector<std::string>& paths) {
  std::vector<FileToPlace> files;
  for (const std::string& text : paths) {
    fs::path path = fs::path(text).lexically_normal();
    if (path.filename().empty()) path = path.parent_path();  // "conf/"
    if (path.filename().empty()) refuse(text, "it has no name");
    add(path, path.filename().string(), true, files);
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(files.begin(), files.end(),
                                        [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice != files.end())
    refuse(twice->source,
           fmt::format("{} would be called {}, too", (twice + 1)->source.string(), twice->name));
  return files;
}

message::File make_working_folder(const fs::path& workdir, const message::Place& wanted) {
  const fs::path folder(wanted.folder);
  const fs::path temporary = folder.string() + ".new-" + random_hex(8);
  std::error_code ignored;
  try {
    const std::string inside = folder.lexically_relative(workdir / "work").string();
    if (!is_relative_name(inside)) throw Error("the working folder is not below work/", Fault::kHost);
    fill(temporary, wanted.files);
    if (::rename(temporary.c_str(), folder.c_str()) != 0) fail(folder);
    return message::File{"", true, folder.string(), ""};
  } catch (const Error& error) {  // the driver hears of it; the agent goes on
    fs::remove_all(temporary, ignored);
    return message::File{"", false, "", error.what()};
  }
}

}  // namespace wisp::launcher
