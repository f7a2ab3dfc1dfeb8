#include "runtime/scratch.h"

#include <thread>

#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

TEST(Scratch, packs_where_the_last_one_was_packed) {
  const std::byte* place = nullptr;
  for (int i = 0; i < 3; ++i) {
    ScratchPacker scratch;
    pack(scratch.packer(), std::string(100, 'x'));
    const PackedView packed = scratch.take();
    if (i == 0) place = packed.head.data();
    EXPECT_EQ(packed.head.data(), place);
    EXPECT_EQ(unpack<std::string>(packed.whole()), std::string(100, 'x'));
  }
}

TEST(Scratch, keeps_a_large_blob_as_it_is) {
  const Bytes blob = Bytes::copy(std::vector<std::byte>(100'000, std::byte{7}));
  ScratchPacker scratch;
  scratch.packer().array(2);
  pack(scratch.packer(), 5);
  pack(scratch.packer(), blob);
  const PackedView packed = scratch.take();
  EXPECT_EQ(packed.tail.data(), blob.data());
  EXPECT_LT(packed.head.size(), 20u);
  EXPECT_EQ(packed.whole().size(), packed.head.size() + blob.size());
}

TEST(Scratch, belongs_to_a_thread) {
  ScratchPacker here;
  pack(here.packer(), 1);
  std::thread([] {
    ScratchPacker there;
    pack(there.packer(), 2);
    EXPECT_EQ(unpack<int>(there.take().whole()), 2);
  }).join();
  EXPECT_EQ(unpack<int>(here.take().whole()), 1);
}

TEST(PackedView, of_nothing_is_nothing) { EXPECT_TRUE(PackedView().whole().empty()); }

}  // namespace
}  // namespace wisp::runtime
