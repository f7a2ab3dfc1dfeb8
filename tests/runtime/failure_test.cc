#include "runtime/failure.h"

#include <gtest/gtest.h>

#include "base/pack.h"

namespace wisp::runtime {
namespace {

template <class E>
Failure failure_of(const E& thrown) {
  try {
    throw thrown;
  } catch (...) {
    return Failure::from_current_exception("worker-2");
  }
}

TEST(Failure, keeps_an_errors_text_and_fault) {
  const Failure failure = failure_of(Error("the file is gone", Fault::kHost));
  EXPECT_EQ(failure.kind, Failure::Kind::kThrew);
  EXPECT_EQ(failure.actor, "worker-2");
  EXPECT_EQ(failure.text, "the file is gone");
  EXPECT_EQ(failure.fault, Fault::kHost);
}

TEST(Failure, takes_any_exception) {
  EXPECT_EQ(failure_of(std::out_of_range("index 7")).text, "index 7");
  EXPECT_EQ(failure_of(std::out_of_range("index 7")).fault, Fault::kFailed);
  EXPECT_EQ(failure_of(42).text, "threw something that is no std::exception");
}

TEST(Failure, names_the_first_to_fail) {
  const Failure first(Failure::Kind::kDied, "worker-7", "node 7 is gone", Fault::kHost);
  const Failure passed_on = failure_of(ActorDied(first));
  EXPECT_EQ(passed_on.kind, Failure::Kind::kDied);
  EXPECT_EQ(passed_on.actor, "worker-7");
  EXPECT_EQ(passed_on.text, "node 7 is gone");
}

TEST(Failure, is_raised_by_kind) {
  EXPECT_THROW(Failure(Failure::Kind::kDied, "a", "b").raise(), ActorDied);
  EXPECT_THROW(Failure(Failure::Kind::kFull, "a", "b").raise(), MailboxFull);
  EXPECT_THROW(Failure(Failure::Kind::kCancelled, "a", "b").raise(), Cancelled);
  EXPECT_THROW(Failure(Failure::Kind::kApplied, "a", "b").raise(), AppliedBefore);
  EXPECT_THROW(Failure(Failure::Kind::kTimeout, "a", "b").raise(), Timeout);
  for (const auto kind : {Failure::Kind::kThrew, Failure::Kind::kRefused}) {
    try {
      Failure(kind, "a", "b", Fault::kConfig).raise();
    } catch (const ActorDied&) {
      FAIL() << "it lives";
    } catch (const ActorError& error) {
      EXPECT_STREQ(error.what(), "a: b");
      EXPECT_EQ(error.fault(), Fault::kConfig);
      EXPECT_EQ(error.failure().kind, kind);
    }
  }
}

TEST(Failure, travels) {
  Failure sent(Failure::Kind::kRefused, "a", "b", Fault::kDeadline);
  sent.log = "/run/log/a";
  const auto received = unpack<Failure>(pack(sent));
  EXPECT_EQ(received.kind, sent.kind);
  EXPECT_EQ(received.actor, sent.actor);
  EXPECT_EQ(received.text, sent.text);
  EXPECT_EQ(received.fault, sent.fault);
  EXPECT_EQ(received.log, sent.log);
}

}  // namespace
}  // namespace wisp::runtime
