#pragma once
// NamedList: the rows of a catalogue, found by their names.
#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace wisp {

// A Row has a `std::string name`. Rows keep their order and their addresses.
template <class Row>
class NamedList {
 public:
  // `noun` is what messages call a row.
  explicit NamedList(const char* noun) : noun_(noun) {}
  // Throws Error (kConfig) for a name that is taken.
  void add(Row row) {
    if (find(row.name) != nullptr) {
      throw Error(std::string("there is a ") + noun_ + " '" + row.name + "' already", Fault::kConfig);
    }
    rows_.push_back(std::move(row));
  }
  // Null for a name that is not there.
  const Row* find(std::string_view name) const {
    const auto found =
        std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.name == name; });
    return found == rows_.end() ? nullptr : &*found;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Row& row : rows_) names.push_back(row.name);
    return names;
  }
  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }

 private:
  const char* noun_;
  std::deque<Row> rows_;
};

}  // namespace wisp
