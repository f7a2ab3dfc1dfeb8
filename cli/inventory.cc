#include "cli/inventory.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "actors/job.h"
#include "actors/plugin.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/program.h"
#include "config/experiment.h"
#include "config/keys.h"
#include "launcher/bundle.h"
#include "problems/command.h"
#include "runtime/services.h"

namespace wisp::cli {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw Error("plugin " + file.string() + " " + why, Fault::kConfig);
}

// Looked at before anything of the plugin is called.
void check_abi(const std::filesystem::path& file, void* library) {
  const auto* abi = static_cast<const std::uint32_t*>(::dlsym(library, actors::kPluginAbiSymbol));
  if (abi == nullptr) {
    refuse(file, fmt::format("is no plugin of wisp: it has no {}; see WISP_PLUGIN in actors/plugin.h",
                             actors::kPluginAbiSymbol));
  }
  if (*abi != actors::kPluginAbi) {
    refuse(file,
           fmt::format(
               "was built for the plugin interface {}, but this wisp has {}: rebuild it against this wisp",
               *abi, actors::kPluginAbi));
  }
}

// On a host it lies beside all that this program has loaded.
void check_name(const std::filesystem::path& file) {
  for (const std::filesystem::path& other : launcher::loaded_libraries()) {
    if (other == file) refuse(file, "is named twice, or is a library of wisp itself");
    if (other.filename() == file.filename()) {
      refuse(file, "has the same file name as " + other.string() + ", which is loaded already; rename it");
    }
  }
}

// A key of its own is a name, and none that there is already.
void check_keys(const std::filesystem::path& file, const config::Vocabulary& vocabulary) {
  for (const config::KindKeys& kind : vocabulary.keys) {
    for (const Setting& setting : kind.settings) {
      const bool taken = config::find_key(kind.section + "." + setting.name) != nullptr;
      if (!taken && is_name(setting.name)) continue;
      refuse(file, fmt::format("gives {} the key '{}', {}", kind.kind, setting.name,
                               taken ? "which all of its kind have" : "which is no name"));
    }
  }
}

template <class Rows>
void add_keys(std::vector<config::KindKeys>& keys, const char* section, const Rows& rows) {
  for (const auto& each : rows) {
    if (!each.settings.empty()) keys.push_back({section, each.name, each.settings});
  }
}

}  // namespace

Inventory::Inventory() {
  catalogs_.problems.add(problems::command_problem(start_program));
  runtime::register_services(registry_);
  actors::register_actors(registry_, catalogs_);
  const std::vector<std::string> names = registry_.class_names();
  own_classes_ = {names.begin(), names.end()};
}

void Inventory::load(const std::filesystem::path& file) {
  check_name(file);
  if (::access(file.c_str(), R_OK) != 0) refuse(file, std::string("can't be read: ") + std::strerror(errno));
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) refuse(file, std::string("can't be loaded: ") + ::dlerror());
  check_abi(file, library);
  using Register = void(actors::Plugin&);
  auto* add = reinterpret_cast<Register*>(::dlsym(library, actors::kPluginSymbol));
  if (add == nullptr) refuse(file, fmt::format("is no plugin of wisp: it has no {}", actors::kPluginSymbol));
  actors::Plugin plugin{registry_, catalogs_.sparsifiers, catalogs_.problems, catalogs_.methods};
  try {
    add(plugin);
  } catch (const std::exception& error) {  // of people's own code
    refuse(file, std::string("can't be loaded: ") + error.what());
  }
  check_keys(file, vocabulary());
  plugins_.push_back(file);
}

std::vector<std::string> Inventory::plugin_classes() const {
  std::vector<std::string> names;
  for (const std::string& name : registry_.class_names()) {
    if (!own_classes_.contains(name)) names.push_back(name);
  }
  return names;
}

config::Vocabulary Inventory::vocabulary() const {
  config::Vocabulary names;
  names.methods = catalogs_.methods.names();
  names.problems = catalogs_.problems.names();
  names.sparsifiers = catalogs_.sparsifiers.names();
  names.why_not = [this](const config::Experiment& experiment) {
    const actors::JobSpec& job = experiment.job;
    const bool of_rows = catalogs_.problems.find(job.problem.kind)->has_rows();
    return catalogs_.methods.why_not(job.method, job.problem, of_rows, job.worker.replicas);
  };
  add_keys(names.keys, "problem", catalogs_.problems.problems());
  add_keys(names.keys, "method", catalogs_.methods.methods());
  add_keys(names.keys, "method.sparsifier", catalogs_.sparsifiers.kinds());
  for (const std::string& name : plugin_classes()) {
    const runtime::ClassEntry& entry = *registry_.find_class(name);
    config::ActorClass& known = names.classes.emplace_back();
    known.name = name;
    known.has_run = entry.commands.contains("run");
    if (!entry.parameters) {
      known.why_not =
          "class " + name + " can't be started from a job file: it was registered without parameters()";
    } else if (!entry.parameters->empty()) {
      names.keys.push_back({"actors.*.args", name, *entry.parameters});
    }
  }
  return names;
}

}  // namespace wisp::cli
