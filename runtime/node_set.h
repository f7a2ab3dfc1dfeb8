#pragma once
// NodeSet: numbers of nodes that have come and gone. They are given in a row, so the set is a few ranges.
#include <iterator>
#include <map>

#include "runtime/transport.h"

namespace wisp::runtime {

// Not thread-safe.
class NodeSet {
 public:
  bool contains(NodeId node) const {
    const auto after = ranges_.upper_bound(node);
    return after != ranges_.begin() && node <= std::prev(after)->second;
  }
  void insert(NodeId node) {
    if (contains(node)) return;
    auto range = ranges_.emplace(node, node).first;
    if (range != ranges_.begin()) {
      const auto before = std::prev(range);
      if (before->second + 1 == node) {
        before->second = node;
        ranges_.erase(range);
        range = before;
      }
    }
    const auto after = std::next(range);
    if (after == ranges_.end() || node + 1 != after->first) return;
    range->second = after->second;
    ranges_.erase(after);
  }
  // `visit` is called with each, in order.
  template <class F>
  void for_each(F visit) const {
    for (const auto& [first, last] : ranges_) {
      for (NodeId node = first;; ++node) {
        visit(node);
        if (node == last) break;
      }
    }
  }

 private:
  std::map<NodeId, NodeId> ranges_;  // first and last, with a gap behind each
};

}  // namespace wisp::runtime
