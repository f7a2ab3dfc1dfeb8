#include "cli/list.h"

#include <nlohmann/json.hpp>

#include "actors/job.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/experiment.h"
#include "cli/output.h"
#include "config/keys.h"
#include "optim/catalog.h"
#include "problems/catalog.h"
#include "sparse/sparsifier.h"

namespace wisp::cli {
namespace {

// The first row names the columns.
using Rows = std::vector<std::vector<std::string>>;

Rows methods() {
  Rows rows = {{"METHOD", "SPARSIFIERS", "STEPS", "SOURCE", "DESCRIPTION"}};
  for (const optim::Method& each : optim::methods()) {
    std::vector<std::string> steps;
    if (each.theory_step != nullptr) steps.emplace_back("theory");
    if (each.paper_step != nullptr) steps.emplace_back("paper");
    steps.emplace_back("number");
    rows.push_back({std::string(each.name), join({each.sparsifiers.begin(), each.sparsifiers.end()}, " | "),
                    join(steps, " | "), std::string(each.source), std::string(each.description)});
  }
  return rows;
}

Rows problems_table() {
  Rows rows = {{"PROBLEM", "DESCRIPTION"}};
  for (const std::string& name : problems::problem_names()) {
    rows.push_back({name, problems::problem_description(name)});
  }
  return rows;
}

Rows sparsifiers() {
  Rows rows = {{"SPARSIFIER", "DESCRIPTION"}};
  for (const sparse::SparsifierEntry& each : sparse::sparsifiers()) {
    rows.push_back({std::string(each.name), std::string(each.description)});
  }
  return rows;
}

Rows classes() {
  Rows rows = {{"CLASS"}};
  runtime::Registry registry;
  actors::register_actors(registry);
  for (const std::string& name : registry.class_names()) rows.push_back({name});
  return rows;
}

Rows keys() {
  Rows rows = {{"KEY", "DEFAULT", "VALUE", "DESCRIPTION"}};
  const config::Vocabulary names = vocabulary();
  for (const config::Key& each : config::keys()) {
    const std::vector<std::string> words = config::words_of(each, names);
    const bool any_number = each.type == config::KeyType::kNumber;
    rows.push_back({std::string(each.path), std::string(each.fallback),
                    words.empty() || any_number ? config::describe(each) : join(words, " | "),
                    std::string(each.doc)});
  }
  return rows;
}

Rows rows_of(const std::string& what) {
  if (what == "methods") return methods();
  if (what == "problems") return problems_table();
  if (what == "sparsifiers") return sparsifiers();
  if (what == "actors") return classes();
  return keys();
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

nlohmann::ordered_json objects(const Rows& rows) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (std::size_t i = 1; i < rows.size(); ++i) {
    nlohmann::ordered_json each;
    for (std::size_t j = 0; j < rows[0].size(); ++j) each[lower(rows[0][j])] = rows[i][j];
    all.push_back(each);
  }
  return all;
}

}  // namespace

int list_command(const GlobalOptions& options, const ListOptions& list) {
  const Rows rows = rows_of(list.what);
  print(options.json ? objects(rows).dump() + "\n" : table(rows));
  return kExitDone;
}

}  // namespace wisp::cli
