#include "launcher/bundle.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "base/disk.h"
#include "base/error.h"
#include "tests/support/temporary_folder.h"

namespace wisp::launcher {
namespace {

TEST(Bundle, tar_unpacks_what_was_put_in) {
  const test::TemporaryFolder folder;
  SystemDisk disk;
  const std::string program = std::string(1000, 'p') + "end";
  disk.write_text(folder.path() / "program", program);
  disk.write_text(folder.path() / "libone.so.1", "one");
  disk.write_text(folder.path() / "libempty.so", "");
  const Bundle bundle =
      make_bundle(folder.path() / "program", {folder.path() / "libone.so.1", folder.path() / "libempty.so"});
  EXPECT_EQ(bundle.tar.size() % 10240, 0u);
  disk.write(folder.path() / "bundle.tar", bundle.tar.span());
  const std::string into = (folder.path() / "into").string();
  const std::string command =
      "mkdir '" + into + "' && tar -x -f '" + into + "/../bundle.tar' -C '" + into + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(disk.read_text(into + "/bin/wisp"), program);
  EXPECT_EQ(disk.read_text(into + "/lib/libone.so.1"), "one");
  EXPECT_EQ(disk.read_text(into + "/lib/libempty.so"), "");
  EXPECT_TRUE(disk.exists(into + "/complete"));
}

TEST(Bundle, equal_contents_have_one_name) {
  const test::TemporaryFolder folder;
  SystemDisk disk;
  disk.write_text(folder.path() / "a", "a");
  disk.write_text(folder.path() / "b", "b");
  const auto program = folder.path() / "a";
  const auto library = folder.path() / "b";
  const std::string once = make_bundle(program, {program, library}).sha256;
  EXPECT_EQ(once.size(), 64u);
  EXPECT_EQ(make_bundle(program, {library, program}).sha256, once);
  EXPECT_NE(make_bundle(library, {library, program}).sha256, once);
  EXPECT_THROW(make_bundle(folder.path() / "missing", {}), Error);
}

TEST(Bundle, of_another_program_has_the_libraries_beside_it) {
  const test::TemporaryFolder folder;
  SystemDisk disk;
  for (const char* each : {"bin/wisp", "lib/libone.so.1", "lib/notes.txt"}) {
    disk.make_folders((folder.path() / each).parent_path());
    disk.write_text(folder.path() / each, each);
  }
  DeploySpec deploy;
  deploy.binary = (folder.path() / "bin/wisp").string();
  const Bundle bundle = make_bundle(deploy, "", {});
  EXPECT_EQ(bundle.files.size(), 2u);
  EXPECT_TRUE(bundle.files.contains("lib/libone.so.1"));
  deploy.binary = "/no/such/wisp";
  EXPECT_THROW(make_bundle(deploy, "", {}), Error);
}

TEST(Bundle, is_installed_whole) {
  const test::TemporaryFolder folder;
  SystemDisk disk;
  disk.write_text(folder.path() / "program", "p");
  const Bundle bundle = make_bundle(folder.path() / "program", {});
  for (int times = 0; times < 2; ++times) {
    install_bundle(bundle, folder.path() / "workdir");
    const auto there = folder.path() / "workdir/bundles" / bundle.sha256;
    EXPECT_EQ(disk.read_text(there / "bin/wisp"), "p");
    EXPECT_TRUE(disk.exists(there / "complete"));
  }
  Bundle broken = bundle;
  broken.sha256 = "another";
  broken.files["lib/missing.so"] = folder.path() / "missing.so";
  EXPECT_THROW(install_bundle(broken, folder.path() / "workdir"), Error);
  const std::filesystem::directory_iterator bundles(folder.path() / "workdir/bundles");
  EXPECT_EQ(std::distance(begin(bundles), end(bundles)), 1) << "of the broken one nothing is left";
}

TEST(Bundle, this_program_needs_libraries_but_not_the_c_library) {
  bool has_cxx = false;
  for (const auto& each : loaded_libraries()) {
    EXPECT_TRUE(each.is_absolute());
    const std::string name = each.filename().string();
    EXPECT_FALSE(name.starts_with("libc.so")) << name;
    EXPECT_FALSE(name.starts_with("ld-linux")) << name;
    has_cxx = has_cxx || name.starts_with("libstdc++.so");
  }
  EXPECT_TRUE(has_cxx);
}

}  // namespace
}  // namespace wisp::launcher
