#include "cli/inventory.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/bundle.h"
#include "tests/cli/support.h"

namespace wisp::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string refusal(const std::filesystem::path& file) {
  Inventory inventory;
  const auto [fault, text] = test::error_of([&] { inventory.load(file); });
  EXPECT_EQ(fault, Fault::kConfig);
  EXPECT_THAT(text, testing::StartsWith("plugin " + file.string() + " "));
  EXPECT_THAT(inventory.plugins(), IsEmpty());
  return text;
}

TEST(Inventory, has_what_wisp_has) {
  const Inventory inventory;
  const config::Vocabulary names = inventory.vocabulary();
  EXPECT_THAT(names.methods, testing::IsSupersetOf({"gd", "ibcd", "isega"}));
  EXPECT_THAT(names.problems, testing::IsSupersetOf({"logistic", "least-squares", "quadratic"}));
  EXPECT_THAT(names.sparsifiers, testing::IsSupersetOf({"identity", "random-blocks"}));
  EXPECT_THAT(names.classes, IsEmpty());  // its own are not for plain actors
  EXPECT_THAT(inventory.plugin_classes(), IsEmpty());
  EXPECT_NE(inventory.registry().find_class("worker/float64"), nullptr);
}

TEST(Inventory, refuses_what_is_no_plugin_and_says_why) {
  const test::Scratch scratch;
  EXPECT_THAT(refusal(scratch.folder() / "nothing.so"),
              HasSubstr("can't be read: No such file or directory"));
  EXPECT_THAT(
      refusal(scratch.write("text.so", "not a library, whatever its name is; and long enough to be read")),
      HasSubstr("can't be loaded: "));
  const std::filesystem::path library = launcher::loaded_libraries().front();
  EXPECT_THAT(refusal(library), HasSubstr("is a library of wisp itself"));
}

}  // namespace
}  // namespace wisp::cli
