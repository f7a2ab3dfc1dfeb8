#pragma once
// What a plugin is: a shared library that adds classes of actors, methods, problems and sparsifiers.
//
// It links libwisp.so (CMake: wisp::wisp) and defines one function:
//
//   WISP_PLUGIN(plugin) {
//     plugin.registry.actor<Counter>("my::Counter").parameters({"start"}).method<&Counter::run>("run");
//   }
//
// A job file names it: plugins: [ libmine.so ]. docs/extend.md has an example of each kind.
#include <cstdint>

#include "actors/catalogs.h"
#include "runtime/registry.h"

namespace wisp::actors {

// What plugins are compiled against: raised with every change of a header that they may include. A plugin
// that was built for another number is refused before anything of it is called.
inline constexpr std::uint32_t kPluginAbi = 4;

// What a plugin adds to. A name that is taken throws Error, which ends the loading.
struct Plugin {
  runtime::Registry& registry;
  sparse::Catalog& sparsifiers;
  problems::Catalog& problems;
  optim::Catalog& methods;
};

// The names that a plugin exports.
inline constexpr const char* kPluginAbiSymbol = "wisp_plugin_abi";
inline constexpr const char* kPluginSymbol = "wisp_plugin";

}  // namespace wisp::actors

// The head of the function that is called, once in each process of a job; `plugin` is its parameter's name.
#define WISP_PLUGIN(plugin)                                                                \
  extern "C" {                                                                             \
  extern __attribute__((visibility("default"))) const std::uint32_t wisp_plugin_abi;       \
  const std::uint32_t wisp_plugin_abi = ::wisp::actors::kPluginAbi;                        \
  __attribute__((visibility("default"))) void wisp_plugin(::wisp::actors::Plugin& plugin); \
  }                                                                                        \
  void wisp_plugin(::wisp::actors::Plugin& plugin)
