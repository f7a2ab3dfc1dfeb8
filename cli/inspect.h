#pragma once
// `wisp inspect ACTOR`: all that a job's folder says of one actor.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.h"
#include "config/tree.h"
#include "launcher/jobs.h"

namespace wisp::cli {

// Reads the job's folder alone, so it also knows the actors of a job that has ended. Throws Error (kUsage)
// for an actor that the job does not have.
int inspect_command(const GlobalOptions& options, const InspectOptions& inspect);

struct ActorReport {
  struct Event {
    std::string time;
    std::string event;  // started | asked to end | exited | restarted | silent | dead | host lost | ...
    std::string cause;
  };
  struct Log {
    std::uint32_t attempt = 1;
    std::filesystem::path path;
    std::uint64_t bytes = 0;
  };
  launcher::ActorState actor;
  std::string address;        // of its host; empty: unknown, or this machine
  std::string reason;         // why the job ended; empty: it has not
  std::vector<Event> events;  // of its process and its host, oldest first
  std::vector<Log> logs;      // by attempt; of each the file being written, then those put aside
  config::Node config;        // its section of job.yaml; null: unknown
};

// What events.jsonl of a job's folder says of an actor's process and its host, oldest first.
std::vector<ActorReport::Event> events_of(const std::filesystem::path& folder,
                                          const launcher::ActorState& actor);

// Throws Error as inspect_command() does. Files of the folder that are missing or damaged leave out what they
// would have said.
ActorReport inspect_actor(const launcher::JobEntry& job, const std::string& actor);

}  // namespace wisp::cli
