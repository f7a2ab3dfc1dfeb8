#include "cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "base/error.h"
#include "base/process.h"

namespace wisp::cli {
namespace {

// Nobody can be told that stderr is gone.
void to_stderr(std::string_view line) {
  try {
    static_cast<void>(write_all(STDERR_FILENO, std::string(line) + "\n"));
  } catch (const Error&) {
  }
}

std::string markdown_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\|<*~`").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

void print(std::string_view text) {
  if (!write_all(STDOUT_FILENO, text)) throw ReaderGone();
}

void talk(const GlobalOptions& options, std::string_view line) {
  if (!options.quiet) to_stderr(line);
}

void warn(std::string_view line) { to_stderr(line); }

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string markdown_table(const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      const std::string cell = i > 0 && j == 0 ? "`" + rows[i][j] + "`" : markdown_text(rows[i][j]);
      text += "|" + (cell.empty() ? "" : " " + cell) + " ";
    }
    text += "|\n";
    if (i > 0) continue;
    for (std::size_t j = 0; j < rows[0].size(); ++j) text += "|---";
    text += "|\n";
  }
  return text;
}

}  // namespace wisp::cli
