#pragma once
// Completion: what a shell offers at TAB, and the scripts by which it asks for that.
#include <functional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/options.h"

namespace wisp::cli {

// `wisp completion bash|zsh|fish`: prints the script that the shell reads. It holds no words of its own: at
// TAB it calls `wisp complete` with what was typed, so it never is of another version than the program.
int completion_command(const CompletionOptions& options);

// `wisp complete WORDS...`, called by those scripts: prints the candidates for the last word, a line each:
// "word", or "word<TAB>description". The line ":files" stands for the names of files.
int complete_command(const CompleteOptions& options);

struct Candidate {
  std::string word;
  std::string description;
};

// What only job folders know. `state_dir` and `job` are as typed, or empty.
struct JobNames {
  std::function<std::vector<Candidate>(const std::string& state_dir)> jobs;
  std::function<std::vector<Candidate>(const std::string& state_dir, const std::string& job)> actors;
};

struct Completion {
  std::vector<Candidate> candidates;  // all begin with the last word
  bool files = false;                 // names of files, too
};

// `words`: what stands behind "wisp", up to the cursor; the last one, which may be empty, is what is
// completed. `grammar`: of cli/command_line.h.
Completion complete(const Grammar& grammar, const std::vector<std::string>& words, const JobNames& names);

}  // namespace wisp::cli
