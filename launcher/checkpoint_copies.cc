#include "launcher/checkpoint_copies.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "launcher/data_store.h"
#include "launcher/folders.h"
#include "launcher/jobs.h"

namespace wisp::launcher {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "checkpoints";

[[noreturn]] void fail(const fs::path& path) {
  throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)), Fault::kHost);
}

std::string name_of(std::uint64_t number) { return std::to_string(number) + ".ckpt"; }

// Of the numbers up to `last`, the last `keep` stay, and no others.
void remove_but(std::uint32_t keep, std::uint64_t last, const fs::path& folder) {
  std::set<fs::path> kept;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(keep, last); ++i) kept.insert(name_of(last - i));
  SystemDisk disk;
  for (const fs::path& name : disk.list(folder)) {
    if (!kept.contains(name)) disk.remove(folder / name);
  }
}

fs::path keep(const fs::path& workdir, const message::KeepCheckpoint& wanted) {
  if (!is_job_id(wanted.job)) throw Error(fmt::format("'{}' is no job's id", escape_text(wanted.job, 80)));
  const fs::path job = workdir / kFolder / wanted.job;
  if (wanted.keep == 0) {
    remove_up_to(job, workdir / kFolder);
    return job;
  }
  const fs::path folder = job / "ckpt";  // as in a job folder: a run can go on from this one, too
  const fs::path file = folder / name_of(wanted.number);
  SystemDisk().make_folders(folder);
  const fs::path content = DataStore(workdir).path_of(wanted.sha256);
  if (::rename(content.c_str(), file.c_str()) != 0) fail(content);
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) fail(folder);
  remove_but(wanted.keep, wanted.number, folder);
  return file;
}

}  // namespace

message::File keep_checkpoint(const fs::path& workdir, const message::KeepCheckpoint& wanted) {
  try {
    return message::File{wanted.sha256, true, keep(workdir, wanted).string(), ""};
  } catch (const Error& error) {  // the driver hears of it; the agent goes on
    return message::File{wanted.sha256, false, "", error.what()};
  }
}

void forget_old_checkpoints(const fs::path& workdir, std::chrono::hours age) {
  for (const fs::path& job : folders_in(workdir / kFolder)) {
    if (fs::file_time_type::clock::now() - last_written(job) > age) remove_up_to(job, workdir / kFolder);
  }
}

}  // namespace wisp::launcher
