#include "runtime/services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/nodes.h"

namespace wisp::runtime {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

Hello hello(NodeId node) {
  Hello hello;
  hello.node = node;
  hello.address = Address("at-" + std::to_string(node), "");
  return hello;
}

TEST(Directory, issues_numbers_from_one) {
  Directory directory;
  EXPECT_EQ(directory.expect("a", ""), 1u);
  EXPECT_EQ(directory.expect("b", ""), 2u);
  EXPECT_EQ(directory.find("b"), std::optional<NodeId>(2));
  EXPECT_EQ(directory.find("c"), std::nullopt);
}

TEST(Directory, knows_who_is_missing) {
  Directory directory;
  const std::vector<NodeId> all = {directory.expect("a", ""), directory.expect("b", ""),
                                   directory.expect("c", "")};
  EXPECT_THAT(directory.missing(all), ElementsAre("a", "b", "c"));
  directory.join(hello(2));
  EXPECT_THAT(directory.missing(all), ElementsAre("a", "c"));
  EXPECT_THAT(directory.missing({2}), ElementsAre());
  ASSERT_EQ(directory.joined().size(), 1u);
  EXPECT_EQ(directory.joined()[0].node, 2u);
  EXPECT_EQ(directory.joined()[0].address.endpoint, "at-2");
}

TEST(Directory, lets_in_each_node_once_and_no_other) {
  Directory directory;
  directory.expect("a", "");
  directory.expect("b", "");
  directory.join(hello(1));
  EXPECT_THROW(directory.join(hello(1)), Error);
  EXPECT_THROW(directory.join(hello(3)), Error);
  directory.lose(2);
  EXPECT_THROW(directory.join(hello(2)), Error);
}

TEST(Directory, lets_nobody_in_with_a_key_that_is_not_its_own) {
  Directory directory;
  directory.expect("a", "", "key-1");
  directory.expect("b", "");
  EXPECT_THROW(directory.join(hello(1)), Error);
  Hello own = hello(1);
  own.address.public_key = "key-1";
  directory.join(own);
  directory.join(hello(2));
  EXPECT_EQ(directory.joined()[0].address.public_key, "key-1");
  EXPECT_EQ(directory.joined()[1].address.public_key, "");
}

TEST(Directory, forgets_who_is_lost) {
  Directory directory;
  directory.expect("a", "");
  directory.join(hello(1));
  directory.lose(1);
  directory.lose(9);
  EXPECT_TRUE(directory.joined().empty());
  EXPECT_EQ(directory.find("a"), std::nullopt);
  EXPECT_EQ(directory.expect("a", ""), 2u);  // the same name comes back under another number
  EXPECT_EQ(directory.find("a"), std::optional<NodeId>(2));
}

TEST(Directory, knows_the_nodes_of_a_host) {
  Directory directory;
  directory.expect("a", "one");
  directory.expect("b", "two");
  directory.expect("c", "one");
  EXPECT_THAT(directory.on_host("one"), ElementsAre());
  for (NodeId node = 1; node <= 3; ++node) directory.join(hello(node));
  EXPECT_THAT(directory.on_host("one"), ElementsAre(1, 3));
  EXPECT_THAT(directory.on_host(""), ElementsAre(1, 2, 3));
  directory.lose(1);
  EXPECT_THAT(directory.on_host("one"), ElementsAre(3));
  EXPECT_THAT(directory.on_host("three"), ElementsAre());
}

TEST(Directory, tells_of_a_change_that_was_not_seen) {
  Directory directory;
  directory.expect("a", "");
  EXPECT_FALSE(directory.wait_for_change(milliseconds(1)));
  directory.join(hello(1));
  EXPECT_TRUE(directory.wait_for_change(test::kHang));
  EXPECT_FALSE(directory.wait_for_change(milliseconds(1)));
  std::thread other([&] { directory.lose(1); });
  EXPECT_TRUE(directory.wait_for_change(test::kHang));
  other.join();
}

TEST(Services, an_actor_ref_has_the_layout_of_a_handle) {
  ActorId id;
  id.node = 3;
  id.index = 4;
  const auto handle = unpack<Handle<NodeService>>(pack(ActorRef(id, "x")));
  EXPECT_EQ(handle.id(), id);
  EXPECT_EQ(handle.name(), "x");
}

TEST(Services, are_registered) {
  Registry registry;
  register_services(registry);
  EXPECT_THAT(registry.class_names(), ElementsAre("wisp.driver", "wisp.node"));
  EXPECT_EQ(registry.find_method(registry.id_of<&DriverService::join>())->name, "wisp.driver.join");
}

}  // namespace
}  // namespace wisp::runtime
