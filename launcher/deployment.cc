#include "launcher/deployment.h"

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "launcher/rsync.h"

namespace wisp::launcher {
namespace {

// One place a set of files, so that jobs that bring others don't take it apart.
std::string key_of(const std::vector<std::string>& sources) {
  const std::string text = join(sources, "\n");
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, 16);
}

}  // namespace

Deployment::Deployment(const LauncherSpec& spec, Fleet& fleet, const std::string& job,
                       std::vector<FileToPlace> files)
    : spec_(spec),
      fleet_(fleet),
      job_(job),
      files_(std::move(files)),
      has_rsync_(!find_program("rsync").empty()) {
  if (spec.deploy.kind == "rsync" && !has_rsync_)
    throw Error("deploy.kind is rsync, but there is no rsync on this machine", Fault::kHost);
}

std::string Deployment::bring_to(const std::string& name, const std::function<void()>& check) {
  const HostInfo& host = fleet_.host(name);
  if (host.local && files_.empty()) return "";
  message::Place wanted;
  wanted.folder = host.workdir + "/work/" + job_ + "-" + name;
  folders_[name] = wanted.folder;
  if (spec_.deploy.cleanup == "always") fleet_.remove_at_end(name, wanted.folder);
  if (files_.empty() || !by_rsync(host, wanted, check)) by_agent(host, wanted, check);
  fleet_.place(name, wanted);
  return wanted.folder;
}

// Whether it was done so.
bool Deployment::by_rsync(const HostInfo& host, message::Place& wanted, const std::function<void()>& check) {
  const std::string& kind = spec_.deploy.kind;
  if (spec_.kind != "ssh" || (kind != "auto" && kind != "rsync")) return false;
  if (kind == "rsync" && !host.has_rsync)
    throw Error(host.name + ": deploy.kind is rsync, but there is no rsync on this host", Fault::kHost);
  if (!has_rsync_ || !host.has_rsync) return false;
  const auto is_host = [&](const HostSpec& each) { return each.name == host.name; };
  const auto spec = std::find_if(spec_.hosts.begin(), spec_.hosts.end(), is_host);
  const std::string target = host.workdir + "/files-" + key_of(spec_.deploy.files);
  try {
    run_rsync(host.name, rsync_command(spec_, *spec, spec_.deploy.files, target), check);
  } catch (const Error& error) {  // where it does not work the agent does, or says more
    if (kind == "rsync" || error.fault() != Fault::kHost) throw;
    return false;
  }
  for (const FileToPlace& each : files_)
    wanted.files.push_back({each.name, target + "/" + each.name, each.sha256, each.executable});
  return true;
}

void Deployment::by_agent(const HostInfo& host, message::Place& wanted, const std::function<void()>& check) {
  for (const FileToPlace& each : files_) {
    check();
    wanted.files.push_back(
        {each.name, fleet_.put_file(host.name, each.source), each.sha256, each.executable});
  }
}

void Deployment::succeeded() {
  if (spec_.deploy.cleanup != "on-success") return;
  for (const auto& [host, folder] : folders_) fleet_.remove_at_end(host, folder);
}

}  // namespace wisp::launcher
