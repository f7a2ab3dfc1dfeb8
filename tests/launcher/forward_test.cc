// What an ssh that is asked to forward ports may say. With a real one: tests/testbed/network_test.py.
#include "launcher/forward.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/process.h"

namespace wisp::launcher {
namespace {

using namespace std::chrono_literals;
using Listens = Forward::Listens;

// What is said when the ssh client is this script.
std::string complaint(const std::string& script, std::chrono::milliseconds deadline = 30s,
                      const std::vector<Forward>& forwards = {{Listens::kThere, 20001},
                                                              {Listens::kThere, 20002}}) {
  SshSpec ssh;
  ssh.program = {"/bin/sh", "-c", script, "ssh"};
  HostSpec host;
  host.name = "node1";
  try {
    forward_ports(ssh, host, "/run/ssh0", forwards, deadline);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kHost);
    return error.what();
  }
  return "";
}

constexpr const char* kRefused =
    "echo 'mux_client_forward: forwarding request failed: remote port forwarding failed for listen port "
    "20002' "
    ">&2; exit 255; ";

TEST(Forward, is_asked_for_at_the_shared_connection) {
  EXPECT_EQ(complaint("case \"$*\" in *'-o ControlPath=\"/run/ssh0\" '*'-O forward "
                      "-R 127.0.0.1:20001:127.0.0.1:20001 -R 127.0.0.1:20002:127.0.0.1:20002 -- node1') "
                      "exit 0 ;; esac; echo \"$*\"; exit 1"),
            "");
}

TEST(Forward, a_port_that_is_in_use_there_is_named) {
  EXPECT_EQ(complaint(std::string("case \"$*\" in *'-R 127.0.0.1:0:'*) exit 0 ;; esac; ") + kRefused),
            "node1: port 20002 of its 127.0.0.1 is in use\n"
            "    set network.ports to a range that is free on this machine and on all hosts");
}

TEST(Forward, a_host_that_forwards_nothing_is_told_from_that) {
  EXPECT_THAT(complaint(kRefused), testing::StartsWith("node1: its sshd forwards no ports\n"
                                                       "    network.tunnel needs `AllowTcpForwarding yes`"));
}

TEST(Forward, any_other_complaint_is_quoted) {
  EXPECT_EQ(complaint("echo 'Control socket connect: No such file' >&2; exit 255"),
            "node1: ssh forwards no ports\n    Control socket connect: No such file");
}

TEST(Forward, is_not_waited_for_without_end) {
  EXPECT_THAT(complaint("exec sleep 1000", 100ms), testing::HasSubstr("ssh forwarded no ports within 100ms"));
}

TEST(Forward, a_port_that_is_in_use_here_is_named) {
  const Descriptor taken(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(taken.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(taken.get(), 1), 0);
  ASSERT_EQ(::getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  EXPECT_THAT(complaint("exit 0", 30s, {{Listens::kHere, port}}),
              testing::StartsWith("node1: port " + std::to_string(port) +
                                  " of 127.0.0.1 is in use on this machine\n"));
}

}  // namespace
}  // namespace wisp::launcher
