#include "config/patterns.h"

#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/convert.h"
#include "tests/config/workbench.h"

namespace wisp::config {
namespace {

bool matches(const std::string& pattern, const std::string& text) {
  return std::regex_search(text, std::regex(pattern));
}

TEST(Patterns, of_a_range_match_its_numbers_and_no_others) {
  for (const auto& [low, high] : {std::pair{1024, 32767}, {0, 0}, {0, 9}, {8, 12}, {99, 101}, {7, 2000}}) {
    const auto from = static_cast<std::uint64_t>(low);
    const auto to = static_cast<std::uint64_t>(high);
    const std::regex range("^(?:" + pattern_of_range(from, to) + ")$");
    for (std::uint64_t number = 0; number < 33000; ++number) {
      ASSERT_EQ(std::regex_match(std::to_string(number), range), from <= number && number <= to) << number;
    }
  }
  EXPECT_EQ(pattern_of_range(8, 12), "[89]|1[0-2]");
}

// What convert() says of a text, and what the pattern does.
void expect_same(const std::string& path, const std::vector<std::string>& texts) {
  const Key& key = *find_key(path);
  for (const std::string& text : texts) {
    Node node = make_scalar(text, {});
    Value value;
    const bool taken = !convert(key, path, node, small_vocabulary(), nullptr, value);
    EXPECT_EQ(matches(pattern_of(key), text), taken) << path << ": " << text;
  }
}

TEST(Patterns, match_what_convert_takes) {
  expect_same("name", {"a", "", "A_b-9", "a.b", "a b", std::string(64, 'x'), std::string(65, 'x')});
  expect_same("seed", {"0", "7", "07", "-1", "1.0", "1e3", "x", ""});
  expect_same("problem.optimum", {"0", "-1.5", "1e-3", ".5", "5.", "010", "nan", "0x1", "1E+5", "+1"});
  expect_same("stop.time", {"500ms", "10s", "5m", "2h", "10", "0s", "10 s", "1.5h", "s", "10d", "-1s"});
  expect_same("network.max_message", {"1GiB", "64MB", "100000kB", "2000000B", "1G", "1 GiB", "x", "1.5GiB"});
  expect_same("method.sparsifier.density", {"1/n", "1/N", "0.1", "1%", "1e-2%", "%", "1/2", "half"});
  expect_same("evaluate.every", {"10 rounds", "1 round", "10", "0 rounds", "10 s", "10  rounds", "010 rounds",
                                 "5 updates", "1 update", "3 seconds", "1 second", "999999999 rounds",
                                 "1000000000 rounds", "10s", "500ms", "0s", "never"});
  expect_same("checkpoint.every", {"never", "nevers", "10 rounds", "10s", "10"});
  expect_same("simulation.bandwidth", {"1Gbit", "100Mbit", "5kbit", "7bit", "0Mbit", "10", "1GB", "1.5Gbit",
                                       "999999Mbit", "1000000Mbit", "01Mbit", "1 Mbit", "bit"});
  expect_same("network.ports", {"20000-20063", "1024-32767", "1023-2000", "2000-32768", "20000", "-",
                                "20000-x", "02000-3000"});
  expect_same("hosts.*.address", {"192.0.2.1", "2001:db8::1", "n1", "192.0.2", "a:b", "192.0.2.1/24", ""});
  expect_same("network.subnet", {"192.0.2.0/24", "2001:db8::/32", "192.0.2.0", "n1/24", "192.0.2.0/x", ""});
  expect_same("actors.master.host", {"n1", "node1.lab", "-n", ".n", "a_b", "a b", "u@h", ""});
  expect_same("hosts.*.ssh.hostname", {"n1", "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "a:b", "n1:22"});
  expect_same("hosts.*.ssh.proxy_jump", {"j", "u@j:22", "a,u@b,c:2222", "j:", "@j", "a,,b", "a b"});
  expect_same("deploy.workdir", {"/w", "~/w", "w", "~", "~/a b", "/a\nb"});
  expect_same("ssh.config_file", {"/c", "c", "", "a\tb"});
  expect_same("actors.worker.placement.oversubscribe", {"true", "false", "yes", "True", "1"});
}

TEST(Patterns, take_any_text_with_a_variable) {
  for (const Key& key : keys()) EXPECT_TRUE(matches(pattern_of(key), "${X:-1}")) << key.path;
  EXPECT_TRUE(matches(pattern_of_variable(), "a${X}"));
  EXPECT_FALSE(matches(pattern_of_variable(), "$${"));
}

TEST(Patterns, of_texts_refuse_a_lone_dollar) {
  EXPECT_TRUE(matches(pattern_of_text(), "a $$ ${B}"));
  EXPECT_FALSE(matches(pattern_of_text(), "a $b"));
}

TEST(Patterns, of_words_take_them_as_they_are) {
  EXPECT_TRUE(matches(pattern_of_words({"gd", "a.b"}), "a.b"));
  EXPECT_FALSE(matches(pattern_of_words({"gd", "a.b"}), "a-b"));
  EXPECT_FALSE(matches(pattern_of_words({"gd", "a.b"}), "gdx"));
  EXPECT_TRUE(matches(pattern_of_words({"gd"}), "${METHOD}"));
}

TEST(Patterns, of_names_that_are_keys) {
  EXPECT_TRUE(matches(pattern_of_host_key(), "rack[1-2]n[1,3-5].lab"));
  EXPECT_FALSE(matches(pattern_of_host_key(), "-n"));
  EXPECT_FALSE(matches(pattern_of_host_key(), "a b"));
  EXPECT_TRUE(matches(pattern_of_name_key(), "evaluator-1"));
  EXPECT_FALSE(matches(pattern_of_name_key(), "a.b"));
  EXPECT_TRUE(matches(pattern_of_variable_key(), "OMP_NUM_THREADS"));
  EXPECT_FALSE(matches(pattern_of_variable_key(), "1A"));
  EXPECT_TRUE(matches(pattern_of_option_key(), "ServerAliveInterval"));
  EXPECT_FALSE(matches(pattern_of_option_key(), "Server-Alive"));
}

}  // namespace
}  // namespace wisp::config
