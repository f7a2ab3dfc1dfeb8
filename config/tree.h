#pragma once
// A YAML document as a tree that knows where each value stands.
#include <string>
#include <string_view>
#include <vector>

#include "config/source.h"

namespace wisp::config {

struct Member;

// A value. Text is text whatever it looks like: the table of keys says what it should be.
struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  std::string text;             // kScalar
  bool quoted = false;          // kScalar: in quotes, or a block
  bool empty = false;           // kNull: nothing was written at all
  bool broken = false;          // a mistake in it was reported already
  std::vector<Node> items;      // kList
  std::vector<Member> members;  // kMap, in the order of the file, no key twice
  Place place;

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
};

struct Member {
  std::string key;
  Place place;  // of the key
  Node value;
};

Node make_scalar(std::string text, Place place);
Node make_map(Place place);
void erase(Node& map, std::string_view key);
// A bare word as the map that it is short for: `{ kind: word }`.
Node spelled_out(Node word);
// Empties the map `{ kind: never }`: what is laid over that word takes its place, for no key stands beside
// it.
void give_up_never(Node& map);

// `over` on top of `under`: maps merge key by key, scalars and lists replace, null deletes. A bare word under
// a map counts as `{ kind: word }`; a map with a `schedule` replaces one, and any map with a key replaces
// never.
void merge(Node& under, Node over);

}  // namespace wisp::config
