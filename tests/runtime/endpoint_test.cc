#include "runtime/endpoint.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace wisp::runtime {
namespace {

Endpoint parse(const std::string& text) { return Endpoint::parse(text, "cannot bind"); }

std::string refusal_of(const std::string& text) {
  try {
    (void)parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kHost);
    return error.what();
  }
  return "it was not refused";
}

TEST(Endpoint, takes_paths) {
  const Endpoint endpoint = parse("ipc:///run/job/1");
  EXPECT_EQ(endpoint.kind, Endpoint::Kind::kIpc);
  EXPECT_EQ(endpoint.path, "/run/job/1");
  EXPECT_EQ(parse("ipc:///" + std::string(106, 'x')).path.size(), 107u);
}

TEST(Endpoint, takes_hosts_and_ports) {
  struct {
    const char* text;
    const char* host;
    std::optional<std::uint16_t> port;
  } const cases[] = {
      {"tcp://127.0.0.1", "127.0.0.1", {}},
      {"tcp://127.0.0.1:1", "127.0.0.1", 1},
      {"tcp://[::1]", "::1", {}},
      {"tcp://[::1]:65535", "::1", 65535},
      {"tcp://::1", "::1", {}},
      {"tcp://2001:db8::7", "2001:db8::7", {}},
      {"tcp://*", "*", {}},
      {"tcp://", "", {}},
      {"tcp://localhost:20000", "localhost", 20000},
  };
  for (const auto& each : cases) {
    const Endpoint endpoint = parse(each.text);
    EXPECT_EQ(endpoint.kind, Endpoint::Kind::kTcp) << each.text;
    EXPECT_EQ(endpoint.host, each.host) << each.text;
    EXPECT_EQ(endpoint.port, each.port) << each.text;
  }
}

TEST(Endpoint, refuses_what_makes_no_sense) {
  const std::string port = ": a port is a number from 1 to 65535";
  for (const char* text :
       {"tcp://127.0.0.1:", "tcp://127.0.0.1:0", "tcp://127.0.0.1:99999", "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:x", "tcp://127.0.0.1:1x", "tcp://127.0.0.1:-1", "tcp://127.0.0.1: 1", "tcp://[::1",
        "tcp://[::1]x", "tcp://[::1]:", "tcp://127.0.0.1:*"}) {
    EXPECT_EQ(refusal_of(text), std::string("cannot bind ") + text + port);
  }
  for (const char* text : {"", "nonsense", "smoke://signals", "ipc:/x", "tcp:/127.0.0.1", "inproc://x"}) {
    EXPECT_EQ(refusal_of(text),
              std::string("cannot bind ") + text + ": it is neither ipc:///path nor tcp://address:port");
  }
  for (const char* text : {"ipc://", "ipc://relative", "ipc://@abstract"}) {
    EXPECT_EQ(refusal_of(text), std::string("cannot bind ") + text + ": the path of a socket begins with /");
  }
  const std::string longest = "ipc:///" + std::string(107, 'x');
  EXPECT_EQ(refusal_of(longest),
            "cannot bind " + longest + ": the path of a socket has room for 107 bytes, this one has 108");
}

TEST(Endpoint, knows_to_what_one_can_connect) {
  for (const char* text : {"ipc:///run/1", "tcp://127.0.0.1:1", "tcp://[::1]:1", "tcp://localhost:1"}) {
    EXPECT_FALSE(why_not_connectable(parse(text))) << text;
  }
  for (const char* text : {"tcp://127.0.0.1", "tcp://::1", "tcp://0.0.0.0:1", "tcp://[::]:1", "tcp://*:1",
                           "tcp://eth0:1", "tcp://example.org:1", "tcp://:1", "tcp://127.1:1"}) {
    EXPECT_TRUE(why_not_connectable(parse(text))) << text;
  }
}

TEST(Endpoint, is_written_as_zmq_takes_it) {
  EXPECT_EQ(tcp_text("127.0.0.1", 1), "tcp://127.0.0.1:1");
  EXPECT_EQ(tcp_text("::1", 65535), "tcp://[::1]:65535");
  EXPECT_EQ(tcp_text("localhost", 7), "tcp://127.0.0.1:7");
}

TEST(Endpoint, knows_loopback) {
  for (const char* yes : {"127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "localhost"}) {
    EXPECT_TRUE(is_loopback(yes)) << yes;
  }
  for (const char* no :
       {"", "*", "0.0.0.0", "::", "127.1", "::ffff:127.0.0.1", "10.0.0.1", "lo", "Localhost.", "::2"}) {
    EXPECT_FALSE(is_loopback(no)) << no;
  }
}

}  // namespace
}  // namespace wisp::runtime
