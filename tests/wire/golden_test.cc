// The wire format stays what it is: the golden files are what wisp writes, and it reads them. What is damaged
// is refused for a reason, and costs no memory, or is read as something else that is well-formed.
// WISP_UPDATE_GOLDEN=1 writes the files anew: a change that git shows is one of the format
// (docs/wire_format.md).
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "runtime/wire.h"
#include "tests/fuzz/allocations.h"
#include "tests/support/golden.h"
#include "tests/support/seed.h"
#include "tests/wire/goldens.h"

namespace wisp::wire {
namespace {

constexpr std::size_t kSizeMax = 5000;

// A line for each file, so that git shows which of them have changed.
std::string manifest_of(const std::vector<Golden>& all) {
  std::string text = "[\n";
  for (const Golden& golden : all) {
    const Json line{{"file", golden.name + ".bin"},
                    {"kind", golden.kind},
                    {"settings", golden.settings},
                    {"decoded", golden.decoded}};
    text += line.dump() + (&golden == &all.back() ? "\n" : ",\n");
  }
  return text + "]\n";
}

std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Outcome outcome(const Golden& golden, std::vector<std::byte> bytes) {
  bytes.shrink_to_fit();  // so that a sanitizer sees what is read beyond
  return decode(golden.kind, Known::from(golden.settings), Bytes(std::move(bytes)));
}

TEST(Golden, files_are_what_wisp_writes) {
  const std::vector<Golden> all = goldens();
  std::set<std::string> names;
  for (const Golden& golden : all) {
    EXPECT_TRUE(names.insert(golden.name).second) << golden.name << " is there twice";
    EXPECT_LE(golden.bytes.size(), kSizeMax) << golden.name;
    test::expect_golden("wire/" + golden.name + ".bin", text_of(golden.bytes));
  }
  test::expect_golden("wire/manifest.json", manifest_of(all));
}

TEST(Golden, files_are_decoded_to_what_was_encoded) {
  for (const Golden& golden : goldens()) {
    const Outcome read = outcome(golden, {golden.bytes.span().begin(), golden.bytes.span().end()});
    ASSERT_TRUE(read.decoded) << golden.name << ": " << read.reason;
    EXPECT_EQ(read.decoded->dump(), golden.decoded.dump()) << golden.name;
  }
}

// Whatever was done to a file: it is refused for a reason, and nothing large was asked for; or it was
// decoded, with at most what was promised for its size.
void expect_safe(const Golden& golden, std::vector<std::byte> bytes, const std::string& what) {
  const std::size_t size = bytes.size();
  const Outcome read = outcome(golden, std::move(bytes));
  if (read.decoded) {
    ASSERT_LE(read.largest, fuzz::AllocationWatch::kSmall + 64 * size) << golden.name << ", " << what;
  } else {
    ASSERT_FALSE(read.reason.empty()) << golden.name << ", " << what;
    ASSERT_LE(read.largest, fuzz::AllocationWatch::kSmall)
        << golden.name << ", " << what << ": " << read.reason;
  }
}

// What makes a frame shorter or longer may leave messages that are whole.
bool ends_itself(const Golden& golden) { return golden.kind != "frame"; }

TEST(Golden, what_is_cut_or_lengthened_is_refused) {
  for (const Golden& golden : goldens()) {
    const auto bytes = golden.bytes.span();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Outcome read =
          outcome(golden, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
      if (read.decoded) {
        ASSERT_FALSE(ends_itself(golden)) << golden.name << " cut to " << size;
        continue;
      }
      ASSERT_FALSE(read.reason.empty()) << golden.name << " cut to " << size;
      ASSERT_LE(read.largest, fuzz::AllocationWatch::kSmall) << golden.name << " cut to " << size;
    }
    for (const std::size_t more : {1, 2, 64}) {
      for (const std::byte with : {std::byte{0}, std::byte{1}, std::byte{0xff}}) {
        std::vector<std::byte> longer(bytes.begin(), bytes.end());
        longer.resize(bytes.size() + more, with);
        const Outcome read = outcome(golden, std::move(longer));
        ASSERT_TRUE(!read.decoded || !ends_itself(golden)) << golden.name << " with " << more << " more";
        ASSERT_TRUE(read.decoded || !read.reason.empty()) << golden.name;
        ASSERT_LE(read.largest, fuzz::AllocationWatch::kSmall) << golden.name;
      }
    }
  }
}

TEST(Golden, what_has_a_flipped_bit_is_refused_or_well_formed) {
  constexpr std::size_t kAllBelow = 400;  // bytes; of larger files some bits are taken
  Rng rng(test::seed(), 0, 0, Purpose::kInit);
  for (const Golden& golden : goldens()) {
    const std::vector<std::byte> good(golden.bytes.span().begin(), golden.bytes.span().end());
    const std::size_t bits = 8 * good.size();
    const std::size_t tries = good.size() <= kAllBelow ? bits : kAllBelow;
    for (std::size_t i = 0; i < tries; ++i) {
      const std::size_t bit = tries == bits ? i : rng.below(static_cast<std::uint32_t>(bits));
      std::vector<std::byte> bytes = good;
      bytes[bit / 8] ^= std::byte{1} << bit % 8;
      expect_safe(golden, std::move(bytes), "bit " + std::to_string(bit));
    }
  }
}

TEST(Golden, what_has_other_bytes_is_refused_or_well_formed) {
  Rng rng(test::seed(), 0, 1, Purpose::kInit);
  for (const Golden& golden : goldens()) {
    for (int i = 0; i < 100; ++i) {
      std::vector<std::byte> bytes(golden.bytes.span().begin(), golden.bytes.span().end());
      const std::uint32_t changes = 1 + rng.below(4);
      for (std::uint32_t j = 0; j < changes; ++j) {
        bytes[rng.below(static_cast<std::uint32_t>(bytes.size()))] = static_cast<std::byte>(rng.below(256));
      }
      expect_safe(golden, std::move(bytes), "try " + std::to_string(i));
    }
  }
}

TEST(Golden, a_frame_of_another_version_is_refused) {
  for (const Golden& golden : goldens()) {
    if (golden.kind != "frame") continue;
    std::vector<std::byte> bytes(golden.bytes.span().begin(), golden.bytes.span().end());
    for (const int version : {0, runtime::kWireVersion - 1, runtime::kWireVersion + 1, 127}) {
      bytes[1] = static_cast<std::byte>(version);
      EXPECT_EQ(outcome(golden, bytes).reason, "it is of another wire version") << golden.name;
    }
  }
}

}  // namespace
}  // namespace wisp::wire
