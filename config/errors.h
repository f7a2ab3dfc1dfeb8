#pragma once
// What is wrong with a job file: all of it at once, each with its place and what to do about it.
#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"
#include "config/source.h"

namespace wisp::config {

struct Mistake {
  Place place;
  std::string message;  // one line, without "error:"
  std::string hint;     // what to do; may be empty
};

// As gcc prints errors, one after another in the order of their places, lines ending in '\n':
//
//   job.yaml:12:46: error: unknown placement 'spred'
//      12 |   worker: { placement: { kind: spred } }
//         |                                ^~~~~ did you mean 'spread'? (spread | pack)
//
// The line is not repeated for a mistake without a hint on the line that was just shown. A mistake without a
// caret has its hint behind the message.
std::string to_text(const std::vector<Mistake>& mistakes);
// {"errors": [{"file", "line", "column", "length", "message", "hint"}]}; line and column are 0 where there is
// none.
std::string to_json(const std::vector<Mistake>& mistakes);

// Thrown by load(): every mistake that was found. what() is to_text() of them.
class ConfigErrors : public Error {
 public:
  explicit ConfigErrors(std::vector<Mistake> mistakes, std::size_t left_out = 0);
  const std::vector<Mistake>& mistakes() const { return mistakes_; }

 private:
  std::vector<Mistake> mistakes_;
};

// Gathers mistakes while a job is read; keeps the first 100, for who wants to read more than that.
class Mistakes {
 public:
  void add(Place place, std::string message, std::string hint = "");
  // Those of `other` that aren't here yet, word for word.
  void add_new(const Mistakes& other);
  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }
  // Throws ConfigErrors if there is any, sorted by source and line; on one line they keep the order of their
  // finding.
  void throw_if_any() const;

 private:
  std::vector<Mistake> all_;
  std::size_t left_out_ = 0;
};

}  // namespace wisp::config
