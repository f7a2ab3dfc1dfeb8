#pragma once
// The table of keys: the one source of the parser, the suggestions, `wisp list keys`, the page of docs and
// the JSON Schema.
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"
#include "config/vocabulary.h"

namespace wisp::config {

enum class KeyType {
  kSection,     // a map of keys
  kOneOf,       // a section with a `kind`, for which a bare word is short
  kHosts,       // a map from host names, or patterns of them, to sections; or a list of names
  kEntries,     // a list of maps, of which each has the keys below `<path>.*`
  kFree,        // vars, include: read before the table is asked
  kWord,        // one of `words`
  kMethod,      // one of the vocabulary's methods,
  kProblem,     // problems,
  kSparsifier,  // sparsifiers,
  kClass,       // classes
  kName,        // ^[A-Za-z0-9_-]{1,64}$
  kText,
  kPath,        // of this machine, relative to the file it stands in; or one of `words`
  kRemotePath,  // of a host: absolute, or below ~/
  kHostName,    // also users and interfaces
  kAddress,     // IPv4 or IPv6
  kSubnet,      // "192.0.2.0/24"
  kSshTarget,   // a host name or an IPv6 address
  kJump,        // [user@]host[:port], several with commas
  kBool,
  kInteger,  // or one of `words`
  kNumber,   // the same
  kDuration,
  kSize,
  kStepSize,     // kNumber, or a map of a schedule and its initial number
  kDensity,      // 1/n, a share, or a percentage
  kEvery,        // "10 rounds", "500 updates", "2 seconds", "500ms"; or one of `words`
  kBitRate,      // "100Mbit"
  kPorts,        // "20000-20063"
  kTexts,        // a list
  kHostNames,    // a list of names or patterns
  kEnvironment,  // a map from names to texts
  kOptions,      // the same, for words of ssh_config(5)
  kLabels,       // the same, for labels of hosts
};

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool above_low = false;  // low itself is outside
};

// What a value turned out to be; which member is set follows from the type.
struct Value {
  std::string text;  // words, names, texts, paths
  bool is_word =
      false;  // kInteger, kNumber: `text` is one of the words; kStepSize: or a schedule, with `number`
  bool flag = false;
  double number = 0;                      // kNumber, kDensity (0: 1/n)
  std::uint64_t integer = 0;              // kInteger, kSize (bytes), kEvery, kBitRate (bits per second)
  std::string unit;                       // kEvery: rounds | updates | seconds; empty: a word
  std::chrono::milliseconds duration{0};  // also of kEvery in seconds
  std::uint16_t port_first = 0;
  std::uint16_t port_last = 0;
  std::vector<std::string> texts;
  std::map<std::string, std::string> map;
};

struct Key {
  std::string_view path;  // a `*` stands for the name of a host or of an actor of one's own, or an entry
  KeyType type = KeyType::kText;
  std::string_view words;     // "spread | pack"; of kOneOf: the one kind beside which no other key stands
  std::string_view fallback;  // the default as it would be written; empty: there is none
  std::string_view doc;       // one line
  void (*set)(Experiment& experiment, std::string_view name, const Value& value) = nullptr;
  Range range = {};
  bool required = false;          // within its section, if that is given
  bool optional_section = false;  // left out, its defaults don't apply
  bool is_list = false;           // of values of the type
  std::string_view owner = {};    // the kind, or class, that takes it; those of the vocabulary have no `set`
  const Setting* setting = nullptr;
};

// "method" of "method.kind", "" of "method"; and "kind".
std::string_view parent_of(std::string_view path);
std::string_view last_of(std::string_view path);
// Whether keys stand below it.
bool is_section(const Key& key);
// Whether jobs of plain actors have no use for it.
bool is_of_optimization(std::string_view path);

// Those of wisp itself, in the order of the resolved file; a section stands before its keys.
std::span<const Key> keys();
// The row for a path in which names are already `*`; null if there is none.
const Key* find_key(std::string_view path);

// The same with the keys of the vocabulary, each within its section.
class KeyTable {
 public:
  explicit KeyTable(const Vocabulary& vocabulary);  // which outlives it
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;

  const std::vector<Key>& keys() const { return keys_; }
  // `kind` is the kind of the section that the key stands in.
  const Key* find(std::string_view path, std::string_view kind = {}) const;
  // The kinds that take such a key.
  std::vector<std::string> owners(std::string_view path) const;
  // What was probably meant by an unknown key in `section` ("" for the top) of that kind: a key of that
  // section, or the full path of one elsewhere. By edit distance, and by the words that other systems use.
  std::optional<std::string> suggest(std::string_view section, std::string_view word,
                                     std::string_view kind = {}) const;

 private:
  std::vector<Key> keys_;
  std::deque<std::string> texts_;
};

// Which words the key takes, those of the vocabulary included; empty if any will do.
std::vector<std::string> words_of(const Key& key, const Vocabulary& vocabulary);
// "a whole number of at least 1", "theory, paper or a number above 0": what a value of this key must be.
std::string describe(const Key& key);

}  // namespace wisp::config
