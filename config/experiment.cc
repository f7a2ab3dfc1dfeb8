#include "config/experiment.h"

#include "base/text.h"

namespace wisp::config {

Place Experiment::where(std::string_view path) const {
  while (true) {
    const auto found = places.find(path);
    if (found != places.end()) return found->second;
    if (path.empty()) return {};
    const std::size_t dot = path.rfind('.');
    path = dot == std::string_view::npos ? "" : path.substr(0, dot);
  }
}

std::string_view Experiment::single_run_key() const {
  for (const std::string_view key : {"record", "replay", "simulation"}) {
    if (given(key)) return key;
  }
  return "";
}

ConfigErrors Experiment::error(std::string_view path, std::string message, std::string hint) const {
  return ConfigErrors({Mistake{where(path), std::move(message), std::move(hint)}});
}

}  // namespace wisp::config
