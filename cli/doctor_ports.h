#pragma once
// What `wisp doctor` finds out between hosts: whether their nodes could connect to each other, and to the
// driver.
#include <string>
#include <vector>

#include "cli/doctor.h"
#include "config/experiment.h"

namespace wisp::cli {

// Starts agents on `hosts` once more, and on each a listener at the address and in the port range that the
// job's nodes would use; then everybody tries everybody. Of each host a check "ports", and one more of this
// machine. Nothing where hosts are fewer than one, or the job has a tunnel and needs no ports.
std::vector<Check> port_checks(const GlobalOptions& options, const config::Experiment& experiment,
                               const std::vector<std::string>& hosts);

// What is said of who was tried: by whom it was not reached, each with why.
struct Unreached {
  std::string from;
  std::string why;
};
Check port_check(const std::string& host, const std::string& endpoint,
                 const std::vector<Unreached>& unreached, const std::string& range);

}  // namespace wisp::cli
