#pragma once
// Where a value of a job file stands: the text it was read from, with line and column.
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wisp::config {

// One text that values come from: a job file, or one --set or --var of the command line. Never changes once
// made.
class Source {
 public:
  enum class Kind { kFile, kOption };

  // `name` is what errors call it, `folder` what relative paths in it are relative to, `order` its rank among
  // the sources of one job, by which errors are sorted.
  Source(Kind kind, std::string name, std::filesystem::path folder, std::string text, std::size_t order);

  Kind kind() const { return kind_; }
  const std::string& name() const { return name_; }
  const std::filesystem::path& folder() const { return folder_; }
  const std::string& text() const { return text_; }
  std::size_t order() const { return order_; }
  // The line's text without its end; `number` counts from 1; empty for a line that isn't there.
  std::string_view line(std::size_t number) const;

 private:
  Kind kind_;
  std::string name_;
  std::filesystem::path folder_;
  std::string text_;
  std::size_t order_;
  std::vector<std::size_t> starts_;  // of each line
};

// A stretch of one line. Lines and columns count from 1, columns and lengths in bytes as gcc counts them.
// Without a source it is no place at all (a default); line 0 is the source as a whole; length 0 has no caret.
struct Place {
  std::shared_ptr<const Source> source;
  std::size_t line = 0;
  std::size_t column = 0;
  std::size_t length = 0;
};

// "job.yaml:12:46", "job.yaml" as a whole, "--set" for an option, "" for no place.
std::string to_string(const Place& place);

}  // namespace wisp::config
