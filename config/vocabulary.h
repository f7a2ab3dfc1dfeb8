#pragma once
// The names that the rooms below have, as data: config itself knows no method and no problem.
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace wisp::config {

struct Experiment;

struct Vocabulary {
  std::vector<std::string> methods;
  std::vector<std::string> problems;
  std::vector<std::string> sparsifiers;
  // The sentence that says why method, problem and sparsifier of a job can't go together; nothing if they
  // can. Asked only when each of them was read without a mistake. May be empty.
  std::function<std::optional<std::string>(const Experiment&)> why_not;
};

}  // namespace wisp::config
