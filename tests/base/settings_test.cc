#include "base/settings.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pack.h"

namespace wisp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kConfig);
    return error.what();
  }
  return "";
}

TEST(Settings, gives_back_what_was_set) {
  Settings settings;
  settings.set("flag", true);
  settings.set("count", std::uint64_t{18446744073709551615u});
  settings.set("share", 0.1);
  settings.set("word", std::string("mean"));
  settings.set("list", std::vector<double>{1e-300, -2.5});
  const Settings there = unpack<Settings>(pack(settings));
  EXPECT_EQ(there, settings);
  EXPECT_TRUE(there.get<bool>("flag"));
  EXPECT_EQ(there.get<std::uint64_t>("count"), 18446744073709551615u);
  EXPECT_EQ(there.get<double>("share"), 0.1);
  EXPECT_EQ(there.get<std::string>("word"), "mean");
  EXPECT_THAT(there.get<std::vector<double>>("list"), ElementsAre(1e-300, -2.5));
}

TEST(Settings, refuses_what_is_not_of_the_type) {
  Settings settings;
  settings.set_texts("count", {"300"});
  settings.set_texts("flag", {"yes"});
  EXPECT_THAT(refusal([&] { (void)settings.get<std::uint8_t>("count"); }),
              HasSubstr("'300' is not a whole number"));
  EXPECT_THAT(refusal([&] { (void)settings.get<bool>("flag"); }), HasSubstr("'yes' is not true or false"));
  EXPECT_THAT(refusal([&] { (void)settings.get<double>("flag"); }), HasSubstr("'yes' is not a number"));
  EXPECT_THAT(refusal([&] { (void)settings.get<double>("other"); }), HasSubstr("'other' is not set"));
}

TEST(Settings, are_completed_by_what_is_known) {
  const std::vector<Setting> known = {Setting::of<double>("momentum", "", 0.9),
                                      Setting::of<int>("every", "")};
  Settings settings;
  EXPECT_THAT(refusal([&] { (void)settings.completed(known, "method m"); }),
              "method m needs the setting 'every'");
  settings.set("every", 5);
  EXPECT_EQ(settings.completed(known, "method m").get<double>("momentum"), 0.9);
  settings.set("evry", 5);
  EXPECT_THAT(refusal([&] { (void)settings.completed(known, "method m"); }),
              "method m has no setting 'evry'");
}

TEST(Setting, follows_from_its_type) {
  const Setting share = Setting::of<double>("share", "of all", 0.5).above(0).up_to(1);
  EXPECT_EQ(share.type, Setting::Type::kNumber);
  EXPECT_THAT(*share.fallback, ElementsAre("0.5"));
  EXPECT_TRUE(share.above_low);
  const Setting small = Setting::of<std::int8_t>("small", "");
  EXPECT_EQ(small.type, Setting::Type::kInteger);
  EXPECT_EQ(small.low, -128);
  EXPECT_EQ(small.high, 127);
  EXPECT_FALSE(small.fallback);
  EXPECT_TRUE(Setting::of<std::vector<std::string>>("names", "").is_list);
  EXPECT_EQ(Setting::of<bool>("flag", "").type, Setting::Type::kBool);
}

}  // namespace
}  // namespace wisp
