#pragma once
// What a job file may say of actors, their placement and the network between nodes.
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wisp::runtime {

enum class Isolation : std::uint8_t { kProcess, kThread };

// Where the replicas of a group go.
struct PlacementSpec {
  std::string kind = "spread";               // spread: evenly | pack: fill a host before the next | label
  std::vector<std::string> hosts;            // empty: all hosts
  std::map<std::string, std::string> match;  // label: of these hosts those that bear all of them, evenly
  bool oversubscribe = false;                // more actors than slots

  template <class F>
  void fields(F& f) {
    f(kind, hosts, match, oversubscribe);
  }
};

// What an actor takes of its host.
struct ResourceSpec {
  std::uint32_t cpus = 1;    // slots of the host
  std::uint64_t memory = 0;  // bytes of private memory that its process may have; 0: no limit
  std::int32_t nice = 0;     // what is added to the niceness of its process

  template <class F>
  void fields(F& f) {
    f(cpus, memory, nice);
  }
};

// How often an actor that has ended is started again: OTP's restart intensity.
struct RestartSpec {
  std::uint32_t max = 3;  // so many restarts within `within`; one more ends the job. 0: never
  std::chrono::milliseconds within{60'000};
  std::chrono::milliseconds backoff{500};  // before the second of them; twice as long before each later one

  template <class F>
  void fields(F& f) {
    f(max, within, backoff);
  }
};

// What becomes of the actors of a host that is lost.
struct FailureSpec {
  std::string on_host_lost = "reschedule";  // reschedule: to the hosts that are left | wait: until it is back
                                            // | fail: they end the job

  template <class F>
  void fields(F& f) {
    f(on_host_lost);
  }
};

struct NetworkSpec {
  std::string transport = "auto";    // auto: ipc when all is on this host, else tcp | ipc | tcp
  std::string security = "curve";    // curve: off loopback; plaintext: nowhere
  std::string subnet;                // which of a host's own addresses its nodes use, where it has several:
  std::string interface;             // the one in "192.0.2.0/24", or of "eth1"; empty: what ssh reached it by
  bool tunnel = false;               // between hosts all goes through the ssh connections
  std::uint16_t port_first = 20000;  // endpoints are bound in this range, below the ephemeral ports
  std::uint16_t port_last = 32767;
  std::uint64_t message_max = 1ull << 30;  // bytes of one frame

  template <class F>
  void fields(F& f) {
    f(transport, security, subnet, interface, tunnel, port_first, port_last, message_max);
  }
};

}  // namespace wisp::runtime
