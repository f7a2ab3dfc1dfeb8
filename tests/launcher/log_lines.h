#pragma once
// Lines of logs for tests.
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "launcher/spec.h"

namespace wisp::test {

inline LogLine line_of(const std::string& actor, const std::string& text, std::uint32_t attempt = 1) {
  return LogLine{*parse_utc("2026-03-01T02:13:07.123Z"), actor, attempt, "n", std::nullopt, "info", text};
}

inline launcher::LogSpec rotated(std::uint64_t size, std::uint32_t files) {
  launcher::LogSpec spec;
  spec.rotate_size = size;
  spec.rotate_files = files;
  return spec;
}

}  // namespace wisp::test
