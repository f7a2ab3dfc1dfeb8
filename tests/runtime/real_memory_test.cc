// How much memory a node takes whose actor is slower than those who send to it. tools/soak.sh runs the long
// form.
#include <cstdio>
#include <fstream>
#include <limits>
#include <thread>

#include <gtest/gtest.h>

#include "tests/runtime/real_cluster.h"

namespace wisp::runtime::real {
namespace {

using test::kHang;

// What a message is said to take at most, so that the test ends on a machine that does other things.
constexpr std::chrono::nanoseconds kNaturalMost = std::chrono::milliseconds(20);

// Bytes that the process had in memory at most.
std::uint64_t resident_most(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes << 10;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  throw Error("no VmHWM of process " + std::to_string(pid));
}

struct Pressure {
  const char* name;
  unsigned threads;  // of the receiver: 0, and it receives nothing while it computes
  std::uint32_t workers;
  std::uint32_t pairs;  // of a message: 8 bytes each
  std::uint32_t dim = 1'000'000;
};
std::string pressure_name(const testing::TestParamInfo<Pressure>& info) { return info.param.name; }

class RealMemory : public testing::TestWithParam<Pressure> {};
INSTANTIATE_TEST_SUITE_P(Of, RealMemory,
                         testing::Values(Pressure{"MessagesOf80kB", 0, 4, 10'000},
                                         Pressure{"MessagesOf4MBOnPool", 1, 4, 500'000},
                                         Pressure{"MessagesAboveTheWindow", 0, 2, 2'200'000, 2'200'000}),
                         pressure_name);

// Model, and for each worker what may be on its way, which is bounded by the window of its link: 16 MiB of
// messages that the mailbox has not given to the actor, or one, if it is larger. Whatever else there is has
// 64 MiB.
TEST_P(RealMemory, of_a_receiver_ten_times_slower_than_its_senders_is_bounded_by_the_windows) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers keep what is freed";
#endif
  const Pressure p = GetParam();
  const std::uint64_t message = 2ULL * sizeof(float) * p.pairs;
  const std::uint64_t window = LinkLimits().window.bytes;
  const std::uint64_t in_flight = std::max<std::uint64_t>(1, window / message);
  const std::uint64_t bound = p.dim * sizeof(float) + in_flight * p.workers * message + (64ULL << 20);

  // On a machine that is busy with other things tcp may take seconds for what is nothing here.
  Cluster cluster(soak() ? Wire::kTcp : Wire::kIpc, FailureLimits());
  System& system = cluster.system();
  const NodeId receiver = cluster.start("receiver", p.threads);
  const pid_t pid = cluster.process(receiver).pid();
  std::vector<NodeId> nodes{receiver};
  for (std::uint32_t i = 0; i < p.workers; ++i) nodes.push_back(cluster.start("worker-" + std::to_string(i)));
  cluster.wait_for(nodes);
  std::vector<Handle<Pusher>> pushers;
  for (std::uint32_t i = 0; i < p.workers; ++i) {
    const std::string number = std::to_string(i);
    pushers.push_back(system.spawn<Pusher>(Options("pusher-" + number).on("worker-" + number)).get(kHang));
  }

  // How fast they are, once they know each other: in time for a message.
  const auto volley = static_cast<std::uint32_t>(std::min<std::uint64_t>(8, 1 + in_flight));
  const std::uint32_t first = volley * p.workers;
  std::chrono::nanoseconds natural{0};
  for (const std::string name : {"first", "second"}) {
    const auto quick = system.spawn<Adder>(Options(name).on("receiver"), p.dim, first).get(kHang);
    const Time begin = now();
    for (auto& pushed : call_each<&Pusher::push>(pushers, quick, volley, p.pairs)) pushed.get(kHang);
    quick.call<&Adder::all>().get(kHang);
    natural = std::min(std::chrono::nanoseconds(now() - begin) / first, kNaturalMost);
    quick.stop();
  }

  // More than twice what may be on its way; in the short form, until the receiver has taken a few of them.
  const auto each = static_cast<std::uint32_t>((soak() ? 10 : 2) * in_flight + 2);
  const std::uint32_t all = each * p.workers;
  const std::uint32_t awaited = soak() ? all : std::min(first, all);
  const auto slow = system.spawn<Adder>(Options("slow").on("receiver"), p.dim, awaited).get(kHang);
  slow.call<&Adder::compute_for>(9 * natural).get(kHang);
  auto taken = slow.call<&Adder::all>();
  const Time pressed = now();
  const auto pushes = call_each<&Pusher::push>(pushers, slow, each, p.pairs);
  const std::uint64_t pressure = in_flight * p.workers * message / 2;
  while (resident_most(pid) < pressure) {
    ASSERT_LT(seconds_since(pressed), 60) << "there is no pressure";
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  taken.get(20 * kHang);
  const double took = seconds_since(pressed);

  const std::uint64_t most = resident_most(pid);
  EXPECT_LE(most, bound);
  constexpr double kMiB = 1 << 20;
  std::printf(
      "figures: %u senders of messages of %.2f MB, each taken in %.1f ms where they take %.1f ms: %.0f MiB "
      "of at "
      "most %.0f (model %.0f, %llu messages a window)\n",
      p.workers, 1e-6 * static_cast<double>(message), 1e3 * took / awaited,
      1e-6 * static_cast<double>(natural.count()), static_cast<double>(most) / kMiB,
      static_cast<double>(bound) / kMiB, static_cast<double>(p.dim * sizeof(float)) / kMiB,
      static_cast<unsigned long long>(in_flight));
}

}  // namespace
}  // namespace wisp::runtime::real
