#pragma once
// Hosts for tests of ssh that need no root: sshd's of one's own on loopback addresses.
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace wisp::test {

// Hosts n1, n2, ... on 127.0.0.11, 127.0.0.12, ...: sshd's of this user that let only this user in, by a key
// of their own. They share this machine's files and processes. All end with the object, and with the thread
// that made it.
//
// ssh -F config() knows further names, all of them for the sshd of n1 but the last two:
//   nokey     the login is refused           wronghost  its host key is not the known one
//   newhost   its host key is not known      closed     nobody listens on its port
class LoopbackSshd {
 public:
  // Why there can be none here; nothing if there can.
  static std::optional<std::string> why_not();

  // `more` are lines for every sshd's configuration. Returns when all of them listen; throws
  // std::runtime_error.
  explicit LoopbackSshd(int hosts, const std::string& more = "");
  ~LoopbackSshd();
  LoopbackSshd(const LoopbackSshd&) = delete;
  LoopbackSshd& operator=(const LoopbackSshd&) = delete;

  std::filesystem::path config() const { return folder_.path() / "ssh_config"; }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  struct Server {
    std::string name;
    std::string address;
    std::uint16_t port = 0;
    pid_t pid = -1;
    int log = -1;
  };
  void make_key(const std::string& name);
  std::string public_key(const std::string& name) const;
  void start(Server& server, const std::string& more);
  bool try_start(Server& server, const std::string& more);
  void write_client_files() const;

  TemporaryFolder folder_;
  std::vector<Server> servers_;
};

}  // namespace wisp::test
