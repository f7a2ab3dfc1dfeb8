#include "runtime/registry.h"

#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"
#include "runtime/builtin.h"

namespace wisp::runtime {

Registry::Registry() {
  for (auto& [id, entry] : builtin_methods()) methods_.emplace(id, std::move(entry));
}

void Registry::add_class(const void* key, ClassEntry entry) {
  const std::string name = entry.name;
  const bool added = classes_.emplace(name, std::move(entry)).second;
  if (!added) throw Error("there is an actor class '" + name + "' already", Fault::kConfig);
  class_names_.emplace(key, name);
}

MethodId Registry::add_method_entry(const void* key, MethodEntry entry) {
  const MethodId id = fnv1a32(entry.name);
  const bool added = methods_.emplace(id, std::move(entry)).second;
  WISP_CHECK(added, "two methods have the same name, or their names the same hash: rename one");
  method_ids_.emplace(key, id);
  return id;
}

const ClassEntry* Registry::find_class(std::string_view name) const {
  const auto found = classes_.find(name);
  return found == classes_.end() ? nullptr : &found->second;
}

const MethodEntry* Registry::find_method(MethodId id) const {
  const auto found = methods_.find(id);
  return found == methods_.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::class_names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : classes_) names.push_back(name);
  return names;
}

const std::string& Registry::class_name(const void* key) const {
  const auto found = class_names_.find(key);
  WISP_CHECK(found != class_names_.end(), "an actor class was spawned that was never registered");
  return found->second;
}

MethodId Registry::method_id(const void* key) const {
  const auto found = method_ids_.find(key);
  WISP_CHECK(found != method_ids_.end(), "a method was called that was never registered");
  return found->second;
}

std::string Registry::method_word(const void* key) const {
  const auto found = method_ids_.find(key);
  if (found == method_ids_.end()) return "a method";
  const std::string& name = methods_.at(found->second).name;
  return name.substr(name.rfind('.') + 1);
}

}  // namespace wisp::runtime
