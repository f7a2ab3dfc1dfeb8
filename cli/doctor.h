#pragma once
// `wisp doctor`: whether this machine and the hosts of a job are fit for it, a line a check, with a remedy.
#include <string>
#include <vector>

#include "cli/options.h"
#include "launcher/checkup.h"

namespace wisp::cli {

// Starts an agent on each host, and no job. Exit status 4 if a check failed, else 0.
int doctor_command(const GlobalOptions& options, const DoctorOptions& doctor);

struct Check {
  enum class Result {
    kOk,
    kWarn,     // a job would run, but not as it should
    kFail,     // no job would
    kSkipped,  // not looked at: what came before has failed
  };
  std::string host;
  std::string name;  // what was looked at: "host key", "libc"
  Result result = Result::kOk;
  std::string detail;
  std::string remedy;  // where the result is a warning or a failure
};

// In the order in which a job would meet them. `needed_libc` as by launcher/elf.h, `workdir` and
// `tunnel` (network.tunnel) as in the job file.
std::vector<Check> checks_of(const launcher::Checkup& checkup, const std::string& needed_libc,
                             const std::string& workdir, bool tunnel = false);

// Of this machine: its folders for jobs and for sockets.
std::vector<Check> local_checks(const GlobalOptions& options, const std::string& runtime_base);

// HOST CHECK RESULT DETAIL, with the remedy on a line of its own below what is not ok. Leaves out what was
// skipped.
std::string checks_table(const std::vector<Check>& checks);

}  // namespace wisp::cli
