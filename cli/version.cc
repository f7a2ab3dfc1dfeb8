#include "cli/version.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/build_info.h"
#include "cli/exit.h"
#include "cli/output.h"

namespace wisp::cli {

const char* const kVersion = WISP_BUILD_VERSION;
const char* const kCommit = WISP_BUILD_COMMIT;
const char* const kCompiler = WISP_BUILD_COMPILER;
const char* const kFlags = WISP_BUILD_FLAGS;

std::vector<std::pair<std::string, std::string>> library_versions() {
  return {{"zmq", WISP_BUILD_ZMQ}, {"msgpack", WISP_BUILD_MSGPACK}, {"yaml-cpp", WISP_BUILD_YAML_CPP}};
}

int version_command(const GlobalOptions& options) {
  if (!options.json) {
    print(fmt::format("wisp {} ({})\n{}\nflags {}\n", kVersion, kCommit, kCompiler, kFlags));
    for (const auto& [name, number] : library_versions()) print(fmt::format("{} {}\n", name, number));
    return kExitDone;
  }
  nlohmann::ordered_json libraries;
  for (const auto& [name, number] : library_versions()) libraries[name] = number;
  const nlohmann::ordered_json all = {{"version", kVersion},
                                      {"commit", kCommit},
                                      {"compiler", kCompiler},
                                      {"flags", kFlags},
                                      {"libraries", libraries}};
  print(all.dump() + "\n");
  return kExitDone;
}

}  // namespace wisp::cli
