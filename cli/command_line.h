#pragma once
// The command line: which command, with which options; help texts; what is wrong with it.
#include <string>
#include <variant>
#include <vector>

#include "cli/options.h"

namespace wisp::cli {

// What was asked for; of the commands' options only those of `command` mean anything.
struct Invocation {
  // run | config | plan | simulate | ps | status | logs | inspect | kill | down | wait | doctor | report |
  // prune | list | completion | complete | version
  std::string command;
  GlobalOptions global;
  RunOptions run;
  ConfigOptions config;
  PlanOptions plan;
  SimulateOptions simulate;
  PsOptions ps;
  StatusOptions status;
  LogsOptions logs;
  InspectOptions inspect;
  KillOptions kill;
  DownOptions down;
  WaitOptions wait;
  DoctorOptions doctor;
  ReportOptions report;
  PruneOptions prune;
  ListOptions list;
  CompletionOptions completion;
  CompleteOptions complete;
};

// A text that was asked for in place of a command; it goes to stdout.
struct Help {
  std::string text;
};

// `arguments` without the program's name. Throws Error (kUsage) that names the nearest command or option
// where one is misspelt.
std::variant<Invocation, Help> parse_command_line(std::vector<std::string> arguments);

// The command line as data: for who completes or lists it.
struct GrammarOption {
  std::vector<std::string> names;  // "-j", "--job"; of a positional its one name, "FILE"
  std::string description;
  std::string value;               // what it takes: "JOB", "N"; empty: a flag
  std::vector<std::string> words;  // the only values there are; empty: any
  bool repeats = false;            // a positional that takes all that follow
};
struct GrammarCommand {
  std::string name;
  std::string description;
  std::vector<GrammarOption> options;  // without those taken everywhere
  std::vector<GrammarOption> positionals;
};
struct Grammar {
  std::vector<GrammarOption> options;  // taken everywhere
  std::vector<GrammarCommand> commands;
};
// Without `wisp complete`, which shells call and people don't.
Grammar grammar();

}  // namespace wisp::cli
