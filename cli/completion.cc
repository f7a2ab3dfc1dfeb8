#include "cli/completion.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/job_text.h"
#include "cli/output.h"
#include "launcher/jobs.h"

namespace wisp::cli {
namespace {

// What is offered stands nowhere in them, so they are as good for the next version of wisp.
// bash takes '=' for a word of its own and completes what is behind it alone.
constexpr const char* kBash = R"(# bash completion of wisp: source <(wisp completion bash)
_wisp() {
  local word rest words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if (( ${#words[@]} )) && [[ $word == "=" && ${words[-1]} == --* || ${words[-1]} == --*= ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
  done
  COMPREPLY=()
  while IFS=$'\t' read -r word rest; do
    if [[ $word == :files ]]; then
      compopt -o filenames 2>/dev/null
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$2")
    else
      [[ $word == --*=* && ${words[-1]} == --*=* ]] && word=${word#*=}
      COMPREPLY+=("$word")
    fi
  done < <("$1" complete "${words[@]}" 2>/dev/null)
}
complete -F _wisp wisp
)";

constexpr const char* kZsh = R"(#compdef wisp
# zsh completion of wisp: source <(wisp completion zsh), or as the file _wisp in a folder of $fpath
_wisp() {
  local line files=
  local -a found
  for line in "${(@f)$(${words[1]} complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      files=1
    elif [[ -n $line ]]; then
      found+=("${${line//:/\\:}/$'\t'/:}")
    fi
  done
  (( $#found )) && _describe wisp found
  [[ -n $files ]] && _files
}
if [[ ${funcstack[1]-} == _wisp ]]; then
  _wisp "$@"
else
  compdef _wisp wisp
fi
)";

constexpr const char* kFish = R"(# fish completion of wisp: wisp completion fish | source
function __wisp_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    for line in ($words[1] complete $words[2..-1] "$last" 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$last"
        else
            echo $line
        end
    end
end
complete -c wisp -f -a '(__wisp_complete)'
)";

// What the words before the last one have said.
struct Typed {
  const GrammarCommand* command = nullptr;  // null: none yet
  const GrammarOption* pending = nullptr;   // an option whose value the last word is
  std::size_t positionals = 0;              // of the command
  std::string job;
  std::string state_dir;
};

const GrammarOption* find_option(const std::vector<GrammarOption>& options, const std::string& word) {
  const auto has = [&](const GrammarOption& each) {
    return std::find(each.names.begin(), each.names.end(), word) != each.names.end();
  };
  const auto found = std::find_if(options.begin(), options.end(), has);
  return found == options.end() ? nullptr : &*found;
}

const GrammarOption* find_option(const Grammar& grammar, const GrammarCommand* command,
                                 const std::string& word) {
  if (command != nullptr) {
    if (const GrammarOption* found = find_option(command->options, word)) return found;
  }
  return find_option(grammar.options, word);
}

void take_value(Typed& typed, const GrammarOption& option, const std::string& value) {
  if (option.value == "JOB") typed.job = value;
  if (option.value == "DIR") typed.state_dir = value;
}

void take_option(Typed& typed, const Grammar& grammar, const std::string& word) {
  const std::size_t equals = word.find('=');
  const GrammarOption* option = find_option(grammar, typed.command, word.substr(0, equals));
  if (option == nullptr || option->value.empty()) return;
  if (equals == std::string::npos) {
    typed.pending = option;
  } else {
    take_value(typed, *option, word.substr(equals + 1));
  }
}

Typed read(const Grammar& grammar, const std::vector<std::string>& words) {
  Typed typed;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (typed.pending != nullptr) {
      take_value(typed, *std::exchange(typed.pending, nullptr), word);
    } else if (word.starts_with('-')) {
      take_option(typed, grammar, word);
    } else if (typed.command != nullptr) {
      ++typed.positionals;
    } else {
      const auto found = std::find_if(grammar.commands.begin(), grammar.commands.end(),
                                      [&](const GrammarCommand& each) { return each.name == word; });
      if (found != grammar.commands.end()) typed.command = &*found;
    }
  }
  return typed;
}

// Collects candidates that begin with `begin`; each is printed behind `prefix`.
class Collector {
 public:
  Collector(const Grammar& grammar, const JobNames& names, const Typed& typed, std::string begin,
            std::string prefix = "")
      : grammar_(grammar),
        names_(names),
        typed_(typed),
        begin_(std::move(begin)),
        prefix_(std::move(prefix)) {}

  void add_commands() {
    for (const GrammarCommand& each : grammar_.commands) add({each.name, each.description});
  }

  // Long names; a short one only where there is no other.
  void add_options() {
    if (typed_.command != nullptr) add_options(typed_.command->options);
    add_options(grammar_.options);
  }

  // What stands for `value`: the type of an option, or the name of a positional.
  void add_values(const GrammarOption& option) {
    for (const std::string& each : option.words) add({each, ""});
    const std::string& value = option.value;
    if (value == "COMMAND") add_commands();
    if (value == "JOB") add(names_.jobs(typed_.state_dir));
    if (value == "ACTOR") add(names_.actors(typed_.state_dir, typed_.job));
    completion_.files = value == "FILE" || value == "LIB" || value == "DIR" || value == "JOB";
  }

  Completion take() { return std::move(completion_); }

 private:
  void add(const Candidate& candidate) {
    if (candidate.word.starts_with(begin_))
      completion_.candidates.push_back({prefix_ + candidate.word, candidate.description});
  }
  void add(const std::vector<Candidate>& candidates) {
    for (const Candidate& each : candidates) add(each);
  }
  void add_options(const std::vector<GrammarOption>& options) {
    for (const GrammarOption& each : options) add({each.names.back(), each.description});
  }

  const Grammar& grammar_;
  const JobNames& names_;
  const Typed& typed_;
  const std::string begin_;
  const std::string prefix_;
  Completion completion_;
};

std::vector<Candidate> job_names(const std::string& folder) {
  GlobalOptions options;
  options.state_dir = folder;
  std::vector<Candidate> names;
  for (const launcher::JobEntry& each : launcher::list_jobs(state_dir(options)))
    names.push_back({title(each), status_text(each)});
  return names;
}

std::vector<Candidate> actor_names(const std::string& folder, const std::string& job) {
  GlobalOptions options;
  options.state_dir = folder;
  std::vector<Candidate> names;
  for (const launcher::ActorState& each : launcher::find_job(state_dir(options), job).state.actors)
    names.push_back({each.name, each.state + " on " + each.host});
  return names;
}

std::string line_of(const Candidate& candidate) {
  constexpr std::size_t kMax = 200;
  const std::string word = escape_text(candidate.word, kMax);
  if (candidate.description.empty()) return word + "\n";
  return word + "\t" + escape_text(candidate.description, kMax) + "\n";
}

}  // namespace

Completion complete(const Grammar& grammar, const std::vector<std::string>& words, const JobNames& names) {
  const Typed typed = read(grammar, words);
  const std::string last = words.empty() ? "" : words.back();
  if (typed.pending != nullptr) {
    Collector collector(grammar, names, typed, last);
    collector.add_values(*typed.pending);
    return collector.take();
  }
  const std::size_t equals = last.find('=');
  if (last.starts_with("--") && equals != std::string::npos) {
    Collector collector(grammar, names, typed, last.substr(equals + 1), last.substr(0, equals + 1));
    if (const auto* option = find_option(grammar, typed.command, last.substr(0, equals)))
      collector.add_values(*option);
    return collector.take();
  }
  Collector collector(grammar, names, typed, last);
  if (last.starts_with('-')) {
    collector.add_options();
  } else if (typed.command == nullptr) {
    collector.add_commands();
  } else if (const auto& taken = typed.command->positionals; !taken.empty()) {
    const bool beyond = typed.positionals >= taken.size();
    if (!beyond || taken.back().repeats)
      collector.add_values(beyond ? taken.back() : taken[typed.positionals]);
  }
  return collector.take();
}

int complete_command(const CompleteOptions& options) {
  std::string text;
  try {
    const Completion completion = complete(grammar(), options.words, {job_names, actor_names});
    for (const Candidate& each : completion.candidates) text += line_of(each);
    if (completion.files) text += ":files\n";
  } catch (const Error&) {  // no job, or several: a shell that completes has nothing to show that to
    return kExitUnreachable;
  }
  print(text);
  return kExitDone;
}

int completion_command(const CompletionOptions& options) {
  if (options.shell == "zsh") {
    print(kZsh);
  } else {
    print(options.shell == "fish" ? kFish : kBash);
  }
  return kExitDone;
}

}  // namespace wisp::cli
