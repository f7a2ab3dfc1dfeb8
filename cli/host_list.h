#pragma once
// Hosts as the command line names them: --hosts h1:4,h2:4 and --hostfile FILE.
#include <string>
#include <string_view>
#include <vector>

namespace wisp::cli {

// What --set has to be told so that these are the hosts of the job, and no others: for
// "h1:4,node[01-16]:2,h3". A host without a number takes as many actors as it has cores; one that is named
// again has its slots added. Throws Error (kUsage) for what is no such list.
std::vector<std::string> sets_of_hosts(std::string_view list);

// The same for a file with a host a line: "h1", "h1:4", "h1 slots=4" as MPI has it, or "node[01-16] slots=4";
// from '#' on a line is a comment. Throws Error (kUsage) with file and line.
std::vector<std::string> sets_of_hostfile(const std::string& path);

}  // namespace wisp::cli
