#pragma once
// The second copy of checkpoints, on a host: from an agent that was given one to whoever goes on from it.
#include <filesystem>

#include "launcher/messages.h"

namespace wisp::launcher {

// Does what message::KeepCheckpoint says; it is on the disk then. `workdir` is absolute. Never throws:
// File::error says what went wrong.
message::File keep_checkpoint(const std::filesystem::path& workdir, const message::KeepCheckpoint& wanted);

// Removes those of jobs that have written none for so long.
void forget_old_checkpoints(const std::filesystem::path& workdir, std::chrono::hours age);

}  // namespace wisp::launcher
