#include "cli/prune.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/process.h"
#include "cli/runtime_folder.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Prune : public testing::Test {
 protected:
  // The paths of what there would be to remove.
  std::vector<std::filesystem::path> found(bool all, std::chrono::hours later = std::chrono::hours(0)) {
    std::vector<std::filesystem::path> paths;
    for (const Leftover& each : find_leftovers(scratch_.folder(), base_, all, SystemClock().wall() + later))
      paths.push_back(each.path);
    return paths;
  }

  // A folder for sockets with a socket in it.
  std::filesystem::path sockets_of(const std::string& id) {
    const std::filesystem::path folder = base_ / id;
    std::filesystem::create_directories(folder);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (folder / "1").c_str(), sizeof address.sun_path - 1);
    socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
    std::ofstream(folder / "1.lock") << "";
    return folder;
  }

  const test::Scratch scratch_;
  const std::filesystem::path base_ = scratch_.folder() / "run";
  Descriptor socket_;  // the last one made
};

TEST_F(Prune, job_folders_of_jobs_that_have_ended_once_they_are_old) {
  test::Job running(scratch_, "running", "running");
  std::filesystem::path ended;
  {
    test::Job job(scratch_, "ended", "converged");
    ended = job.folder().path();
  }
  EXPECT_THAT(found(false), IsEmpty());
  EXPECT_THAT(found(true), ElementsAre(ended));
  EXPECT_THAT(found(false, kJobFolderAge + std::chrono::hours(1)), ElementsAre(ended));
  EXPECT_THAT(found(false, kJobFolderAge - std::chrono::hours(1)), IsEmpty());
}

TEST_F(Prune, a_folder_that_no_driver_made_is_left_alone) {
  std::filesystem::create_directories(scratch_.folder() / "jobs" / "notes-12ab34cd");
  EXPECT_THAT(found(true, kJobFolderAge), IsEmpty());
}

TEST_F(Prune, sockets_on_which_nobody_listens) {
  std::string id;
  {
    test::Job job(scratch_, "mine", "running");
    id = job.folder().id();
    sockets_of(id);
    socket_.reset();
    EXPECT_THAT(found(true), IsEmpty()) << "the job runs";
  }
  EXPECT_THAT(found(false), ElementsAre(base_ / id));
}

TEST_F(Prune, sockets_of_an_unknown_job_while_somebody_listens) {
  const std::filesystem::path folder = sockets_of("00ff00ff");
  EXPECT_THAT(found(true, std::chrono::hours(1)), IsEmpty());
  socket_.reset();
  EXPECT_THAT(found(true), IsEmpty()) << "it may be starting";
  EXPECT_THAT(found(true, std::chrono::hours(1)), ElementsAre(folder));
}

TEST_F(Prune, a_folder_with_anything_but_sockets_is_no_folder_for_sockets) {
  const std::filesystem::path folder = sockets_of("00ff00ff");
  socket_.reset();
  std::ofstream(folder / "notes") << "mine";
  EXPECT_THAT(found(true, std::chrono::hours(1)), IsEmpty());
  EXPECT_EQ(test::error_of([&] { remove_runtime_folder(folder); }).first, Fault::kFailed);
  EXPECT_TRUE(std::filesystem::exists(folder / "1"));
}

TEST_F(Prune, removes_what_it_says_and_with_dry_run_nothing) {
  std::filesystem::path ended;
  {
    test::Job job(scratch_, "ended", "converged");
    ended = job.folder().path();
  }
  GlobalOptions options = scratch_.options();
  options.json = true;
  const auto prune = [&](PruneOptions what) {
    return nlohmann::json::parse(test::printed([&] { prune_command(options, what); }));
  };
  const auto job_folders = [](const nlohmann::json& report) {
    std::vector<std::string> paths;
    for (const auto& each : report["removed"]) {
      if (each["kind"] == "job folder") paths.push_back(each["path"]);
    }
    return paths;
  };
  EXPECT_THAT(job_folders(prune({.all = true, .dry_run = true})), ElementsAre(ended.string()));
  EXPECT_TRUE(std::filesystem::exists(ended));
  EXPECT_THAT(job_folders(prune({})), IsEmpty());
  EXPECT_THAT(job_folders(prune({.all = true})), ElementsAre(ended.string()));
  EXPECT_FALSE(std::filesystem::exists(ended));
  EXPECT_FALSE(std::filesystem::is_symlink(scratch_.folder() / "jobs" / "latest"));
}

}  // namespace
}  // namespace wisp::cli
