#pragma once
// Inventory: everything that a job file can name, wisp's own and what plugins bring.
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "actors/catalogs.h"
#include "config/vocabulary.h"
#include "runtime/registry.h"

namespace wisp::cli {

// Made by the driver, by each node, and by each command that reads job files; filled before anything runs.
class Inventory {
 public:
  Inventory();
  Inventory(const Inventory&) = delete;
  Inventory& operator=(const Inventory&) = delete;

  // Loads a plugin (actors/plugin.h) into this process, for good. Throws Error (kConfig) that says what is
  // wrong with the file: it is not there, can't be loaded, is no plugin, was built against another wisp, or
  // brings a name that is taken.
  void load(const std::filesystem::path& file);
  // In the order of loading.
  const std::vector<std::filesystem::path>& plugins() const { return plugins_; }

  const runtime::Registry& registry() const { return registry_; }
  const actors::Catalogs& catalogs() const { return catalogs_; }
  // Classes that are not wisp's own.
  std::vector<std::string> plugin_classes() const;
  // The names and keys as data, and what the theory of methods forbids; it must not outlive this object.
  config::Vocabulary vocabulary() const;

 private:
  actors::Catalogs catalogs_;
  runtime::Registry registry_;
  std::set<std::string> own_classes_;
  std::vector<std::filesystem::path> plugins_;
};

}  // namespace wisp::cli
