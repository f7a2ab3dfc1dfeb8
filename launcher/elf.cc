#include "launcher/elf.h"

#include <elf.h>
#include <link.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <span>

#include "base/disk.h"
#include "base/text.h"

namespace wisp::launcher {
namespace {

using Section = ElfW(Shdr);
constexpr std::string_view kGnuLibc = "GLIBC_";

// Nothing of a file is believed before it was measured.
class File {
 public:
  explicit File(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  std::optional<T> at(std::size_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }

  std::string_view text_at(std::size_t offset) const {
    if (offset >= bytes_.size()) return {};
    const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + offset;
    return {begin, ::strnlen(begin, bytes_.size() - offset)};
  }

  std::optional<Section> section(std::size_t index) const {
    const auto header = at<ElfW(Ehdr)>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || index >= header->e_shnum)
      return std::nullopt;
    return at<Section>(header->e_shoff + index * sizeof(Section));
  }

 private:
  std::span<const std::byte> bytes_;
};

void keep_newer(std::string& newest, std::string_view name) {
  if (!name.starts_with(kGnuLibc)) return;
  const std::string version(name.substr(kGnuLibc.size()));
  const bool is_number = !version.empty() && version.find_first_not_of("0123456789.") == std::string::npos;
  if (is_number && (newest.empty() || older(newest, version))) newest = version;
}

// A list of libraries, each with a list of the versions asked of it. A next one that is not behind this one
// is none, however long the list is said to be.
void read_needs(const File& file, const Section& needs, const Section& names, std::string& newest) {
  std::size_t at = needs.sh_offset;
  for (std::size_t i = 0; i < needs.sh_info; ++i) {
    const auto library = file.at<ElfW(Verneed)>(at);
    if (!library) return;
    std::size_t aux = at + library->vn_aux;
    for (std::size_t j = 0; j < library->vn_cnt; ++j) {
      const auto version = file.at<ElfW(Vernaux)>(aux);
      if (!version) return;
      keep_newer(newest, file.text_at(names.sh_offset + version->vna_name));
      if (version->vna_next < sizeof *version) break;
      aux += version->vna_next;
    }
    if (library->vn_next < sizeof *library) break;
    at += library->vn_next;
  }
}

}  // namespace

std::string needed_libc(const std::vector<std::filesystem::path>& files) {
  std::string newest;
  for (const std::filesystem::path& path : files) {
    const Bytes bytes = SystemDisk().read(path);
    const File file(bytes.span());
    for (std::size_t i = 0; const auto section = file.section(i); ++i) {
      if (section->sh_type != SHT_GNU_verneed) continue;
      if (const auto names = file.section(section->sh_link)) read_needs(file, *section, *names, newest);
    }
  }
  return newest;
}

bool older(std::string_view version, std::string_view than) {
  const std::vector<std::string> a = split(version, '.');
  const std::vector<std::string> b = split(than, '.');
  const auto part = [](const std::vector<std::string>& parts, std::size_t i) {
    unsigned number = 0;
    if (i < parts.size()) std::from_chars(parts[i].data(), parts[i].data() + parts[i].size(), number);
    return number;
  };
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (part(a, i) != part(b, i)) return part(a, i) < part(b, i);
  }
  return false;
}

}  // namespace wisp::launcher
