#include "cli/job_text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/process.h"
#include "base/text.h"
#include "cli/exit.h"

namespace wisp::cli {
namespace {

// As a shell takes it: quoted where it has to be.
std::string word_of(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::string_view("/._-").find(c) != std::string_view::npos || is_name(std::string_view(&c, 1));
  });
  return plain ? text : shell_quote(text);
}

}  // namespace

std::string title(const launcher::JobEntry& job) { return job.state.job + "-" + job.state.id; }

bool is_final(std::string_view status) {
  constexpr std::array<std::string_view, 5> kFinal = {"converged", "finished", "diverged", "failed",
                                                      "cancelled"};
  return std::find(kFinal.begin(), kFinal.end(), status) != kFinal.end();
}

int exit_status_of(std::string_view status) {
  if (status == "converged" || status == "finished") return kExitDone;
  return status == "cancelled" ? kExitInterrupted : kExitFailed;
}

std::string status_text(const launcher::JobEntry& job) {
  const std::string& status = job.state.status;
  if (job.driver) {
    const std::string where = job.driver->here ? "" : " on " + job.driver->hostname;
    return fmt::format("{} (driver {}{})", status.empty() ? "starting" : status, job.driver->pid, where);
  }
  if (is_final(status)) return status;
  if (status == "submitted") return "submitted to Slurm (squeue says where it stands)";
  return "the driver is gone without a word; it was " + (status.empty() ? "starting" : status);
}

std::string driven_elsewhere(const launcher::JobEntry& job, const GlobalOptions& options,
                             const std::string& command, const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {command};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"-j", title(job)});
  for (std::string& each : words) each = word_of(each);
  const std::string there = join(words, " ");
  const std::string whole = fmt::format("{} {} --state-dir {}", word_of(self_executable().string()), there,
                                        word_of(state_dir(options).string()));
  const std::string host = escape_text(job.driver->hostname, 255);
  return fmt::format("{} is driven from {} (process {}); run there: wisp {}; or from here: ssh {} {}",
                     title(job), host, job.driver->pid, there, word_of(host), shell_quote(whole));
}

std::string no_such_actor(const launcher::JobEntry& job, const std::string& name,
                          const std::vector<std::string>& known) {
  const auto near = nearest(name, known);
  return fmt::format("{} has no actor '{}'{} ({})", title(job), escape_text(name, 80),
                     near ? "; did you mean '" + *near + "'?" : "", escape_text(join(known, " | "), 400));
}

std::string on_one_line(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string& each : split(text, '\n')) {
    const std::size_t begin = each.find_first_not_of(' ');
    if (begin != std::string::npos) lines.push_back(escape_text(std::string_view(each).substr(begin), 400));
  }
  return join(lines, "; ");
}

std::string uptime_text(std::chrono::seconds uptime) {
  const auto seconds = std::max<std::chrono::seconds::rep>(uptime.count(), 0);
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{:02}h", seconds / 86400, seconds / 3600 % 24);
}

}  // namespace wisp::cli
