#include "cli/job_settings.h"

#include <fstream>
#include <memory>

#include "base/text.h"
#include "config/errors.h"
#include "config/read_yaml.h"
#include "config/source.h"

namespace wisp::cli {

config::Node settings_of(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "job.yaml";
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto source =
      std::make_shared<const config::Source>(config::Source::Kind::kFile, file.string(), folder, text, 0);
  config::Mistakes mistakes;
  return config::read_yaml(source, mistakes).value_or(config::Node());
}

std::string setting_at(const config::Node& settings, const std::string& path) {
  const config::Node* node = &settings;
  for (const std::string& key : split(path, '.')) {
    node = node->find(key);
    if (node == nullptr) return "";
  }
  return node->is_scalar() ? node->text : "";
}

}  // namespace wisp::cli
