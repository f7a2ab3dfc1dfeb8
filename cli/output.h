#pragma once
// Data to stdout, talk to stderr, and columns for tables.
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace wisp::cli {

// Thrown when nobody reads stdout any more (`wisp logs | head`). It is no error: main() ends quietly.
struct ReaderGone {};

// To stdout, as it is. Throws ReaderGone, or Error where it can't be written. Needs SIGPIPE ignored.
void print(std::string_view text);

// A line to stderr, unless --quiet; the newline is added.
void talk(const GlobalOptions& options, std::string_view line);

// A line to stderr even when quiet: what went wrong, or may have.
void warn(std::string_view line);

// Rows in columns as wide as their widest cell, two blanks between them, no blank at the end of a line. The
// first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);
// The same for a page in Markdown; the first column is set as code.
std::string markdown_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace wisp::cli
