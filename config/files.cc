#include "config/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/convert.h"
#include "config/hosts.h"
#include "config/overrides.h"
#include "config/read_yaml.h"

namespace wisp::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 64;

// A pattern of hosts stands for its names before anything merges, so that a later file can change one of
// them.
void expand_host_keys(Node& root, Mistakes& mistakes) {
  Node* hosts = root.find("hosts");
  if (hosts == nullptr || !hosts->is_map()) return;
  std::vector<Member> expanded;
  for (Member& member : hosts->members) {
    const auto names = expand_hosts(member.key);
    if (!names) {
      mistakes.add(member.place, "'" + member.key + "' is no host name, and no pattern such as node[01-16]");
      continue;
    }
    // An empty value is a host with the defaults; only a written null deletes.
    if (member.value.is_null() && member.value.empty) member.value = make_map(member.place);
    for (const std::string& name : *names) expanded.push_back({name, member.place, member.value});
    if (expanded.size() > kHostsMax) {
      mistakes.add(member.place, "more than " + std::to_string(kHostsMax) + " hosts");
      break;
    }
  }
  hosts->members.clear();
  std::map<std::string, Place> seen;
  for (Member& member : expanded) {
    const auto [first, is_new] = seen.emplace(member.key, member.place);
    if (is_new) {
      hosts->members.push_back(std::move(member));
    } else {
      mistakes.add(member.place, "host '" + member.key + "' is given twice; first in line " +
                                     std::to_string(first->second.line));
    }
  }
}

class FileReader {
 public:
  FileReader(const Request& request, const Lookup& outer, Mistakes& mistakes)
      : request_(request), outer_(outer), mistakes_(mistakes) {}

  std::optional<Node> run() {
    Node root = make_map({});
    for (const std::string& file : request_.files) {
      const fs::path path = request_.folder / file;
      if (auto tree = read(file, path, {})) merge(root, std::move(*tree));
    }
    if (failed_) return std::nullopt;
    for (const std::string& option : request_.sets)
      apply_set(root, option, request_.folder, order_++, mistakes_);
    return root;
  }

 private:
  std::nullopt_t fail(Place place, std::string message, std::string hint = "") {
    failed_ = true;
    mistakes_.add(std::move(place), std::move(message), std::move(hint));
    return std::nullopt;
  }

  // Of a file that can't be read: at the include that named it, or the file as a whole.
  std::nullopt_t refuse(const std::string& name, const Place& named_at, const std::string& why) {
    if (named_at.source != nullptr) return fail(named_at, "'" + name + "' can't be included: " + why);
    return fail({std::make_shared<Source>(Source::Kind::kFile, name, "", "", order_++), 0, 0, 0}, why);
  }

  std::optional<std::string> text_of(const std::string& name, const fs::path& path, const Place& named_at) {
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) return refuse(name, named_at, "it is a folder");
    std::ifstream in(path, std::ios::binary);
    if (!in) return refuse(name, named_at, std::strerror(errno));
    std::string text;
    char piece[1 << 14];
    while (in && text.size() <= kSourceBytesMax) {
      in.read(piece, sizeof piece);
      text.append(piece, static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) return refuse(name, named_at, std::strerror(errno));
    if (const std::string why = reason_against(text); !why.empty()) return refuse(name, named_at, why);
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    return text;
  }

  std::optional<Node> read(const std::string& name, const fs::path& path, const Place& named_at) {
    std::error_code ignored;
    const fs::path canonical = fs::weakly_canonical(path, ignored);
    if (std::find(open_.begin(), open_.end(), canonical) != open_.end()) {
      return fail(named_at, "'" + name + "' includes itself");
    }
    if (++files_ > kFilesMax)
      return refuse(name, named_at, "more than " + std::to_string(kFilesMax) + " files");
    auto text = text_of(name, path, named_at);
    if (!text) return std::nullopt;
    const fs::path folder = fs::absolute(path, ignored).parent_path();
    const auto source =
        std::make_shared<Source>(Source::Kind::kFile, name, folder, std::move(*text), order_++);
    auto root = read_root(source);
    if (!root) return std::nullopt;
    expand_host_keys(*root, mistakes_);
    open_.push_back(canonical);
    Node merged = includes_of(*root, source);
    open_.pop_back();
    merge(merged, std::move(*root));
    return merged;
  }

  std::optional<Node> read_root(const std::shared_ptr<const Source>& source) {
    const std::size_t before = mistakes_.size();
    auto root = read_yaml(source, mistakes_);
    if (!root && mistakes_.size() > before) {
      failed_ = true;
      return std::nullopt;
    }
    if (!root || root->is_null())
      return fail({source, 0, 0, 0}, "the file is empty", "a job begins with 'version: 1'");
    if (!root->is_map())
      return fail(root->place, "a job file is a map of keys", "it begins with 'version: 1'");
    return root;
  }

  // Everything that `root` includes, merged in its order; `root` loses the key.
  Node includes_of(Node& root, const std::shared_ptr<const Source>& source) {
    Node merged = make_map({source, 1, 1, 0});
    Node* found = root.find("include");
    if (found == nullptr) return merged;
    Node include = std::move(*found);
    erase(root, "include");
    if (include.is_null()) return merged;
    if (!include.is_list()) {
      const std::string hint =
          include.is_scalar() ? "did you mean [ " + escape_text(include.text, 60) + " ]?" : "";
      fail(include.place, "include must be a list of files", hint);
      return merged;
    }
    Mistakes reported_later;  // the variables of the file are looked at again when all is merged
    const Lookup lookup = with_vars(root, outer_, reported_later);
    for (Node& item : include.items) {
      substitute(item, lookup, mistakes_);
      if (item.broken) {
        failed_ = true;
        continue;
      }
      if (!item.is_scalar() || item.text.empty()) {
        fail(item.place, "include must be a list of files");
        continue;
      }
      const fs::path path = absolute_path(item.text, source->folder(), request_.environment);
      if (auto tree = read(shown_name(*source, item.text), path, item.place)) merge(merged, std::move(*tree));
    }
    return merged;
  }

  // Seen from where the user stands, as the including file is.
  static std::string shown_name(const Source& source, const std::string& text) {
    if (text.starts_with("/") || text.starts_with("~")) return text;
    return (fs::path(source.name()).parent_path() / text).lexically_normal().string();
  }

  const Request& request_;
  const Lookup& outer_;
  Mistakes& mistakes_;
  bool failed_ = false;
  std::size_t order_ = 0;
  std::size_t files_ = 0;
  std::vector<fs::path> open_;  // the file being read and those that include it
};

}  // namespace

std::optional<Node> read_files(const Request& request, const Lookup& outer, Mistakes& mistakes) {
  return FileReader(request, outer, mistakes).run();
}

}  // namespace wisp::config
