#include "cli/list.h"

#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/exit.h"
#include "cli/experiment.h"
#include "cli/output.h"
#include "config/keys.h"

namespace wisp::cli {
namespace {

// The first row names the columns.
using Rows = std::vector<std::vector<std::string>>;

Rows methods(const Inventory& inventory) {
  Rows rows = {{"METHOD", "SPARSIFIERS", "STEPS", "SOURCE", "DESCRIPTION"}};
  for (const optim::Method& each : inventory.catalogs().methods.methods()) {
    std::vector<std::string> steps;
    if (each.theory_step) steps.emplace_back("theory");
    if (each.paper_step) steps.emplace_back("paper");
    steps.emplace_back("number");
    rows.push_back(
        {each.name, join(each.sparsifiers, " | "), join(steps, " | "), each.source, each.description});
  }
  return rows;
}

Rows problems_table(const Inventory& inventory) {
  Rows rows = {{"PROBLEM", "DESCRIPTION"}};
  for (const problems::Problem& each : inventory.catalogs().problems.problems()) {
    rows.push_back({each.name, each.description});
  }
  return rows;
}

Rows sparsifiers(const Inventory& inventory) {
  Rows rows = {{"SPARSIFIER", "DESCRIPTION"}};
  for (const sparse::Kind& each : inventory.catalogs().sparsifiers.kinds()) {
    rows.push_back({each.name, each.description});
  }
  return rows;
}

// "every verbose=true": what a job file can give to its constructor; "-" where it can't start the class.
std::string arguments_of(const runtime::ClassEntry& entry) {
  if (!entry.parameters) return "-";
  std::vector<std::string> words;
  for (const Setting& each : *entry.parameters) {
    const std::string value = each.fallback ? "=" + join(*each.fallback, ",") : "";
    words.push_back(each.name + value);
  }
  return join(words, " ");
}

// Without those that serve the runtime itself.
Rows classes(const Inventory& inventory) {
  Rows rows = {{"CLASS", "ARGS"}};
  for (const std::string& name : inventory.registry().class_names()) {
    if (!name.starts_with("wisp."))
      rows.push_back({name, arguments_of(*inventory.registry().find_class(name))});
  }
  return rows;
}

// Whether its words are not all that such a key takes.
bool takes_more_than_words(config::KeyType type) {
  using enum config::KeyType;
  return type == kNumber || type == kInteger || type == kStepSize || type == kEvery || type == kPath ||
         type == kRemotePath || type == kOneOf;
}

Rows keys(const Inventory& inventory) {
  Rows rows = {{"KEY", "DEFAULT", "VALUE", "DESCRIPTION"}};
  const config::Vocabulary names = inventory.vocabulary();
  const config::KeyTable table_of_keys(names);
  for (const config::Key& each : table_of_keys.keys()) {
    const std::vector<std::string> words = config::words_of(each, names);
    const bool only_words = !words.empty() && !takes_more_than_words(each.type);
    const std::string owner = each.owner.empty() ? "" : "of " + std::string(each.owner) + ": ";
    rows.push_back({std::string(each.path), std::string(each.fallback),
                    only_words ? join(words, " | ") : config::describe(each),
                    owner + std::string(each.doc) + (each.required ? " (required)" : "")});
  }
  return rows;
}

Rows rows_of(const std::string& what, const Inventory& inventory) {
  if (what == "methods") return methods(inventory);
  if (what == "problems") return problems_table(inventory);
  if (what == "sparsifiers") return sparsifiers(inventory);
  if (what == "actors") return classes(inventory);
  return keys(inventory);
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
  Inventory inventory;
  if (!list.files.empty()) load_plugins(options, list.files, inventory);
  for (const std::string& plugin : list.plugins) inventory.load(std::filesystem::absolute(plugin));
  const Rows rows = rows_of(list.what, inventory);
  const std::string text = list.markdown ? markdown_table(rows) : table(rows);
  print(options.json ? objects(rows).dump() + "\n" : text);
  return kExitDone;
}

}  // namespace wisp::cli
