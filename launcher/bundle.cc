#include "launcher/bundle.h"

#include <link.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/process.h"
#include "launcher/data_store.h"
#include "launcher/elf.h"

namespace wisp::launcher {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kRecord =
    20 * kBlock;  // tar reads in these; a whole number of them leaves nothing unread

// POSIX.1-1988 ustar: offsets of the fields in a header block.
struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kTime{136, 12},
    kChecksum{148, 8}, kType{156, 1}, kMagic{257, 8};

using Header = std::array<char, kBlock>;

void set(Header& header, Field field, std::string_view text) {
  std::memcpy(header.data() + field.offset, text.data(), std::min(field.size, text.size()));
}

void set_octal(Header& header, Field field, std::size_t value) {
  set(header, field, fmt::format("{:0{}o}", value, field.size - 1));
}

Header make_header(const std::string& name, std::size_t size, unsigned mode, char type) {
  if (name.size() >= kName.size || size >= (std::size_t{1} << 33)) {
    throw Error(fmt::format("{}: too long for a bundle", name));
  }
  Header header{};
  set(header, kName, name);
  set_octal(header, kMode, mode);
  set_octal(header, kUid, 0);
  set_octal(header, kGid, 0);
  set_octal(header, kSize, size);
  set_octal(header, kTime, 0);
  set(header, kType, std::string_view(&type, 1));
  set(header, kMagic, std::string_view("ustar\00000", 8));
  set(header, kChecksum, "        ");
  const unsigned sum = std::accumulate(header.begin(), header.end(), 0u,
                                       [](unsigned a, char c) { return a + static_cast<unsigned char>(c); });
  set(header, kChecksum, fmt::format("{:06o}", sum));
  header[kChecksum.offset + 6] = '\0';
  return header;
}

class TarWriter {
 public:
  void folder(const std::string& name) { add(make_header(name, 0, 0700, '5'), {}); }
  void file(const std::string& name, std::span<const std::byte> content) {
    add(make_header(name, content.size(), 0700, '0'), content);
  }
  std::vector<std::byte> finish() {
    bytes_.resize(bytes_.size() + 2 * kBlock);
    bytes_.resize((bytes_.size() + kRecord - 1) / kRecord * kRecord);
    return std::move(bytes_);
  }

 private:
  void add(const Header& header, std::span<const std::byte> content) {
    const auto block = std::as_bytes(std::span(header));
    bytes_.insert(bytes_.end(), block.begin(), block.end());
    bytes_.insert(bytes_.end(), content.begin(), content.end());
    bytes_.resize((bytes_.size() + kBlock - 1) / kBlock * kBlock);
  }
  std::vector<std::byte> bytes_;
};

constexpr const char* kComplete = "complete";

bool is_of_c_library(std::string_view name) {
  constexpr std::array kNames{
      "ld-linux",  "libc.so",  "libm.so",         "libmvec.so",         "libpthread.so",
      "libdl.so",  "librt.so", "libutil.so",      "libanl.so",          "libresolv.so",
      "libnsl.so", "libnss_",  "libthread_db.so", "libBrokenLocale.so", "linux-vdso"};
  return std::any_of(kNames.begin(), kNames.end(), [&](const char* each) { return name.starts_with(each); });
}

}  // namespace

Bundle make_bundle(const std::filesystem::path& program,
                   const std::vector<std::filesystem::path>& libraries) {
  const SystemDisk disk;
  Bundle bundle;
  bundle.files["bin/wisp"] = program;
  std::vector<std::filesystem::path> all = libraries;
  for (const auto& library : libraries) bundle.files["lib/" + library.filename().string()] = library;
  all.push_back(program);
  bundle.libc = needed_libc(all);
  TarWriter tar;
  tar.folder("bin/");
  tar.folder("lib/");
  for (const auto& [name, path] : bundle.files) tar.file(name, disk.read(path).span());
  tar.file(kComplete, {});  // the last one: where it is, the rest is
  bundle.tar = Bytes(tar.finish());
  bundle.sha256 = sha256_hex(bundle.tar.span());
  return bundle;
}

Bundle make_bundle(const DeploySpec& deploy, const std::filesystem::path& program,
                   const std::vector<std::filesystem::path>& libraries) {
  if (deploy.binary == "self") {
    return make_bundle(program.empty() ? self_executable() : program,
                       libraries.empty() ? loaded_libraries() : libraries);
  }
  const std::filesystem::path binary = expand_home(deploy.binary);
  std::vector<std::filesystem::path> beside;
  std::error_code none;
  const auto folder = binary.parent_path().parent_path() / "lib";
  for (const auto& each : std::filesystem::directory_iterator(folder, none)) {
    const bool is_library = each.path().filename().string().find(".so") != std::string::npos;
    if (is_library && each.is_regular_file()) beside.push_back(each.path());
  }
  return make_bundle(binary, beside);
}

void install_bundle(const Bundle& bundle, const std::filesystem::path& workdir) {
  SystemDisk disk;
  const std::filesystem::path target = workdir / "bundles" / bundle.sha256;
  if (disk.exists(target / kComplete)) return;
  const std::filesystem::path temporary = workdir / "bundles" / (".new." + random_hex(8));
  try {
    for (const auto& [name, source] : bundle.files) {
      disk.make_folders((temporary / name).parent_path());
      disk.write(temporary / name, disk.read(source).span(), 0700);
    }
    disk.write(temporary / kComplete, {});
    std::filesystem::rename(temporary, target);
  } catch (const std::exception& error) {  // filesystem_error and Error alike name the path
    std::error_code ignored;
    std::filesystem::remove_all(temporary, ignored);
    if (!disk.exists(target / kComplete)) throw Error(error.what(), Fault::kHost);  // else another was faster
  }
}

std::vector<std::filesystem::path> loaded_libraries() {
  std::vector<std::filesystem::path> found;
  const auto add = [](dl_phdr_info* info, std::size_t, void* into) {
    const std::filesystem::path path(info->dlpi_name);
    if (path.is_absolute() && !is_of_c_library(path.filename().string())) {
      static_cast<std::vector<std::filesystem::path>*>(into)->push_back(path);
    }
    return 0;
  };
  ::dl_iterate_phdr(add, &found);
  return found;
}

}  // namespace wisp::launcher
