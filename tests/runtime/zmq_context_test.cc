#include "runtime/zmq_context.h"

#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zmq.hpp>

#include "base/error.h"

namespace wisp::runtime {
namespace {

using testing::HasSubstr;

TEST(ZmqContext, has_room_for_its_peers) {
  const ZmqContext context(2000, std::nullopt, {});
  EXPECT_GE(context.handle().get(zmq::ctxopt::max_sockets), 4000);
}

TEST(ZmqContext, refuses_more_peers_than_there_can_be) {
  try {
    const ZmqContext context(60'000, std::nullopt, {});
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "60000 peers are more than one node can have");
  }
}

TEST(ZmqContext, ends_with_the_last_that_leaves) {
  ZmqContext context(10, CurveKeys::make(), {});
  context.enter();
  context.enter();
  context.leave();
  context.allow(3, CurveKeys::make().public_key);
  { zmq::socket_t socket(context.handle(), zmq::socket_type::push); }
  context.leave();
  context.allow(4, "whatever");  // nobody is let in any more
}

// In a process of its own: limits are for all of it, and a hard one never rises again.
void with_limits(rlim_t soft, rlim_t hard, std::uint32_t peers_max) {
  rlimit limit{soft, hard};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(9);
  try {
    const ZmqContext context(peers_max, std::nullopt, {});
  } catch (const Error& error) {
    std::fputs(error.what(), stderr);
    std::_Exit(error.fault() == Fault::kHost ? 1 : 2);
  }
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::fprintf(stderr, "soft limit %lu", static_cast<unsigned long>(limit.rlim_cur));
  std::_Exit(0);
}

TEST(ZmqContextDeathTest, raises_the_limit_of_open_files_as_far_as_it_needs) {
  EXPECT_EXIT(with_limits(256, 4096, 100), testing::ExitedWithCode(0), "soft limit 1112");
  EXPECT_EXIT(with_limits(2000, 4096, 100), testing::ExitedWithCode(0), "soft limit 2000");
}

void with_keys(rlim_t core_limit) {
  rlimit limit{core_limit, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_CORE, &limit) != 0) limit.rlim_cur = 9;
  const ZmqContext context(10, CurveKeys::make(), {});
  ::getrlimit(RLIMIT_CORE, &limit);
  std::fprintf(stderr, "core limit %lu", static_cast<unsigned long>(limit.rlim_cur));
  std::_Exit(0);
}

TEST(ZmqContextDeathTest, leaves_no_core_file_that_would_hold_the_secret) {
  EXPECT_EXIT(with_keys(4096), testing::ExitedWithCode(0), "core limit 0");
}

TEST(ZmqContextDeathTest, refuses_peers_for_which_it_can_open_no_files) {
  EXPECT_EXIT(with_limits(256, 1000, 100), testing::ExitedWithCode(1),
              "a node with 100 peers needs 1112 open files, and this process may have 1000; raise its hard");
}

}  // namespace
}  // namespace wisp::runtime
