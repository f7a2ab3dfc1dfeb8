#pragma once
// The names that the rooms below and the plugins have, as data: config itself knows no method and no problem.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.h"

namespace wisp::config {

struct Experiment;

// What one kind of a section takes beside the keys that all of them have: method heavy-ball a momentum.
struct KindKeys {
  std::string section;  // problem | method | method.sparsifier | actors.*.args
  std::string kind;     // its `kind`; of args: the actor's class
  std::vector<Setting> settings;
};

// A registered class of actors.
struct ActorClass {
  std::string name;
  bool has_run = false;      // a method `run` that takes nothing
  std::string why_not = "";  // why a job file can't start it, a sentence; empty if it can
};

struct Vocabulary {
  std::vector<std::string> methods;
  std::vector<std::string> problems;
  std::vector<std::string> sparsifiers;
  // The sentence that says why method, problem and sparsifier of a job can't go together; nothing if they
  // can. Asked only when each of them was read without a mistake. May be empty.
  std::function<std::optional<std::string>(const Experiment&)> why_not;
  std::vector<ActorClass> classes = {};
  std::vector<KindKeys> keys = {};
};

}  // namespace wisp::config
