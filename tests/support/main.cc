// main() of every test program.
#include <csignal>
#include <cstdio>

#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace {

class ReproduceOnFailure : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& info) override {
    if (info.result()->Failed()) {
      std::printf("reproduce: WISP_SEED=%llu %s --gtest_filter=%s.%s\n",
                  static_cast<unsigned long long>(wisp::test::seed()), program_, info.test_suite_name(),
                  info.name());
    }
  }

 public:
  explicit ReproduceOnFailure(const char* program) : program_(program) {}

 private:
  const char* program_;
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // as the product's main(): a reader that is gone is an error to handle
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new ReproduceOnFailure(argv[0]));
  return RUN_ALL_TESTS();
}
