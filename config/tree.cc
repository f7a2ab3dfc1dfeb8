#include "config/tree.h"

#include <algorithm>
#include <utility>

namespace wisp::config {

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

Node make_scalar(std::string text, Place place) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.text = std::move(text);
  node.place = std::move(place);
  return node;
}

Node make_map(Place place) {
  Node node;
  node.kind = Node::Kind::kMap;
  node.place = std::move(place);
  return node;
}

void erase(Node& map, std::string_view key) {
  std::erase_if(map.members, [&](const Member& member) { return member.key == key; });
}

Node spelled_out(Node word) {
  Node map = make_map(word.place);
  Place place = word.place;
  map.members.push_back({"kind", std::move(place), std::move(word)});
  return map;
}

void give_up_never(Node& map) {
  const Node* kind = map.members.size() == 1 ? map.find("kind") : nullptr;
  if (kind != nullptr && kind->is_scalar() && kind->text == "never") erase(map, "kind");
}

void merge(Node& under, Node over) {
  if (!over.is_map() || (!under.is_map() && !under.is_scalar())) {
    under = std::move(over);
    return;
  }
  if (under.is_scalar() &&
      over.find("schedule") != nullptr) {  // it takes the place of a number, and has no kind
    under = std::move(over);
    return;
  }
  if (under.is_scalar()) under = spelled_out(std::move(under));
  if (std::any_of(over.members.begin(), over.members.end(),
                  [](const Member& m) { return !m.value.is_null(); }))
    give_up_never(under);
  under.place = over.place;
  for (Member& member : over.members) {
    const auto same = std::find_if(under.members.begin(), under.members.end(),
                                   [&](const Member& each) { return each.key == member.key; });
    if (same == under.members.end()) {
      under.members.push_back(std::move(member));
    } else if (member.value.is_null()) {
      under.members.erase(same);
    } else {
      same->place = member.place;
      merge(same->value, std::move(member.value));
    }
  }
}

}  // namespace wisp::config
