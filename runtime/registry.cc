#include "runtime/registry.h"

#include "base/check.h"
#include "base/hash.h"

namespace wisp::runtime {

Roots::~Roots() {
  // A root that is destroyed takes itself out of the list.
  while (!live_.empty()) live_.back().destroy();
}

void Registry::add_class(const void* key, ClassEntry entry) {
  const std::string name = entry.name;
  const bool added = classes_.emplace(name, std::move(entry)).second;
  WISP_CHECK(added, "two actor classes have the same name");
  class_names_.emplace(key, name);
}

void Registry::add_method_entry(const void* key, MethodEntry entry) {
  const MethodId id = fnv1a32(entry.name);
  const bool added = methods_.emplace(id, std::move(entry)).second;
  WISP_CHECK(added, "two methods have the same name, or their names the same hash: rename one");
  method_ids_.emplace(key, id);
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

}  // namespace wisp::runtime
