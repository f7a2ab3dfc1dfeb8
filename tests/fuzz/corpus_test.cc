// The inputs in corpus/, those that fuzzing found included, against every promise that a target checks: with
// any compiler, and each of them cut and changed as well.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/fuzz/seeds.h"
#include "tests/fuzz/targets.h"

namespace wisp::fuzz {
namespace {

namespace fs = std::filesystem;

// More is found again in less time than it takes to read.
constexpr std::size_t kInputMax = 4096;
constexpr std::size_t kChangesMax = 400;

const fs::path kCorpus = WISP_FUZZ_CORPUS;

std::vector<std::byte> read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const Data data = data_of(text);
  return {data.begin(), data.end()};
}

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, breaks_no_promise) {
  std::size_t count = 0;
  for (const fs::directory_entry& each : fs::directory_iterator(kCorpus / GetParam().name)) {
    SCOPED_TRACE(each.path().filename());
    const std::vector<std::byte> input = read(each.path());
    EXPECT_LE(input.size(), kInputMax);
    GetParam().run(input);
    ++count;
  }
  EXPECT_GT(count, 0u);
}

TEST_P(Corpus, breaks_no_promise_when_cut_or_changed) {
  for (const fs::directory_entry& each : fs::directory_iterator(kCorpus / GetParam().name)) {
    std::vector<std::byte> input = read(each.path());
    const std::size_t stride = 1 + input.size() / kChangesMax;
    for (std::size_t at = 0; at < input.size(); at += stride) {
      const std::vector<std::byte> cut(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(at));
      GetParam().run(cut);
      const std::byte kept = std::exchange(input[at], input[at] ^ std::byte{1} << at % 8);
      GetParam().run(input);
      input[at] = kept;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, Corpus, testing::ValuesIn(kTargets),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Seeds, are_what_encoders_write) {
  const bool update = ::getenv("WISP_UPDATE_SEEDS") != nullptr;
  for (const Seed& seed : seeds()) {
    const fs::path file = kCorpus / seed.target / seed.name;
    if (update) {
      fs::create_directories(file.parent_path());
      std::ofstream(file, std::ios::binary) << text_of(seed.bytes.span());
    }
    EXPECT_TRUE(equal(read(file), seed.bytes.span()))
        << file << " is out of date: repeat with WISP_UPDATE_SEEDS=1 in the environment";
  }
}

}  // namespace
}  // namespace wisp::fuzz
