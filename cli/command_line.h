#pragma once
// The command line: which command, with which options; help texts; what is wrong with it.
#include <string>
#include <variant>
#include <vector>

#include "cli/options.h"

namespace wisp::cli {

// What was asked for; of the commands' options only those of `command` mean anything.
struct Invocation {
  std::string command;  // run | config | plan | simulate | ps | logs | inspect | down | wait | list | version
  GlobalOptions global;
  RunOptions run;
  ConfigOptions config;
  PlanOptions plan;
  SimulateOptions simulate;
  PsOptions ps;
  LogsOptions logs;
  InspectOptions inspect;
  DownOptions down;
  WaitOptions wait;
  ListOptions list;
};

// A text that was asked for in place of a command; it goes to stdout.
struct Help {
  std::string text;
};

// `arguments` without the program's name. Throws Error (kUsage) that names the nearest command or option
// where one is misspelt.
std::variant<Invocation, Help> parse_command_line(std::vector<std::string> arguments);

}  // namespace wisp::cli
