#pragma once
// Probe: what a host says of itself, asked the way on which its agent would be started. It leaves nothing
// there.
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/child.h"
#include "launcher/spec.h"
#include "launcher/ssh.h"

namespace wisp::launcher {

struct HostFacts {
  std::string address;                      // where ssh reached it
  std::string machine;                      // "Linux x86_64"
  std::string libc;                         // the version of its GNU C library; empty: it says none
  std::string folder;                       // the work directory, or the nearest one above it that is there
  bool writable = false;                    // that folder
  std::optional<std::uint64_t> free_bytes;  // in that folder
  std::set<std::string> tools;              // of tar, head, mktemp and rsync those that are there
  std::set<std::string> bundles;            // programs that were brought there, by sha256
  std::map<std::string, std::string>
      sshd;  // what its sshd_config says of limits and forwarding, by word in lower case
};

// What the remote command of a probe has printed; noise of the login is skipped. Nothing if it has not
// answered to the end.
std::optional<HostFacts> parse_facts(std::string_view output);

// Why a host did not answer.
struct ProbeFailure {
  Diagnosis diagnosis;
  std::string words;  // of what leads there, on one line
};

// Not thread-safe; it is driven as a Connection is. Either facts() or failure() is set once it is closed.
class Probe {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Probe(const LauncherSpec& spec, const HostSpec& host) : spec_(spec), host_(host) {}

  void open(Time now);
  void add_descriptors(std::vector<pollfd>& fds) const;
  // Reads what there is and does what is due; never waits.
  void step(Time now);
  Time due(Time now) const;

  bool closed() const { return closed_; }
  const std::string& name() const { return host_.name; }
  std::string waiting_for(Time now) const;
  const std::optional<HostFacts>& facts() const { return facts_; }
  const std::optional<ProbeFailure>& failure() const { return failure_; }

 private:
  void read(Descriptor& from, std::string& into);
  void answer();
  void finish(const Ended& ended);
  void fail(const Diagnosis& diagnosis);

  const LauncherSpec& spec_;
  const HostSpec host_;
  Child client_;
  std::string output_;
  std::string errors_;
  Time opened_;
  bool closed_ = false;
  bool late_ = false;  // it was ended because it took too long
  std::optional<HostFacts> facts_;
  std::optional<ProbeFailure> failure_;
};

}  // namespace wisp::launcher
