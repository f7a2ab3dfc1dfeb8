// The wisp program: the one main() of the product, and the one place where an Error becomes an exit status.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "cli/command_line.h"
#include "cli/completion.h"
#include "cli/doctor.h"
#include "cli/down.h"
#include "cli/exit.h"
#include "cli/inspect.h"
#include "cli/kill.h"
#include "cli/list.h"
#include "cli/logs.h"
#include "cli/node.h"
#include "cli/output.h"
#include "cli/plan.h"
#include "cli/prune.h"
#include "cli/ps.h"
#include "cli/report.h"
#include "cli/run.h"
#include "cli/show_config.h"
#include "cli/simulate.h"
#include "cli/status.h"
#include "cli/version.h"
#include "cli/wait.h"
#include "config/errors.h"
#include "launcher/agent.h"
#include "launcher/reach.h"

namespace wisp::cli {
namespace {

int execute(const Invocation& what) {
  const GlobalOptions& global = what.global;
  if (what.command == "run") return run_command(global, what.run);
  if (what.command == "config") return config_command(global, what.config);
  if (what.command == "plan") return plan_command(global, what.plan);
  if (what.command == "simulate") return simulate_command(global, what.simulate);
  if (what.command == "ps") return ps_command(global, what.ps);
  if (what.command == "status") return status_command(global, what.status);
  if (what.command == "logs") return logs_command(global, what.logs);
  if (what.command == "inspect") return inspect_command(global, what.inspect);
  if (what.command == "kill") return kill_command(global, what.kill);
  if (what.command == "down") return down_command(global, what.down);
  if (what.command == "wait") return wait_command(global, what.wait);
  if (what.command == "doctor") return doctor_command(global, what.doctor);
  if (what.command == "report") return report_command(global, what.report);
  if (what.command == "prune") return prune_command(global, what.prune);
  if (what.command == "list") return list_command(global, what.list);
  if (what.command == "completion") return completion_command(what.completion);
  if (what.command == "complete") return complete_command(what.complete);
  return version_command(global);
}

// Errors that name a file and line stand as a compiler's do, for editors to jump to.
std::string said_by_us(const std::string& message) {
  const bool names_a_place = message.substr(0, message.find('\n')).find(": error: ") != std::string::npos;
  return names_a_place ? message : "wisp: " + message;
}

int execute_or_report(const Invocation& what) {
  try {
    return execute(what);
  } catch (const config::ConfigErrors& errors) {
    if (what.global.json) {
      print(config::to_json(errors.mistakes()) + "\n");
    } else {
      warn(errors.what());
    }
    return exit_status(errors.fault());
  }
}

int command_main(std::vector<std::string> arguments) {
  try {
    const auto parsed = parse_command_line(std::move(arguments));
    if (const auto* help = std::get_if<Help>(&parsed)) {
      print(help->text);
      return kExitDone;
    }
    return execute_or_report(std::get<Invocation>(parsed));
  } catch (const ReaderGone&) {
    return kExitDone;
  } catch (const Error& error) {
    warn(said_by_us(error.what()));
    return exit_status(error.fault());
  } catch (const std::exception& error) {  // memory, mostly: say so rather than abort
    warn(std::string("wisp: ") + error.what());
    return kExitFailed;
  }
}

// A stream that the caller has closed leaves its number to the next file opened, and what is said would land
// there.
void hold_standard_streams() {
  int opened = 0;
  do {
    opened = ::open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) ::close(opened);
}

}  // namespace
}  // namespace wisp::cli

// The agent and the nodes of a job are many: they start before anything of the command line is made.
int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "agent") return wisp::launcher::run_agent();
  if (first == "node") return wisp::cli::node_main();
  if (first == "reach") return wisp::launcher::reach_main({argv + 2, argv + argc});
  std::signal(SIGPIPE, SIG_IGN);
  wisp::cli::hold_standard_streams();
  return wisp::cli::command_main(std::vector<std::string>(argv + 1, argv + argc));
}
