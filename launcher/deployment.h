#pragma once
// Deployment: what deploy says of files, done: the working folder of a job's actors on each of its hosts.
#include <functional>
#include <string>
#include <vector>

#include "launcher/fleet.h"
#include "launcher/working_folder.h"

namespace wisp::launcher {

// Not thread-safe; outlived by the fleet.
class Deployment {
 public:
  // `job` is its id; `files` are those that gather_files() makes of spec.deploy.files. Throws Error (kHost).
  Deployment(const LauncherSpec& spec, Fleet& fleet, const std::string& job, std::vector<FileToPlace> files);

  // Makes <workdir>/work/<job>-<host> on a host, with the files in it, and returns it; empty where the actors
  // stay in the folder that the job was started in: on this machine, when there are no files. Their content
  // is sent only when the host does not have it. `check` is called while it waits, and may throw. Throws
  // Error (kHost).
  std::string bring_to(const std::string& host, const std::function<void()>& check);

  // The job has succeeded: cleanup "on-success" removes the folders, once the processes have ended.
  void succeeded();

 private:
  bool by_rsync(const HostInfo& host, message::Place& wanted, const std::function<void()>& check);
  void by_agent(const HostInfo& host, message::Place& wanted, const std::function<void()>& check);

  const LauncherSpec& spec_;
  Fleet& fleet_;
  const std::string job_;
  const std::vector<FileToPlace> files_;
  const bool has_rsync_;
  std::map<std::string, std::string> folders_;  // by host
};

}  // namespace wisp::launcher
